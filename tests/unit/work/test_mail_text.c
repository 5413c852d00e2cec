/* Mails as text: addresses, headers that cannot be broken out of, quoted-printable. */
#include "work/mail_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void test_mail_addresses(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool is_valid;
    } rows[] = {
        {"ada@example.com", true},
        {"a@b", true},
        {"j\xc3\xb6rg@example.com", true},
        {"a+b.c_d'e@sub.example.com", true},
        {"", false},
        {"ada", false},
        {"@example.com", false},
        {"ada@", false},
        {"a@b@c", false},
        {"a b@example.com", false},
        {"a@example.com\r\nBcc: b@example.com", false},
        {"<a@example.com>", false},
        {"a@example.com,b@example.com", false},
        {"\"a\"@example.com", false},
    };
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        if (pl_mail_address_is_valid(pl_str_of_cstr(rows[i].text)) != rows[i].is_valid) {
            fail_msg("'%s'", rows[i].text);
        }
    }
    char longest[PL_MAIL_ADDRESS_MAX + 1];
    memset(longest, 'a', sizeof(longest));
    longest[1] = '@';
    assert_true(pl_mail_address_is_valid(pl_str_make(longest, PL_MAIL_ADDRESS_MAX)));
    assert_false(pl_mail_address_is_valid(pl_str_make(longest, PL_MAIL_ADDRESS_MAX + 1)));
}

static void test_mail_mailboxes(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *name;
        const char *address; /* NULL: refused */
    } rows[] = {
        {"game@example.com", "", "game@example.com"},
        {" <game@example.com> ", "", "game@example.com"},
        {"The Game <game@example.com>", "The Game", "game@example.com"},
        {"\"The Game\" <game@example.com>", "The Game", "game@example.com"},
        {"Game <>", NULL, NULL},
        {"Game", NULL, NULL},
        {"Game <game@example.com> x", NULL, NULL},
        {"A\r\nBcc: x <game@example.com>", NULL, NULL},
    };
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        struct pl_mailbox mailbox;
        bool is_read = pl_mailbox_read(&mailbox, pl_str_of_cstr(rows[i].text));
        if (is_read != (rows[i].address != NULL)) {
            fail_msg("'%s'", rows[i].text);
        }
        if (is_read) {
            assert_true(pl_str_eq(mailbox.name, pl_str_of_cstr(rows[i].name)));
            assert_true(pl_str_eq(mailbox.address, pl_str_of_cstr(rows[i].address)));
        }
    }
}

static void assert_mail(const struct pl_mail_text *mail, const char *expected)
{
    struct pl_buf out;
    pl_buf_init(&out, 65536);
    pl_mail_write(&out, mail);
    assert_false(pl_buf_failed(&out));
    if (!pl_str_eq(pl_buf_str(&out), pl_str_of_cstr(expected))) {
        fail_msg("[" PL_STR_FMT "]", PL_STR_ARG(pl_buf_str(&out)));
    }
    pl_buf_fini(&out);
}

static struct pl_mail_text mail_of(struct pl_str name, struct pl_str subject, struct pl_str text)
{
    return (struct pl_mail_text){.from = {.name = name, .address = PL_STR("game@example.com")},
                                 .to = PL_STR("ada@example.org"),
                                 .subject = subject,
                                 .text = text,
                                 .unix_s = 1760000000,
                                 .id = 0x1234};
}

#define HEADERS                                                                                    \
    "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"                             \
    "Content-Transfer-Encoding: quoted-printable\r\nAuto-Submitted: auto-generated\r\n\r\n"

static void test_mail_plain_ones_stay_readable(void **state)
{
    (void)state;
    struct pl_mail_text mail = mail_of(PL_STR("The \"Game\""), PL_STR("Your code"),
                                       PL_STR("Your code is 123456.\n\nBye\n"));
    assert_mail(&mail, "Date: Thu, 09 Oct 2025 08:53:20 +0000\r\n"
                       "From: \"The \\\"Game\\\"\" <game@example.com>\r\n"
                       "To: <ada@example.org>\r\n"
                       "Message-ID: <1234.1760000000@example.com>\r\n"
                       "Subject: Your code\r\n" HEADERS "Your code is 123456.\r\n\r\nBye\r\n\r\n");
}

static void test_mail_other_characters_are_encoded(void **state)
{
    (void)state;
    struct pl_mail_text mail = mail_of(PL_STR("J\xc3\xb6rg"),
                                       PL_STR("Gr\xc3\xbc\xc3\x9f"
                                              "e"),
                                       PL_STR("a=b \xc3\xa4 \n.\n\r\t"));
    assert_mail(&mail, "Date: Thu, 09 Oct 2025 08:53:20 +0000\r\n"
                       "From: =?utf-8?B?SsO2cmc=?= <game@example.com>\r\n"
                       "To: <ada@example.org>\r\n"
                       "Message-ID: <1234.1760000000@example.com>\r\n"
                       "Subject: =?utf-8?B?R3LDvMOfZQ==?=\r\n" HEADERS
                       "a=3Db =C3=A4=20\r\n.\r\n=0D=09\r\n");
}

static void test_mail_a_subject_cannot_add_a_header(void **state)
{
    (void)state;
    struct pl_mail_text mail = mail_of(PL_STR(""), PL_STR("a\r\nBcc: b@example.com"), PL_STR(""));
    assert_mail(&mail, "Date: Thu, 09 Oct 2025 08:53:20 +0000\r\n"
                       "From: <game@example.com>\r\n"
                       "To: <ada@example.org>\r\n"
                       "Message-ID: <1234.1760000000@example.com>\r\n"
                       "Subject: =?utf-8?B?YQ0KQmNjOiBiQGV4YW1wbGUuY29t?=\r\n" HEADERS "\r\n");
}

static void test_mail_long_lines_and_words_are_folded(void **state)
{
    (void)state;
    char subject[130];
    char text[500];
    struct pl_buf out;
    for (size_t i = 0; i < sizeof(subject); i += 2) {
        memcpy(subject + i, "\xc3\xa4", 2); /* 39 is inside one */
    }
    memset(text, '=', sizeof(text));
    struct pl_mail_text mail =
        mail_of(PL_STR(""), pl_str_make(subject, sizeof(subject)), pl_str_make(text, sizeof(text)));
    pl_buf_init(&out, 65536);
    pl_mail_write(&out, &mail);
    struct pl_str rest = pl_buf_str(&out);
    size_t equals_count = 0;
    while (rest.len > 0) {
        struct pl_str line = pl_str_split(&rest, '\n');
        assert_true(line.len <= 77); /* with its CR */
        for (size_t i = 0; i + 2 < line.len; i++) {
            equals_count += memcmp(line.ptr + i, "=3D", 3) == 0;
        }
    }
    assert_int_equal(equals_count, sizeof(text));
    pl_buf_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mail_addresses),
        cmocka_unit_test(test_mail_mailboxes),
        cmocka_unit_test(test_mail_plain_ones_stay_readable),
        cmocka_unit_test(test_mail_other_characters_are_encoded),
        cmocka_unit_test(test_mail_a_subject_cannot_add_a_header),
        cmocka_unit_test(test_mail_long_lines_and_words_are_folded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
