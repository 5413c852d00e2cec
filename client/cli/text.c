/* Text that is safe on a terminal, and values as text. */
#include "client/cli/text.h"

#include <inttypes.h>
#include <stdint.h>
#include <string.h>

#define HEX_MAX 32 /* bytes that people are shown of a binary value */
#define REPLACEMENT 0xfffd

/* The code point at the front, and how long it is; what is no UTF-8 is one byte of REPLACEMENT. */
static uint32_t read_point(const unsigned char *text, size_t len, size_t *taken)
{
    size_t more = text[0] < 0x80 ? 0 : text[0] < 0xe0 ? 1 : text[0] < 0xf0 ? 2 : 3;
    uint32_t point = more == 0 ? text[0] : text[0] & (0x3fu >> more);
    *taken = 1;
    if ((text[0] >= 0x80 && text[0] < 0xc2) || text[0] > 0xf4 || more >= len) {
        return REPLACEMENT;
    }
    for (size_t i = 1; i <= more; i++) {
        if ((text[i] & 0xc0) != 0x80) {
            return REPLACEMENT;
        }
        point = point << 6 | (text[i] & 0x3fu);
    }
    *taken = more + 1;
    return point;
}

static bool is_harmless(uint32_t point)
{
    bool is_control = point < 0x20 || (point >= 0x7f && point < 0xa0);
    bool turns = point == 0x61c || point == 0x200e || point == 0x200f ||
                 (point >= 0x2028 && point <= 0x202e) || (point >= 0x2066 && point <= 0x2069);
    return !is_control && !turns && point != REPLACEMENT;
}

void pl_cli_write_safe(FILE *out, const char *text, size_t len)
{
    const unsigned char *bytes = (const unsigned char *)text;
    for (size_t i = 0, taken = 0; i < len; i += taken) {
        uint32_t point = read_point(bytes + i, len - i, &taken);
        if (is_harmless(point)) {
            fwrite(text + i, 1, taken, out);
        } else {
            fprintf(out, "\\u%04" PRIx32, point); /* those are all below 0x10000 */
        }
    }
}

/* What a value says of itself in JSON. */
static void write_json(FILE *out, const struct parley_val *val)
{
    char *json = parley_val_to_json(val);
    if (json == NULL) {
        fputs("null", out); /* out of memory */
        return;
    }
    pl_cli_write_safe(out, json, strlen(json));
    parley_free(json);
}

void pl_cli_write_string(FILE *out, const char *text, size_t len)
{
    struct parley_val *val = parley_val_new_string(text, len);
    if (val == NULL) { /* no UTF-8, as what an HTTP server says may be */
        fputc('"', out);
        for (size_t i = 0; i < len; i++) {
            if (text[i] >= 0x20 && text[i] < 0x7f && text[i] != '"' && text[i] != '\\') {
                fputc(text[i], out);
            } else {
                fputs("\\ufffd", out);
            }
        }
        fputc('"', out);
        return;
    }
    write_json(out, val);
    parley_val_unref(val);
}

static void write_base64(FILE *out, const unsigned char *bytes, size_t len)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < len; i += 3) {
        uint32_t three = (uint32_t)bytes[i] << 16;
        three |= i + 1 < len ? (uint32_t)bytes[i + 1] << 8 : 0;
        three |= i + 2 < len ? (uint32_t)bytes[i + 2] : 0;
        fputc(digits[three >> 18], out);
        fputc(digits[three >> 12 & 63], out);
        fputc(i + 1 < len ? digits[three >> 6 & 63] : '=', out);
        fputc(i + 2 < len ? digits[three & 63] : '=', out);
    }
}

void pl_cli_write_bytes(FILE *out, const void *bytes, size_t len, enum pl_cli_style style)
{
    const unsigned char *these = bytes;
    if (style == PL_CLI_JSON) {
        fputs("{\"base64\":\"", out);
        write_base64(out, these, len);
        fputs("\"}", out);
        return;
    }
    fprintf(out, "<%zu byte%s%s", len, len == 1 ? "" : "s", len == 0 ? "" : ": ");
    for (size_t i = 0; i < len && i < HEX_MAX; i++) {
        fprintf(out, "%02x", these[i]);
    }
    fputs(len > HEX_MAX ? "...>" : ">", out);
}

static void write_container(FILE *out, const struct parley_val *val, enum pl_cli_style style)
{
    bool is_object = parley_val_kind(val) == PARLEY_KIND_OBJECT;
    fputc(is_object ? '{' : '[', out);
    for (size_t i = 0; i < parley_val_count(val); i++) {
        fputs(i == 0 ? "" : ",", out);
        if (is_object) {
            size_t len = 0;
            const char *key = parley_val_key_at(val, i, &len);
            pl_cli_write_string(out, key, len);
            fputc(':', out);
        }
        pl_cli_write_value(out, parley_val_at(val, i), style);
    }
    fputc(is_object ? '}' : ']', out);
}

void pl_cli_write_value(FILE *out, const struct parley_val *val, enum pl_cli_style style)
{
    enum parley_kind kind = parley_val_kind(val);
    if (kind == PARLEY_KIND_BYTES) {
        size_t len = 0;
        const void *bytes = parley_val_bytes(val, &len);
        pl_cli_write_bytes(out, bytes, len, style);
    } else if (kind == PARLEY_KIND_ARRAY || kind == PARLEY_KIND_OBJECT) {
        write_container(out, val, style);
    } else {
        write_json(out, val);
    }
}

void pl_cli_write_args(FILE *out, const struct parley_args *args, enum pl_cli_style style)
{
    fputs(style == PL_CLI_JSON ? "[" : "", out);
    for (size_t i = 0; i < parley_args_count(args); i++) {
        if (i > 0) {
            fputs(style == PL_CLI_JSON ? "," : ", ", out);
        }
        pl_cli_write_value(out, parley_args_get(args, i), style);
    }
    fputs(style == PL_CLI_JSON ? "]" : "", out);
}

bool pl_cli_is_word(const char *name)
{
    if (name[0] == '\0' || name[0] == '"' || name[0] == '/') {
        return false;
    }
    for (size_t i = 0; name[i] != '\0'; i++) {
        if ((unsigned char)name[i] <= ' ' || name[i] == '\x7f') {
            return false;
        }
    }
    return true;
}
