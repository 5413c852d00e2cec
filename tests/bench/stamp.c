/* Times as text. */
#include "stamp.h"

void pl_stamp_write(char out[PL_STAMP_LEN], int64_t ns)
{
    uint64_t value = (uint64_t)ns;
    for (int i = PL_STAMP_LEN - 1; i >= 0; i--) {
        out[i] = "0123456789abcdef"[value & 0xf];
        value >>= 4;
    }
}

bool pl_stamp_read(int64_t *out, struct pl_str text)
{
    uint64_t value = 0;
    if (text.len < PL_STAMP_LEN) {
        return false;
    }
    for (size_t i = 0; i < PL_STAMP_LEN; i++) {
        char c = text.ptr[i];
        if ((c < '0' || c > '9') && (c < 'a' || c > 'f')) {
            return false;
        }
        value = value << 4 | (uint64_t)(c <= '9' ? c - '0' : c - 'a' + 10);
    }
    *out = (int64_t)value;
    return true;
}
