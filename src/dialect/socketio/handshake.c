/* The handshake object (spec 3.9), made from the head of the first request when somebody wants it:
 * an idle connection keeps the head only. */
#include "dialect/socketio/handshake.h"

#include "base/alloc.h"
#include "base/utf8.h"
#include "codec/http_request.h"
#include "codec/http_url.h"
#include "dialect/socketio/engine.h"
#include "dialect/socketio/io.h"
#include "dialect/socketio/namespace.h"
#include "dialect/socketio/socket.h"

#include <stdio.h>
#include <time.h>

#define QUERY_BYTES_MAX 65536
#define HEAD_BYTES_MAX ((size_t)2 * 1024 * 1024) /* more than any server can be set to take */
#define HEADER_NAME_MAX 256

/* Header bytes that are no UTF-8 are Latin-1, as browsers have it. */
static struct parley_val *text_value(struct pl_str text)
{
    struct parley_val *value = NULL;
    struct pl_buf buf;
    if (pl_utf8_is_valid(text)) {
        return parley_val_new_string(text.ptr, text.len);
    }
    pl_buf_init(&buf, text.len * 2);
    for (size_t i = 0; i < text.len; i++) {
        uint8_t byte = (uint8_t)text.ptr[i];
        if (byte >= 0x80) {
            pl_buf_add_char(&buf, (char)(0xc0 | byte >> 6));
        }
        pl_buf_add_char(&buf, (char)(byte >= 0x80 ? 0x80 | (byte & 0x3f) : byte));
    }
    value = pl_buf_failed(&buf) ? NULL : parley_val_new_string((const char *)buf.ptr, buf.len);
    pl_buf_fini(&buf);
    return value;
}

/* Set a member whose key may hold anything; one that a C string cannot hold is left out. */
static int set_text(struct parley_val *object, struct pl_str key, struct pl_str text)
{
    char *key_cstr = NULL;
    int rc = 0;
    if (!pl_utf8_is_valid(key) || pl_str_find_char(key, '\0') < key.len) {
        return 0;
    }
    key_cstr = pl_strdup_n(key.ptr, key.len);
    rc = parley_val_object_set(object, key_cstr, text_value(text));
    pl_free(key_cstr);
    return rc;
}

/* --- headers --- */

/* A header sent several times becomes a list, as in Node. */
static int add_header(struct parley_val *object, const struct pl_http_header *header)
{
    char name[HEADER_NAME_MAX];
    size_t old_len = 0;
    const char *old = NULL;
    struct pl_buf joined;
    int rc = 0;
    size_t len = pl_size_min(header->name.len, sizeof(name) - 1);
    for (size_t i = 0; i < len; i++) {
        char c = header->name.ptr[i];
        name[i] = (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
    }
    name[len] = '\0';
    old = parley_val_str(parley_val_get(object, name), &old_len);
    if (old == NULL) {
        return parley_val_object_set(object, name, text_value(header->value));
    }
    pl_buf_init(&joined, old_len + header->value.len + 2);
    pl_buf_add(&joined, old, old_len);
    pl_buf_add_str(&joined, PL_STR(", "));
    pl_buf_add_str(&joined, header->value);
    rc = parley_val_object_set(object, name, text_value(pl_buf_str(&joined)));
    pl_buf_fini(&joined);
    return rc;
}

static struct parley_val *make_headers(const struct pl_http_request *request)
{
    struct parley_val *object = parley_val_new_object();
    for (size_t i = 0; i < request->header_count; i++) {
        if (add_header(object, &request->headers[i]) < 0) {
            parley_val_unref(object);
            return NULL;
        }
    }
    return object;
}

/* --- query --- */

static struct parley_val *make_query(const struct pl_http_request *request)
{
    struct parley_val *object = parley_val_new_object();
    struct pl_http_url url;
    struct pl_http_query_pair pair;
    struct pl_arena arena;
    struct pl_str rest;
    pl_http_url_split(&url, request->target);
    pl_arena_init(&arena, QUERY_BYTES_MAX);
    rest = url.query;
    while (object != NULL && pl_http_query_next(&pair, &rest)) {
        if (pl_http_form_decode(&pair.name, pair.name, &arena, NULL) < 0 ||
            pl_http_form_decode(&pair.value, pair.value, &arena, NULL) < 0 ||
            set_text(object, pair.name, pair.value) < 0) {
            parley_val_unref(object);
            object = NULL;
        }
    }
    pl_arena_fini(&arena);
    return object;
}

/* --- the whole --- */

/* "Sat Nov 21 2026 06:37:40 GMT+0000 (Coordinated Universal Time)" */
static struct parley_val *make_time(int64_t unix_us)
{
    static const char days[][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char months[][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    char text[128];
    struct tm tm = {0};
    time_t seconds = (time_t)(unix_us / 1000000);
    gmtime_r(&seconds, &tm);
    snprintf(text, sizeof(text),
             "%s %s %02d %04d %02d:%02d:%02d GMT+0000 (Coordinated Universal Time)",
             days[tm.tm_wday], months[tm.tm_mon], tm.tm_mday, tm.tm_year + 1900, tm.tm_hour,
             tm.tm_min, tm.tm_sec);
    return parley_val_new_string(text, strlen(text));
}

static bool fill_from_head(struct parley_val *object, const struct pl_eio_session *eio,
                           struct pl_str head)
{
    struct pl_http_request request;
    char address[PL_ADDRESS_TEXT_MAX];
    int64_t opened_us = pl_eio_session_opened_unix_us(eio);
    pl_address_format_host(address, pl_eio_session_peer(eio));
    return pl_http_request_read(&request, head, head.len, NULL) > 0 &&
           parley_val_object_set(object, "headers", make_headers(&request)) == 0 &&
           parley_val_object_set(object, "time", make_time(opened_us)) == 0 &&
           parley_val_object_set(object, "address", text_value(pl_str_of_cstr(address))) == 0 &&
           parley_val_object_set(
               object, "xdomain",
               parley_val_new_bool(pl_http_header_find(&request, PL_STR("Origin")).ptr != NULL)) ==
               0 &&
           parley_val_object_set(object, "secure",
                                 parley_val_new_bool(pl_eio_session_is_secure(eio))) == 0 &&
           parley_val_object_set(object, "issued", parley_val_new_int(opened_us / 1000)) == 0 &&
           parley_val_object_set(object, "url", text_value(request.target)) == 0 &&
           parley_val_object_set(object, "query", make_query(&request)) == 0;
}

static bool fill_from_request(struct parley_val *object, const struct pl_eio_session *eio)
{
    struct pl_arena arena;
    struct pl_str head = {0};
    bool is_filled = false;
    pl_arena_init(&arena, HEAD_BYTES_MAX);
    is_filled = pl_eio_session_request_head(&head, eio, &arena, NULL) == 0 &&
                fill_from_head(object, eio, head);
    pl_arena_fini(&arena);
    return is_filled;
}

const struct parley_val *pl_sio_handshake_create(const struct parley_socket *socket)
{
    struct parley_val *object = parley_val_new_object();
    const struct parley_val *auth =
        socket->auth == NULL ? socket->ns->io->empty_object : socket->auth;
    const struct pl_eio_session *eio = socket->conn->eio;
    bool is_whole = (eio == NULL || fill_from_request(object, eio)) &&
                    parley_val_object_set(object, "auth", parley_val_ref(auth)) == 0;
    if (!is_whole) {
        parley_val_unref(object);
        return NULL;
    }
    return object;
}
