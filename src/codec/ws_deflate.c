/* The offers of permessage-deflate: a small scanner over the list of extensions, then each
 * parameter by its row. The whole header is checked before an offer in it counts. */
#include "codec/ws_deflate.h"

#include "codec/http_chars.h"

#include <stdio.h>

enum param_kind {
    PARAM_SERVER_NO_CONTEXT_TAKEOVER,
    PARAM_CLIENT_NO_CONTEXT_TAKEOVER,
    PARAM_SERVER_MAX_WINDOW_BITS,
    PARAM_CLIENT_MAX_WINDOW_BITS,
    PARAM_COUNT,
};

enum param_value {
    VALUE_NEVER,
    VALUE_ALWAYS,
    VALUE_MAYBE,
};

/* Section 7.1. */
static const struct {
    struct pl_str name;
    enum param_value value;
} params[PARAM_COUNT] = {
    [PARAM_SERVER_NO_CONTEXT_TAKEOVER] = {PL_STR_INIT("server_no_context_takeover"), VALUE_NEVER},
    [PARAM_CLIENT_NO_CONTEXT_TAKEOVER] = {PL_STR_INIT("client_no_context_takeover"), VALUE_NEVER},
    [PARAM_SERVER_MAX_WINDOW_BITS] = {PL_STR_INIT("server_max_window_bits"), VALUE_ALWAYS},
    [PARAM_CLIENT_MAX_WINDOW_BITS] = {PL_STR_INIT("client_max_window_bits"), VALUE_MAYBE},
};

/* One offer as it is read. */
struct offer {
    bool is_acceptable;
    bool has[PARAM_COUNT];
    uint8_t bits[PARAM_COUNT]; /* 0 where a parameter came without a value */
};

/* --- grammar (RFC 6455 section 9.1) --- */

static void skip_space(struct pl_str *rest)
{
    while (rest->len > 0 && (rest->ptr[0] == ' ' || rest->ptr[0] == '\t')) {
        *rest = pl_str_from(*rest, 1);
    }
}

/* Take `c`, with white space around it. */
static bool take_char(struct pl_str *rest, char c)
{
    skip_space(rest);
    if (rest->len == 0 || rest->ptr[0] != c) {
        return false;
    }
    *rest = pl_str_from(*rest, 1);
    skip_space(rest);
    return true;
}

static bool take_token(struct pl_str *out, struct pl_str *rest)
{
    *out = pl_str_first(*rest, pl_http_chars_span(*rest, PL_HTTP_CHAR_TOKEN));
    *rest = pl_str_from(*rest, out->len);
    return out->len > 0;
}

/* A token, or one in quotes: what the quotes hold must be a token too. No token needs a backslash,
 * so that one is refused. */
static bool take_value(struct pl_str *out, struct pl_str *rest)
{
    if (rest->len == 0 || rest->ptr[0] != '"') {
        return take_token(out, rest);
    }
    *rest = pl_str_from(*rest, 1);
    if (!take_token(out, rest) || rest->len == 0 || rest->ptr[0] != '"') {
        return false;
    }
    *rest = pl_str_from(*rest, 1);
    return true;
}

/* --- meaning --- */

/* 8 to 15 without leading zeroes; 0 for anything else. */
static uint8_t read_bits(struct pl_str value)
{
    uint64_t bits = 0;
    if (value.len == 0 || value.ptr[0] == '0' ||
        !pl_str_to_u64(&bits, value, PL_WS_DEFLATE_BITS_MAX) || bits < PL_WS_DEFLATE_BITS_MIN) {
        return 0;
    }
    return (uint8_t)bits;
}

/* value.ptr is NULL where there is none. */
static bool param_is_acceptable(struct offer *offer, struct pl_str name, struct pl_str value)
{
    size_t kind = 0;
    while (kind < PARAM_COUNT && !pl_str_eq(params[kind].name, name)) {
        kind++;
    }
    if (kind == PARAM_COUNT || offer->has[kind]) {
        return false;
    }
    offer->has[kind] = true;
    if (value.ptr == NULL) {
        return params[kind].value != VALUE_ALWAYS;
    }
    if (params[kind].value == VALUE_NEVER) {
        return false;
    }
    offer->bits[kind] = read_bits(value);
    return offer->bits[kind] != 0;
}

/* The parameters behind an extension's name. False when the grammar is broken. */
static bool take_params(struct offer *offer, struct pl_str *rest)
{
    while (take_char(rest, ';')) {
        struct pl_str name;
        struct pl_str value = {0};
        if (!take_token(&name, rest) || (take_char(rest, '=') && !take_value(&value, rest))) {
            return false;
        }
        offer->is_acceptable = param_is_acceptable(offer, name, value) && offer->is_acceptable;
    }
    return true;
}

static uint8_t lower(uint8_t a, uint8_t b)
{
    return a < b ? a : b;
}

static struct pl_ws_deflate_agreement grant(const struct offer *offer,
                                            const struct pl_ws_deflate_policy *policy)
{
    uint8_t server_bits = offer->bits[PARAM_SERVER_MAX_WINDOW_BITS];
    uint8_t client_bits = offer->bits[PARAM_CLIENT_MAX_WINDOW_BITS];
    struct pl_ws_deflate_agreement agreement = {
        .server_max_window_bits = server_bits == 0 ? PL_WS_DEFLATE_BITS_MAX : server_bits,
        .client_max_window_bits = client_bits == 0 ? PL_WS_DEFLATE_BITS_MAX : client_bits,
        .client_no_context_takeover = policy->wants_client_no_context_takeover ||
                                      offer->has[PARAM_CLIENT_NO_CONTEXT_TAKEOVER],
        .names_server_bits = offer->has[PARAM_SERVER_MAX_WINDOW_BITS],
    };
    if (offer->has[PARAM_CLIENT_MAX_WINDOW_BITS]) { /* others would not understand it */
        agreement.client_max_window_bits =
            lower(agreement.client_max_window_bits, policy->client_max_window_bits);
        agreement.names_client_bits = agreement.client_max_window_bits < PL_WS_DEFLATE_BITS_MAX;
    }
    return agreement;
}

bool pl_ws_deflate_agree(struct pl_ws_deflate_agreement *out,
                         const struct pl_ws_deflate_policy *policy, struct pl_str offers)
{
    struct pl_str rest = offers;
    struct pl_ws_deflate_agreement chosen = {0};
    bool is_agreed = false;
    for (;;) {
        struct offer offer = {0};
        struct pl_str name;
        while (take_char(&rest, ',')) { /* RFC 9110 section 5.6.1: empty items do not count */
        }
        skip_space(&rest);
        if (rest.len == 0) {
            break;
        }
        if (!take_token(&name, &rest)) {
            return false;
        }
        offer.is_acceptable = pl_str_eq(name, PL_STR("permessage-deflate"));
        if (!take_params(&offer, &rest)) {
            return false;
        }
        skip_space(&rest);
        if (rest.len > 0 && rest.ptr[0] != ',') {
            return false;
        }
        if (offer.is_acceptable && !is_agreed) {
            is_agreed = true;
            chosen = grant(&offer, policy);
        }
    }
    if (is_agreed) {
        *out = chosen;
    }
    return is_agreed;
}

size_t pl_ws_deflate_answer_write(char out[PL_WS_DEFLATE_ANSWER_MAX],
                                  const struct pl_ws_deflate_agreement *agreement)
{
    char server_bits[32] = "";
    char client_bits[32] = "";
    int len = 0;
    if (agreement->names_server_bits) {
        snprintf(server_bits, sizeof(server_bits), "; server_max_window_bits=%u",
                 (unsigned)agreement->server_max_window_bits);
    }
    if (agreement->names_client_bits) {
        snprintf(client_bits, sizeof(client_bits), "; client_max_window_bits=%u",
                 (unsigned)agreement->client_max_window_bits);
    }
    len = snprintf(out, PL_WS_DEFLATE_ANSWER_MAX,
                   "permessage-deflate; server_no_context_takeover%s%s%s",
                   agreement->client_no_context_takeover ? "; client_no_context_takeover" : "",
                   server_bits, client_bits);
    PL_ASSERT(len > 0 && len < PL_WS_DEFLATE_ANSWER_MAX);
    return (size_t)len;
}
