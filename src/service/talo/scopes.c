/* Access key scopes and their texts (spec talo, 3.3). */
#include "service/talo/talo.h"

static const struct pl_str texts[] = {
#define TEXT(name, text) PL_STR_INIT(text),
    PL_TALO_SCOPE_LIST(TEXT)
#undef TEXT
};

struct pl_str pl_talo_scope_text(unsigned bit)
{
    PL_ASSERT(bit < PL_ARRAY_LEN(texts));
    return texts[bit];
}

uint32_t pl_talo_scope_parse(struct pl_str text)
{
    if (pl_str_eq(text, PL_STR("*"))) {
        return PL_TALO_SCOPES_ALL;
    }
    for (unsigned bit = 0; bit < PL_ARRAY_LEN(texts); bit++) {
        if (pl_str_eq(text, texts[bit])) {
            return 1u << bit;
        }
    }
    return 0;
}

void pl_talo_write_missing_scopes(struct pl_buf *out, uint32_t missing)
{
    const char *separator = "";
    pl_buf_add_str(out, PL_STR("Missing access key scope(s): "));
    for (unsigned bit = 0; bit < PL_ARRAY_LEN(texts); bit++) {
        if ((missing & 1u << bit) != 0) {
            pl_buf_addf(out, "%s" PL_STR_FMT, separator, PL_STR_ARG(texts[bit]));
            separator = ", ";
        }
    }
}
