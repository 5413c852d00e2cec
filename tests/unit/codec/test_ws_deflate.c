/* permessage-deflate: offers and the answers to them. */
#include "codec/ws_deflate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define OK "permessage-deflate; server_no_context_takeover"

static const struct pl_ws_deflate_policy usual = {.client_max_window_bits = 15};

/* The answer to `offers`; empty when they are declined. */
static struct pl_str answer_to(char out[PL_WS_DEFLATE_ANSWER_MAX], struct pl_str offers,
                               const struct pl_ws_deflate_policy *policy)
{
    struct pl_ws_deflate_agreement agreement;
    char *copy = malloc(offers.len + 1); /* of the exact size: reading past the end is seen */
    bool is_agreed = false;
    assert_non_null(copy);
    memcpy(copy, offers.ptr, offers.len);
    is_agreed = pl_ws_deflate_agree(&agreement, policy, pl_str_make(copy, offers.len));
    free(copy);
    return pl_str_make(out, is_agreed ? pl_ws_deflate_answer_write(out, &agreement) : 0);
}

static void check(const char *offers, const char *wanted, const struct pl_ws_deflate_policy *policy)
{
    char out[PL_WS_DEFLATE_ANSWER_MAX];
    struct pl_str answer = answer_to(out, pl_str_of_cstr(offers), policy);
    if (!pl_str_eq(answer, pl_str_of_cstr(wanted))) {
        print_error("%s: " PL_STR_FMT "\n", offers, PL_STR_ARG(answer));
        fail();
    }
}

static void test_ws_deflate_offers_are_granted(void **state)
{
    (void)state;
    static const struct {
        const char *offers;
        const char *answer;
    } rows[] = {
        {"permessage-deflate", OK},
        {"permessage-deflate; server_no_context_takeover", OK},
        {"permessage-deflate; client_no_context_takeover", OK "; client_no_context_takeover"},
        {"permessage-deflate; client_max_window_bits", OK},
        {"permessage-deflate; client_max_window_bits=15", OK},
        {"permessage-deflate; client_max_window_bits=8", OK "; client_max_window_bits=8"},
        {"permessage-deflate; client_max_window_bits=\"10\"", OK "; client_max_window_bits=10"},
        {"permessage-deflate; server_max_window_bits=15", OK "; server_max_window_bits=15"},
        {"permessage-deflate; server_max_window_bits=8", OK "; server_max_window_bits=8"},
        {"permessage-deflate;server_max_window_bits=10;client_max_window_bits=9"
         ";client_no_context_takeover;server_no_context_takeover",
         OK "; client_no_context_takeover; server_max_window_bits=10; client_max_window_bits=9"},
        {" \tpermessage-deflate ; client_max_window_bits = 9 ", OK "; client_max_window_bits=9"},
        {",, permessage-deflate ,", OK},
        {"x-webkit-deflate-frame, permessage-deflate", OK},
        {"foo; bar=\"baz\"; permessage-deflate, permessage-deflate", OK},
        {"permessage-deflate; server_max_window_bits=10, permessage-deflate",
         OK "; server_max_window_bits=10"},
    };
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        check(rows[i].offers, rows[i].answer, &usual);
    }
}

/* RFC 7692 section 7.1: what is malformed is declined, and the next offer counts. */
static void test_ws_deflate_malformed_offers_are_passed_over(void **state)
{
    (void)state;
    static const char *const params[] = {
        "unknown",
        "server_no_context_takeover=1",
        "client_no_context_takeover=\"true\"",
        "server_no_context_takeover; server_no_context_takeover",
        "client_max_window_bits; client_max_window_bits=10",
        "server_max_window_bits",
        "server_max_window_bits=7",
        "server_max_window_bits=16",
        "server_max_window_bits=08",
        "server_max_window_bits=+9",
        "server_max_window_bits=1e1",
        "server_max_window_bits=99999999999999999999",
        "client_max_window_bits=0",
        "client_max_window_bits=x",
        "Client_Max_Window_Bits",
    };
    for (size_t i = 0; i < PL_ARRAY_LEN(params); i++) {
        char offers[256];
        snprintf(offers, sizeof(offers), "permessage-deflate; %s", params[i]);
        check(offers, "", &usual);
        snprintf(offers, sizeof(offers),
                 "permessage-deflate; %s, permessage-deflate; client_no_context_takeover",
                 params[i]);
        check(offers, OK "; client_no_context_takeover", &usual);
    }
}

static void test_ws_deflate_broken_grammar_declines_everything(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "",
        ",",
        ";",
        "permessage-deflate;",
        "permessage-deflate; ;",
        "permessage-deflate; =15",
        "permessage-deflate; client_max_window_bits=",
        "permessage-deflate; client_max_window_bits=\"",
        "permessage-deflate; client_max_window_bits=\"\"",
        "permessage-deflate; client_max_window_bits=\"15",
        "permessage-deflate; client_max_window_bits=\"1 5\"",
        "permessage-deflate; client_max_window_bits=\"1\\5\"",
        "permessage-deflate client_max_window_bits",
        "permessage-deflate=15",
        "permessage-deflate, @",
        "permessage-deflate, foo; bar=",
        "\"permessage-deflate\"",
        "Permessage-Deflate",
        "permessage-deflat",
        "permessage-deflate2",
    };
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        check(rows[i], "", &usual);
    }
}

static void test_ws_deflate_policy_lowers_what_clients_keep_us_waiting_with(void **state)
{
    (void)state;
    static const struct pl_ws_deflate_policy frugal = {.client_max_window_bits = 10,
                                                       .wants_client_no_context_takeover = true};
    check("permessage-deflate", OK "; client_no_context_takeover", &frugal);
    check("permessage-deflate; client_max_window_bits",
          OK "; client_no_context_takeover; client_max_window_bits=10", &frugal);
    check("permessage-deflate; client_max_window_bits=9",
          OK "; client_no_context_takeover; client_max_window_bits=9", &frugal);
    check("permessage-deflate; client_max_window_bits=15",
          OK "; client_no_context_takeover; client_max_window_bits=10", &frugal);
}

static void test_ws_deflate_agreement_says_what_the_windows_are(void **state)
{
    (void)state;
    struct pl_ws_deflate_agreement agreement;
    assert_true(pl_ws_deflate_agree(&agreement, &usual,
                                    PL_STR("permessage-deflate; server_max_window_bits=9")));
    assert_int_equal(agreement.server_max_window_bits, 9);
    assert_int_equal(agreement.client_max_window_bits, 15);
    assert_false(agreement.client_no_context_takeover);
    /* who did not say that it understands the parameter uses what it likes */
    assert_true(pl_ws_deflate_agree(&agreement,
                                    &(struct pl_ws_deflate_policy){.client_max_window_bits = 9},
                                    PL_STR("permessage-deflate")));
    assert_int_equal(agreement.client_max_window_bits, 15);
}

static void test_ws_deflate_longest_answer_fits(void **state)
{
    (void)state;
    char out[PL_WS_DEFLATE_ANSWER_MAX];
    static const struct pl_ws_deflate_agreement longest = {14, 14, true, true, true};
    assert_in_range(pl_ws_deflate_answer_write(out, &longest), 100, PL_WS_DEFLATE_ANSWER_MAX - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ws_deflate_offers_are_granted),
        cmocka_unit_test(test_ws_deflate_malformed_offers_are_passed_over),
        cmocka_unit_test(test_ws_deflate_broken_grammar_declines_everything),
        cmocka_unit_test(test_ws_deflate_policy_lowers_what_clients_keep_us_waiting_with),
        cmocka_unit_test(test_ws_deflate_agreement_says_what_the_windows_are),
        cmocka_unit_test(test_ws_deflate_longest_answer_fits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
