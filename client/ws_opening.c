/* The opening handshake. A refusal is read a little further than its status: the first line of a
 * short text tells the user more than "403". */
#include "client/ws_opening.h"

#include "base/alloc.h"
#include "base/utf8.h"
#include "client/request.h"
#include "codec/http_chars.h"

#define REFUSAL_MAX ((uint64_t)64 * 1024) /* bytes of a body whose beginning is read */

/* --- the request --- */

static int make_key(struct pl_client_ws_opening *opening, char key[PL_WS_KEY_LEN + 1],
                    const struct pl_client_env *env, struct pl_error *err)
{
    uint8_t nonce[PL_WS_NONCE_BYTES];
    struct pl_ws_acceptor *acceptor = NULL;
    int rc = pl_ws_acceptor_create(&acceptor, err);
    if (rc < 0) {
        return rc;
    }
    env->random(env->user, nonce, sizeof(nonce));
    pl_ws_key_write(key, nonce);
    rc = pl_ws_accept_key(acceptor, opening->accept, pl_str_make(key, PL_WS_KEY_LEN), err);
    pl_ws_acceptor_destroy(acceptor);
    return rc;
}

static int keep_protocols(struct pl_client_ws_opening *opening, const char *protocols,
                          struct pl_error *err)
{
    if (protocols == NULL || protocols[0] == '\0') {
        return 0;
    }
    opening->protocols = pl_str_to_cstr(pl_str_of_cstr(protocols));
    return opening->protocols != NULL ? 0
                                      : pl_error_set(err, PL_E_NOMEM, "no memory for a handshake");
}

static void add_request(const struct pl_client_ws_opening *opening, struct pl_buf *out,
                        const struct pl_client_transport *transport, struct pl_str target,
                        const char *key)
{
    pl_client_request_add(out, transport, "GET", target);
    pl_buf_addf(out,
                "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                "Sec-WebSocket-Key: %s\r\n",
                key);
    if (opening->protocols != NULL) {
        pl_buf_add_str(out, PL_STR("Sec-WebSocket-Protocol: "));
        pl_buf_add_str(out, pl_str_of_cstr(opening->protocols));
        pl_buf_add_str(out, PL_STR("\r\n"));
    }
    pl_buf_add_str(out, PL_STR("\r\n"));
}

int pl_client_ws_opening_begin(struct pl_client_ws_opening *opening, struct pl_buf *out,
                               const struct pl_client_transport *transport, struct pl_str target,
                               const char *protocols, const struct pl_client_env *env,
                               struct pl_error *err)
{
    char key[PL_WS_KEY_LEN + 1];
    *opening = (struct pl_client_ws_opening){0};
    int rc = keep_protocols(opening, protocols, err);
    if (rc == 0) {
        rc = make_key(opening, key, env, err);
    }
    if (rc == 0) {
        add_request(opening, out, transport, target, key);
        if (pl_buf_failed(out)) {
            rc = pl_error_set(err, PL_E_NOMEM, "no memory for a request");
        }
    }
    if (rc < 0) {
        pl_client_ws_opening_fini(opening);
    }
    return rc;
}

/* --- the answer --- */

static struct pl_str find(const struct pl_http_answer *answer, struct pl_str name)
{
    return pl_http_headers_find(answer->headers, answer->header_count, name);
}

static size_t count(const struct pl_http_answer *answer, struct pl_str name)
{
    return pl_http_headers_count(answer->headers, answer->header_count, name);
}

static bool has_token(const struct pl_http_answer *answer, struct pl_str name, struct pl_str token)
{
    return pl_http_headers_have_token(answer->headers, answer->header_count, name, token);
}

/* Unlike other tokens, subprotocols have a case. */
static bool was_asked_for(const char *protocols, struct pl_str protocol)
{
    struct pl_str rest = protocols == NULL ? PL_STR("") : pl_str_of_cstr(protocols);
    struct pl_str item;
    while (pl_http_list_next(&item, &rest)) {
        if (pl_str_eq(item, protocol)) {
            return true;
        }
    }
    return false;
}

static int check_switch(const struct pl_client_ws_opening *opening,
                        const struct pl_http_answer *answer, struct pl_str *protocol,
                        struct pl_error *err)
{
    const struct pl_str accept_name = PL_STR("sec-websocket-accept");
    const struct pl_str protocol_name = PL_STR("sec-websocket-protocol");
    if (!has_token(answer, PL_STR("upgrade"), PL_STR("websocket")) ||
        !has_token(answer, PL_STR("connection"), PL_STR("upgrade"))) {
        return pl_error_set(err, PL_E_PROTO, "the server switched to something else");
    }
    if (count(answer, accept_name) != 1 ||
        !pl_str_eq(find(answer, accept_name), pl_str_make(opening->accept, PL_WS_ACCEPT_LEN))) {
        return pl_error_set(err, PL_E_PROTO, "the answer's Sec-WebSocket-Accept is wrong");
    }
    if (count(answer, PL_STR("sec-websocket-extensions")) > 0) {
        return pl_error_set(err, PL_E_PROTO, "the server chose an extension that nobody offered");
    }
    *protocol = PL_STR("");
    if (count(answer, protocol_name) == 0) {
        return 0;
    }
    *protocol = find(answer, protocol_name);
    if (count(answer, protocol_name) > 1 || !was_asked_for(opening->protocols, *protocol)) {
        return pl_error_set(err, PL_E_PROTO,
                            "the server chose a subprotocol that nobody asked for");
    }
    return 0;
}

/* --- a refusal --- */

/* What is shown as it is: text, no pictures and nothing packed. */
static bool is_readable(const struct pl_http_answer *answer)
{
    struct pl_str type = find(answer, PL_STR("content-type"));
    return count(answer, PL_STR("content-encoding")) == 0 &&
           (pl_str_eq_nocase(pl_str_first(type, 10), PL_STR("text/plain")) ||
            pl_str_eq_nocase(pl_str_first(type, 16), PL_STR("application/json")));
}

static void begin_refusal(struct pl_client_ws_opening *opening, const struct pl_http_answer *answer)
{
    enum pl_http_framing framing = is_readable(answer) ? answer->framing : PL_HTTP_FRAMING_NONE;
    opening->refusal_status = answer->status;
    pl_http_body_init_framed(&opening->body, framing, answer->content_length, REFUSAL_MAX);
}

/* Returns false once the first line is there, or as much of it as is wanted. */
static bool add_words(struct pl_client_ws_opening *opening, struct pl_str piece)
{
    for (size_t i = 0; i < piece.len; i++) {
        if ((uint8_t)piece.ptr[i] < ' ' || opening->words_len == PL_CLIENT_WS_WORDS_MAX) {
            return false;
        }
        opening->words[opening->words_len++] = piece.ptr[i];
    }
    return true;
}

static int refuse(const struct pl_client_ws_opening *opening, struct pl_error *err)
{
    struct pl_str words = pl_str_make(opening->words, opening->words_len);
    /* the last character may have been cut */
    for (int i = 0; i < 3 && words.len > 0 && !pl_utf8_is_valid(words); i++) {
        words.len--;
    }
    if (words.len == 0 || !pl_utf8_is_valid(words)) {
        return pl_error_set(err, PL_E_DENIED, "the server answered %d", opening->refusal_status);
    }
    return pl_error_set(err, PL_E_DENIED, "the server answered %d: " PL_STR_FMT,
                        opening->refusal_status, PL_STR_ARG(words));
}

static int read_refusal(struct pl_client_ws_opening *opening, struct pl_str in, size_t *consumed,
                        struct pl_error *err)
{
    bool wants_more = true;
    while (wants_more && *consumed < in.len && !pl_http_body_is_done(&opening->body)) {
        size_t len = 0;
        struct pl_str piece;
        if (pl_http_body_read(&opening->body, pl_str_from(in, *consumed), &len, &piece, NULL) < 0) {
            return refuse(opening, err); /* its status is all that counts */
        }
        *consumed += len;
        wants_more = add_words(opening, piece);
    }
    return wants_more && !pl_http_body_is_done(&opening->body) ? 0 : refuse(opening, err);
}

int pl_client_ws_opening_read(struct pl_client_ws_opening *opening, struct pl_str in,
                              size_t *consumed, struct pl_str *protocol, struct pl_error *err)
{
    struct pl_http_answer answer;
    *consumed = 0;
    while (opening->refusal_status == 0) {
        ptrdiff_t len = pl_http_answer_read(&answer, pl_str_from(in, *consumed), PL_HTTP_GET,
                                            PL_HTTP_HEAD_LIMIT_BYTES, err);
        if (len <= 0) {
            return (int)len;
        }
        *consumed += (size_t)len;
        if (answer.status == 101) {
            int rc = check_switch(opening, &answer, protocol, err);
            return rc < 0 ? rc : 1;
        }
        if (answer.status >= 200) {
            begin_refusal(opening, &answer);
        }
    }
    return read_refusal(opening, in, consumed, err);
}

int pl_client_ws_opening_end(const struct pl_client_ws_opening *opening, int error,
                             struct pl_error *err)
{
    return opening->refusal_status == 0 ? error : refuse(opening, err);
}

void pl_client_ws_opening_fini(struct pl_client_ws_opening *opening)
{
    pl_free(opening->protocols);
    *opening = (struct pl_client_ws_opening){0};
}
