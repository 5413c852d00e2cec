/* Messages to the service: the envelope, a signature where that is on, and heartbeats.
 * Source: shared spec talo.md 1.4, 1.5, 2.2. */
#include "client/talo_internal.h"

#include "codec/json_raw.h"
#include "value/wire.h"

#include <stdarg.h>

/* --- one message --- */

static int send_text(struct parley_talo *talo, struct pl_str text)
{
    struct pl_buf line;
    int rc = 0;
    pl_buf_init(&line, SIZE_MAX / 2);
    if (talo->signing_version != NULL && talo->is_identified) {
        pl_talo_write_signature(&line, talo, text);
        pl_buf_add_char(&line, '\n');
    }
    rc = pl_buf_failed(&line) ? PL_E_NOMEM
                              : pl_client_ws_send(talo->ws, true, pl_buf_str(&line), text);
    pl_buf_fini(&line);
    return rc;
}

static int fail_send(struct parley_talo *talo, int rc)
{
    switch (rc) {
    case PL_E_FULL:
        return pl_client_fail(talo->client, rc,
                              "too much waits to be sent: tick, and send it "
                              "later");
    case PL_E_NOMEM:
        return pl_client_fail(talo->client, rc, "no memory for a message");
    default:
        return pl_client_fail(talo->client, PL_E_STATE, "the socket is not open");
    }
}

int pl_talo_send_raw(struct parley_talo *talo, struct pl_str req, struct pl_str data)
{
    struct pl_buf text;
    int rc = PL_E_STATE;
    if (talo->link != PL_TALO_OPEN) {
        return fail_send(talo, rc);
    }
    pl_buf_init(&text, SIZE_MAX / 2);
    pl_buf_add_str(&text, PL_STR("{\"req\":"));
    pl_json_write_string(&text, req);
    pl_buf_add_str(&text, PL_STR(",\"data\":"));
    pl_buf_add_str(&text, data);
    pl_buf_add_char(&text, '}');
    rc = pl_buf_failed(&text) ? PL_E_NOMEM : send_text(talo, pl_buf_str(&text));
    pl_talo_fini_secret(&text); /* tokens, maybe */
    return rc < 0 ? fail_send(talo, rc) : 0;
}

/* --- heartbeats --- */

void pl_talo_heartbeat_begin(struct parley_talo *talo)
{
    talo->is_answered = true;
    if (talo->config.heartbeat_ms > 0) {
        pl_client_timer_set(talo->client, &talo->heartbeat_timer, talo->config.heartbeat_ms);
    }
}

void pl_talo_heartbeat_on_timer(struct pl_timer *timer)
{
    struct parley_talo *talo = PL_CONTAINER_OF(timer, struct parley_talo, heartbeat_timer);
    int rc = 0;
    if (!talo->is_answered) {
        pl_talo_link_lose(talo, PL_E_TIMEOUT, "heartbeat timeout");
        return;
    }
    talo->is_answered = false;
    rc = pl_client_ws_send(talo->ws, true, PL_STR(""), PL_STR("v1.heartbeat"));
    if (rc < 0) {
        pl_talo_link_lose(talo, rc, "no heartbeat could be sent");
        return;
    }
    pl_client_timer_set(talo->client, &talo->heartbeat_timer, talo->config.heartbeat_ms);
}

/* --- the public calls --- */

int parley_talo_send(struct parley_talo *talo, const char *req, const struct parley_val *data)
{
    struct pl_buf json;
    int rc = pl_talo_enter(talo);
    rc = rc < 0 ? rc : pl_talo_check_text(talo, "the request's name", req);
    if (rc == 0 && data != NULL && parley_val_kind(data) != PARLEY_KIND_OBJECT) {
        rc = pl_client_fail(talo->client, PL_E_INVALID, "a message's data is an object");
    }
    if (rc < 0) {
        return rc;
    }
    pl_buf_init(&json, SIZE_MAX / 2);
    if (data == NULL) {
        pl_buf_add_str(&json, PL_STR("{}"));
    } else {
        struct pl_bin_list bins = {0};
        pl_val_write(&json, &bins, data);
        rc = bins.count > 0
                 ? pl_client_fail(talo->client, PL_E_INVALID, "a message cannot hold bytes")
                 : 0;
        json.has_failed = json.has_failed || bins.has_failed;
        pl_bin_list_fini(&bins);
    }
    if (rc == 0) {
        rc = pl_buf_failed(&json) ? fail_send(talo, PL_E_NOMEM)
                                  : pl_talo_send_raw(talo, pl_str_of_cstr(req), pl_buf_str(&json));
    }
    pl_buf_fini(&json);
    return rc;
}

int parley_talo_sendf(struct parley_talo *talo, const char *req, const char *fmt, ...)
{
    struct pl_doc *doc = NULL;
    va_list list;
    int rc = pl_talo_enter(talo);
    rc = rc < 0 ? rc : pl_talo_check_text(talo, "the request's name", req);
    if (rc < 0) {
        return rc;
    }
    va_start(list, fmt);
    rc = pl_val_format_doc(&doc, PL_DOC_AS_IS, fmt, list);
    va_end(list);
    if (rc == PL_E_NOMEM) {
        return fail_send(talo, rc);
    }
    if (rc < 0 || pl_json_raw_kind(doc->text) != PL_JSON_OBJECT_BEGIN || doc->blob_count > 0) {
        rc = pl_client_fail(talo->client, PL_E_INVALID,
                            "the template is no object (parley_val_format), or a text no UTF-8");
    } else {
        rc = pl_talo_send_raw(talo, pl_str_of_cstr(req), doc->text);
    }
    pl_doc_unref(doc);
    return rc;
}

/* {"channel":{"id":7},"message":"hi"}, the channel left out when it is NULL. */
static int send_words(struct parley_talo *talo, struct pl_str req, const int64_t *channel_id,
                      const char *text)
{
    struct pl_json_writer writer;
    struct pl_buf json;
    int rc = pl_talo_enter_as_player(talo);
    rc = rc < 0 ? rc : pl_talo_check_text(talo, "the text", text);
    if (rc < 0) {
        return rc;
    }
    pl_buf_init(&json, SIZE_MAX / 2);
    pl_json_writer_init(&writer, &json);
    pl_json_object_begin(&writer);
    if (channel_id != NULL) {
        pl_json_key(&writer, PL_STR("channel"));
        pl_json_object_begin(&writer);
        pl_talo_put_int(&writer, "id", *channel_id);
        pl_json_object_end(&writer);
    }
    pl_talo_put_text(&writer, "message", text);
    pl_json_object_end(&writer);
    rc = pl_buf_failed(&json) ? fail_send(talo, PL_E_NOMEM)
                              : pl_talo_send_raw(talo, req, pl_buf_str(&json));
    pl_buf_fini(&json);
    return rc;
}

int parley_talo_channel_send(struct parley_talo *talo, int64_t channel_id, const char *text)
{
    return send_words(talo, PL_STR("v1.channels.message"), &channel_id, text);
}

int parley_talo_broadcast(struct parley_talo *talo, const char *text)
{
    return send_words(talo, PL_STR("v1.player-relationships.broadcast"), NULL, text);
}
