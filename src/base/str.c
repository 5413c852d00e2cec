/* Slices: what is too long to be inline. */
#include "base/str.h"

#include "base/alloc.h"

static char ascii_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

void pl_str_lower(char *out, struct pl_str str)
{
    for (size_t i = 0; i < str.len; i++) {
        out[i] = ascii_lower(str.ptr[i]);
    }
}

bool pl_str_eq_nocase(struct pl_str a, struct pl_str b)
{
    if (a.len != b.len) {
        return false;
    }
    for (size_t i = 0; i < a.len; i++) {
        if (ascii_lower(a.ptr[i]) != ascii_lower(b.ptr[i])) {
            return false;
        }
    }
    return true;
}

size_t pl_str_find_char(struct pl_str str, char c)
{
    const char *at = str.len == 0 ? NULL : memchr(str.ptr, c, str.len);
    return at == NULL ? str.len : (size_t)(at - str.ptr);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

struct pl_str pl_str_trim(struct pl_str str)
{
    while (str.len > 0 && is_blank(str.ptr[0])) {
        str.ptr++;
        str.len--;
    }
    while (str.len > 0 && is_blank(str.ptr[str.len - 1])) {
        str.len--;
    }
    return str;
}

struct pl_str pl_str_split(struct pl_str *rest, char separator)
{
    size_t at = pl_str_find_char(*rest, separator);
    struct pl_str part = pl_str_first(*rest, at);
    *rest = at == rest->len ? (struct pl_str){NULL, 0} : pl_str_from(*rest, at + 1);
    return part;
}

bool pl_str_to_u64(uint64_t *out, struct pl_str str, uint64_t max)
{
    uint64_t value = 0;
    if (str.len == 0) {
        return false;
    }
    for (size_t i = 0; i < str.len; i++) {
        char c = str.ptr[i];
        if (c < '0' || c > '9' || __builtin_mul_overflow(value, 10u, &value) ||
            __builtin_add_overflow(value, (uint64_t)(c - '0'), &value) || value > max) {
            return false;
        }
    }
    *out = value;
    return true;
}

bool pl_secret_eq(struct pl_str a, struct pl_str b)
{
    volatile uint8_t difference = 0;
    if (a.len != b.len) {
        return false;
    }
    for (size_t i = 0; i < a.len; i++) {
        difference = (uint8_t)(difference | ((uint8_t)a.ptr[i] ^ (uint8_t)b.ptr[i]));
    }
    return difference == 0;
}

char *pl_str_to_cstr(struct pl_str str)
{
    char *copy = pl_try_alloc(str.len + 1);
    if (copy != NULL) {
        if (str.len > 0) {
            memcpy(copy, str.ptr, str.len);
        }
        copy[str.len] = '\0';
    }
    return copy;
}
