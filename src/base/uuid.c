/* UUIDs and their text. */
#include "base/uuid.h"

static const char digits[] = "0123456789abcdef";

static bool has_dash_before(size_t byte)
{
    return byte == 4 || byte == 6 || byte == 8 || byte == 10;
}

static int digit_of(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

struct pl_uuid pl_uuid_v4(const uint8_t random[16])
{
    struct pl_uuid uuid;
    memcpy(uuid.bytes, random, sizeof(uuid.bytes));
    uuid.bytes[6] = (uint8_t)((uuid.bytes[6] & 0x0f) | 0x40);
    uuid.bytes[8] = (uint8_t)((uuid.bytes[8] & 0x3f) | 0x80);
    return uuid;
}

bool pl_uuid_parse(struct pl_uuid *out, struct pl_str text)
{
    struct pl_uuid uuid;
    size_t at = 0;
    if (text.len != PL_UUID_TEXT_LEN) {
        return false;
    }
    for (size_t i = 0; i < sizeof(uuid.bytes); i++) {
        if (has_dash_before(i) && text.ptr[at++] != '-') {
            return false;
        }
        int high = digit_of(text.ptr[at]);
        int low = digit_of(text.ptr[at + 1]);
        if (high < 0 || low < 0) {
            return false;
        }
        uuid.bytes[i] = (uint8_t)(high << 4 | low);
        at += 2;
    }
    *out = uuid;
    return true;
}

void pl_uuid_format(char out[PL_UUID_TEXT_LEN + 1], const struct pl_uuid *uuid)
{
    for (size_t i = 0; i < sizeof(uuid->bytes); i++) {
        if (has_dash_before(i)) {
            *out++ = '-';
        }
        *out++ = digits[uuid->bytes[i] >> 4];
        *out++ = digits[uuid->bytes[i] & 15];
    }
    *out = '\0';
}
