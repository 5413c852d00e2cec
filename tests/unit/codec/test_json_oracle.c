/* The JSON reader against jansson: documents made by a grammar, two thirds of them then damaged;
 * both must give the same verdict. What jansson refuses and RFC 8259 allows is named below. */
#include "base/buf.h"
#include "codec/json_read.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>
#include <jansson.h>

#define DOCUMENT_COUNT 60000
#define DEPTH 64

struct maker {
    struct pl_buf buf;
    uint64_t seed;
};

static uint32_t pick(struct maker *maker, uint32_t count)
{
    maker->seed ^= maker->seed << 13;
    maker->seed ^= maker->seed >> 7;
    maker->seed ^= maker->seed << 17;
    return (uint32_t)(maker->seed >> 33) % count;
}

static void add_one_of(struct maker *maker, const struct pl_str *choices, uint32_t count)
{
    pl_buf_add_str(&maker->buf, choices[pick(maker, count)]);
}

static void make_space(struct maker *maker)
{
    static const struct pl_str choices[] = {
        PL_STR_INIT(""),   PL_STR_INIT(""),    PL_STR_INIT(""),    PL_STR_INIT(" "),
        PL_STR_INIT("\n"), PL_STR_INIT("\t "), PL_STR_INIT("\r\n")};
    add_one_of(maker, choices, PL_ARRAY_LEN(choices));
}

static void make_string(struct maker *maker)
{
    static const struct pl_str parts[] = {
        PL_STR_INIT("a"),          PL_STR_INIT("key"),
        PL_STR_INIT("0123456789"), PL_STR_INIT("the quick brown fox jumps"),
        PL_STR_INIT("\\n"),        PL_STR_INIT("\\\""),
        PL_STR_INIT("\\\\"),       PL_STR_INIT("\\/"),
        PL_STR_INIT("\\u00e9"),    PL_STR_INIT("\\uD83D\\uDE00"),
        PL_STR_INIT("\xc3\xa9"),   PL_STR_INIT("\xe2\x82\xac"),
        PL_STR_INIT("\x7f"),       PL_STR_INIT("\xf0\x9f\x98\x80"),
        PL_STR_INIT("\\u0000"),    PL_STR_INIT("\\t"),
    };
    pl_buf_add_char(&maker->buf, '"');
    for (uint32_t left = pick(maker, 5); left > 0; --left) {
        add_one_of(maker, parts, PL_ARRAY_LEN(parts));
    }
    pl_buf_add_char(&maker->buf, '"');
}

static void make_number(struct maker *maker)
{
    static const struct pl_str whole[] = {PL_STR_INIT("0"),
                                          PL_STR_INIT("-0"),
                                          PL_STR_INIT("1"),
                                          PL_STR_INIT("7"),
                                          PL_STR_INIT("-12"),
                                          PL_STR_INIT("9223372036854775807"),
                                          PL_STR_INIT("9223372036854775808")};
    static const struct pl_str tail[] = {
        PL_STR_INIT(""),   PL_STR_INIT(""),    PL_STR_INIT(".5"),  PL_STR_INIT(".000"),
        PL_STR_INIT("e3"), PL_STR_INIT("E-2"), PL_STR_INIT("e+1"), PL_STR_INIT("e400")};
    add_one_of(maker, whole, PL_ARRAY_LEN(whole));
    add_one_of(maker, tail, PL_ARRAY_LEN(tail));
}

static void make_value(struct maker *maker, uint32_t depth);

static void make_container(struct maker *maker, uint32_t depth, bool is_object)
{
    uint32_t count = pick(maker, 4);
    pl_buf_add_char(&maker->buf, is_object ? '{' : '[');
    make_space(maker);
    for (uint32_t i = 0; i < count; ++i) {
        if (i > 0) {
            pl_buf_add_char(&maker->buf, ',');
        }
        if (is_object) {
            make_space(maker);
            make_string(maker);
            make_space(maker);
            pl_buf_add_char(&maker->buf, ':');
        }
        make_value(maker, depth + 1);
    }
    pl_buf_add_char(&maker->buf, is_object ? '}' : ']');
}

static void make_value(struct maker *maker, uint32_t depth)
{
    static const struct pl_str words[] = {PL_STR_INIT("true"), PL_STR_INIT("false"),
                                          PL_STR_INIT("null")};
    make_space(maker);
    switch (pick(maker, depth > 5 ? 3 : 7)) {
    case 0:
        make_number(maker);
        break;
    case 1:
        make_string(maker);
        break;
    case 2:
        add_one_of(maker, words, PL_ARRAY_LEN(words));
        break;
    case 3:
    case 4:
        make_container(maker, depth, false);
        break;
    default:
        make_container(maker, depth, true);
        break;
    }
    make_space(maker);
}

/* Replace, remove, double or insert one byte, or cut the end off. */
static void damage(struct maker *maker)
{
    static const char bytes[] =
        "{}[]:,\"\\u/ \n\t0123456789-+.eEtrufalsn\0\x1f\x80\xc3\xe2\xed\xf0\xff";
    struct pl_buf *buf = &maker->buf;
    size_t at = pick(maker, (uint32_t)buf->len);
    uint8_t byte = (uint8_t)bytes[pick(maker, sizeof(bytes) - 1)];
    switch (pick(maker, 5)) {
    case 0:
        buf->ptr[at] = byte;
        break;
    case 1:
        memmove(buf->ptr + at, buf->ptr + at + 1, buf->len - at - 1);
        --buf->len;
        break;
    case 2:
        byte = buf->ptr[at];
        __attribute__((fallthrough));
    case 3:
        pl_buf_add_char(buf, '\0');
        memmove(buf->ptr + at + 1, buf->ptr + at, buf->len - at - 1);
        buf->ptr[at] = byte;
        break;
    default:
        buf->len = at;
        break;
    }
}

/* Allowed by RFC 8259, refused by jansson: a NUL in a key, and numbers that its C types cannot
 * hold. */
static bool is_known_difference(const json_error_t *error)
{
    return json_error_code(error) == json_error_null_byte_in_key ||
           json_error_code(error) == json_error_numeric_overflow;
}

/* Refused by RFC 8259, sometimes allowed by jansson: it may read past a NUL outside of strings. */
static bool has_nul(struct pl_str text)
{
    return pl_str_find_char(text, '\0') < text.len;
}

static void test_json_verdicts_are_those_of_jansson(void **state)
{
    struct maker maker = {.seed = 0x9e3779b97f4a7c15};
    size_t accepted_count = 0;
    size_t difference_count = 0;
    (void)state;
    pl_buf_init(&maker.buf, SIZE_MAX);
    for (size_t i = 0; i < DOCUMENT_COUNT; ++i) {
        json_error_t error;
        struct pl_error err = {0};
        json_t *json = NULL;
        char *exact = NULL;
        int rc = 0;
        pl_buf_clear(&maker.buf);
        make_value(&maker, 0);
        for (uint32_t left = pick(&maker, 3); left > 0 && maker.buf.len > 0; --left) {
            damage(&maker);
        }
        exact = malloc(maker.buf.len + (maker.buf.len == 0));
        assert_non_null(exact);
        memcpy(exact, maker.buf.ptr, maker.buf.len);
        rc = pl_json_validate(pl_str_make(exact, maker.buf.len), DEPTH, &err);
        json = json_loadb(exact, maker.buf.len, JSON_DECODE_ANY | JSON_ALLOW_NUL, &error);
        if (rc == 0 ? json == NULL && is_known_difference(&error)
                    : json != NULL && has_nul(pl_buf_str(&maker.buf))) {
            ++difference_count;
        } else if ((rc == 0) != (json != NULL)) {
            fail_msg("document %zu: we say %d (%s), jansson %s: %.*s", i, rc, err.text,
                     json == NULL ? error.text : "yes", (int)maker.buf.len, exact);
        }
        accepted_count += rc == 0 ? 1 : 0;
        json_decref(json);
        free(exact);
    }
    pl_buf_fini(&maker.buf);
    print_message("%d documents, %zu accepted, %zu known differences\n", DOCUMENT_COUNT,
                  accepted_count, difference_count);
    assert_in_range(accepted_count, DOCUMENT_COUNT / 4, DOCUMENT_COUNT * 3 / 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_json_verdicts_are_those_of_jansson),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
