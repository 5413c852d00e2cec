/* What every request carries (spec 3.1), its target, and signatures. */
#include "client/talo_internal.h"

#include "base/version.h"
#include "client/request.h"
#include "codec/http_chars.h"

#include <inttypes.h>
#include <stdio.h>

/* --- headers --- */

bool pl_talo_is_header_value(struct pl_str text)
{
    return text.len > 0 && pl_http_chars_span(text, PL_HTTP_CHAR_VALUE) == text.len;
}

static void add_header(struct pl_buf *out, struct pl_str name, struct pl_str value)
{
    pl_buf_add_str(out, name);
    pl_buf_add_str(out, PL_STR(": "));
    pl_buf_add_str(out, value);
    pl_buf_add_str(out, PL_STR("\r\n"));
}

static void add_player(struct pl_buf *out, const struct parley_talo *talo)
{
    pl_buf_addf(out, "X-Talo-Alias: %" PRId64 "\r\n", talo->alias->id);
    add_header(out, PL_STR("X-Talo-Player"), pl_str_of_cstr(talo->alias->player.id));
}

void pl_talo_write_headers(struct pl_buf *out, const struct parley_talo *talo,
                           const struct pl_talo_call *call)
{
    pl_buf_add_str(out, PL_STR("Authorization: Bearer "));
    pl_buf_add_str(out, pl_str_of_cstr(talo->access_key));
    pl_buf_add_str(out, PL_STR("\r\n"));
    add_header(out, PL_STR("Accept"), PL_STR("application/json"));
    if (strcmp(call->method, "GET") == 0) { /* others have it with their body */
        add_header(out, PL_STR("Content-Type"), PL_STR("application/json"));
    }
    add_header(out, PL_STR("X-Talo-Dev-Build"),
               talo->config.is_dev_build ? PL_STR("1") : PL_STR("0"));
    add_header(out, PL_STR("X-Talo-Include-Dev-Data"),
               talo->config.includes_dev_data ? PL_STR("1") : PL_STR("0"));
    pl_buf_addf(out, "X-Talo-Client: parley:%s\r\n", pl_version());
    if (talo->alias != NULL) {
        add_player(out, talo);
    }
    if (talo->session_token != NULL) {
        add_header(out, PL_STR("X-Talo-Session"), pl_str_of_cstr(talo->session_token));
    }
    if (talo->alias != NULL && talo->signing_version != NULL) {
        pl_buf_add_str(out, PL_STR("X-Talo-Signature: "));
        pl_talo_write_signature(out, talo, pl_buf_str(&call->body));
        pl_buf_add_str(out, PL_STR("\r\n"));
    }
}

void pl_talo_write_signature(struct pl_buf *out, const struct parley_talo *talo, struct pl_str body)
{
    const struct pl_client_env *env = pl_client_env(talo->client);
    const struct pl_talo_signing_key key = {pl_str_of_cstr(talo->signing_version),
                                            pl_str_of_cstr(talo->signing_key)};
    uint64_t parts[2] = {0};
    char rid[33];
    env->random(env->user, parts, sizeof(parts));
    snprintf(rid, sizeof(rid), "%016" PRIx64 "%016" PRIx64, parts[0], parts[1]);
    pl_talo_sign(out, &key, pl_str_of_cstr(rid), env->unix_ms(env->user), body);
}

/* --- targets --- */

void pl_talo_write_base(struct pl_buf *out, const struct pl_client_transport *transport)
{
    struct pl_str path = transport->url.path;
    pl_buf_add_str(out, pl_str_first(path, path.len - pl_str_ends_with(path, PL_STR("/"))));
}

void pl_talo_write_query(struct pl_buf *out, const char *name, const char *text)
{
    struct pl_str before = pl_buf_str(out);
    if (text == NULL) {
        return;
    }
    pl_buf_add_char(out, pl_str_find_char(before, '?') < before.len ? '&' : '?');
    pl_buf_add_str(out, pl_str_of_cstr(name));
    pl_buf_add_char(out, '=');
    pl_client_request_escape(out, pl_str_of_cstr(text));
}

void pl_talo_write_query_int(struct pl_buf *out, const char *name, int64_t number)
{
    char text[24];
    snprintf(text, sizeof(text), "%" PRId64, number);
    pl_talo_write_query(out, name, text);
}
