/* CONNECT and what the server answers. Source: shared spec socketio.md 2.4, 2.7, 3.8. */
#include "client/sio_internal.h"

#include "base/alloc.h"
#include "codec/json_raw.h"
#include "codec/json_string.h"
#include "codec/json_write.h"
#include "codec/sio_write.h"

#define OLD_SERVER                                                                                 \
    "the server answers without a session id: it looks like a Socket.IO server of version 2, "     \
    "which this client cannot talk to"

/* --- the request --- */

/* `"key":value,`, unless auth has one of its own. */
static void write_recovery(struct pl_buf *buf, struct pl_str key, const char *value,
                           struct pl_str raw_auth)
{
    struct pl_str own;
    if (value == NULL || pl_json_object_find(&own, raw_auth, key)) {
        return;
    }
    pl_json_write_string(buf, key);
    pl_buf_add_char(buf, ':');
    pl_json_write_string(buf, pl_str_of_cstr(value));
    pl_buf_add_char(buf, ',');
}

/* What recovery needs, then auth: a user's keys win, as in the JavaScript client. */
static void write_payload(struct pl_buf *buf, const struct parley_sio *sio, struct pl_str raw_auth)
{
    if (sio->pid == NULL) {
        pl_buf_add_str(buf, raw_auth);
        return;
    }
    pl_buf_add_char(buf, '{');
    write_recovery(buf, PL_STR("pid"), sio->pid, raw_auth);
    write_recovery(buf, PL_STR("offset"), sio->offset, raw_auth);
    pl_buf_add_str(
        buf, pl_str_first(pl_str_from(raw_auth, 1), raw_auth.len - pl_size_min(2, raw_auth.len)));
    if (!pl_buf_failed(buf) && buf->ptr[buf->len - 1] == ',') {
        buf->len--;
    }
    pl_buf_add_char(buf, '}');
}

static int send_connect(struct parley_sio *sio, const struct parley_val *auth)
{
    struct pl_client_sio_manager *manager = sio->manager;
    struct pl_bin_list bins = {.blobs = NULL}; /* checked before: there are none */
    struct pl_buf raw_auth;
    int rc = PL_E_NOMEM;
    pl_buf_init(&raw_auth, manager->unsent_max);
    if (auth != NULL) {
        pl_val_write(&raw_auth, &bins, auth);
    }
    pl_buf_clear(&manager->args);
    write_payload(&manager->args, sio, pl_buf_str(&raw_auth));
    if (!pl_buf_failed(&raw_auth) && !pl_buf_failed(&manager->args)) {
        pl_buf_clear(&manager->text);
        pl_sio_write_connect_request(&manager->text, pl_str_of_cstr(sio->nsp),
                                     pl_buf_str(&manager->args));
        rc = pl_client_sio_send_text(manager, NULL, 0);
    }
    pl_buf_fini(&raw_auth);
    pl_bin_list_fini(&bins);
    pl_client_sio_scratch_reset(&manager->args);
    if (rc == 0) {
        sio->state = PL_CLIENT_SIO_CONNECTING;
        sio->is_rejoining = sio->was_here;
    }
    return rc;
}

int pl_client_sio_start(struct parley_sio *sio, bool may_call)
{
    if (sio->get_auth == NULL) {
        return send_connect(sio, sio->auth);
    }
    sio->state = PL_CLIENT_SIO_ASKING;
    if (may_call) {
        pl_client_sio_ask_auth(sio);
    } else {
        sio->asks_auth = true;
        pl_client_sio_run_later(sio);
    }
    return 0;
}

void pl_client_sio_ask_auth(struct parley_sio *sio)
{
    sio->asks_auth = false;
    if (!sio->is_destroyed && sio->state == PL_CLIENT_SIO_ASKING) {
        pl_client_count_callback(sio->client);
        sio->get_auth(sio, sio->user);
    }
}

int parley_sio_auth(struct parley_sio *sio, const struct parley_val *auth)
{
    int rc = pl_client_enter(sio->client);
    if (rc == 0 && (sio->state != PL_CLIENT_SIO_ASKING || sio->asks_auth)) {
        rc = pl_client_fail(sio->client, PL_E_STATE, "nothing waits for auth");
    }
    if (rc == 0) {
        rc = pl_client_sio_check_auth(auth, pl_client_err(sio->client));
    }
    if (rc == 0) {
        rc = send_connect(sio, auth);
        if (rc < 0) {
            (void)pl_client_fail(sio->client, rc, "CONNECT was not sent: %s", pl_error_name(rc));
        }
    }
    return rc;
}

/* --- the answers --- */

/* It will not be connected: nothing is tried again by itself. */
static void fail(struct parley_sio *sio, int error, const char *reason,
                 const struct parley_val *data)
{
    struct parley_client_event event = {.kind = PARLEY_CLIENT_CONNECT_FAILED,
                                        .error = error,
                                        .reason = reason,
                                        .delay_ms = -1,
                                        .data = data};
    pl_client_sio_deactivate(sio);
    pl_client_sio_link_rest(sio->manager);
    pl_client_sio_tell(sio, &event);
}

/* What a raw string means, with a NUL behind it. */
static int copy_string(char **out, struct pl_str raw)
{
    char *copy = pl_try_alloc(raw.len + 1);
    ptrdiff_t len = copy == NULL ? 0 : pl_json_string_copy(copy, raw);
    if (copy == NULL) {
        return PL_E_NOMEM;
    }
    copy[len < 0 ? 0 : len] = '\0'; /* checked before: it is a string */
    *out = copy;
    return 0;
}

/* A copy of a member that is a string; *out is NULL when it is none. */
static int copy_member(char **out, struct pl_str raw_object, struct pl_str key)
{
    struct pl_str raw;
    *out = NULL;
    if (!pl_json_object_find(&raw, raw_object, key) || pl_json_raw_kind(raw) != PL_JSON_STRING) {
        return 0;
    }
    return copy_string(out, raw);
}

static int read_session(char **sid, char **pid, struct pl_str payload)
{
    int rc = copy_member(sid, payload, PL_STR("sid"));
    *pid = NULL;
    if (rc == 0) {
        rc = copy_member(pid, payload, PL_STR("pid"));
    }
    if (rc < 0) {
        pl_free(*sid);
        *sid = NULL;
    }
    return rc;
}

static void tell_connected(struct parley_sio *sio, bool is_recovered)
{
    struct parley_client_event event = {.kind = PARLEY_CLIENT_CONNECTED,
                                        .attempt = sio->attempt,
                                        .delay_ms = -1,
                                        .is_recovered = is_recovered};
    pl_client_sio_tell(sio, &event);
}

/* In the order of the JavaScript client: what came early, what was kept, then the event. */
static int go_up(struct parley_sio *sio, char *sid, char *pid)
{
    bool is_recovered = pid != NULL && sio->pid != NULL && strcmp(pid, sio->pid) == 0;
    int rc = 0;
    pl_free(sio->sid);
    pl_free(sio->pid);
    sio->sid = sid;
    sio->pid = pid;
    sio->state = PL_CLIENT_SIO_CONNECTED;
    sio->was_here = true;
    rc = pl_client_sio_deliver_received(sio);
    if (rc == 0) {
        pl_client_sio_flush(sio);
        if (pl_client_sio_is_up(sio)) {
            pl_client_sio_retry(sio);
        }
        if (pl_client_sio_is_up(sio)) {
            tell_connected(sio, is_recovered);
        }
    }
    return rc;
}

int pl_client_sio_on_connect(struct parley_sio *sio, struct pl_str payload)
{
    char *sid = NULL;
    char *pid = NULL;
    int rc = 0;
    pl_client_sio_settle(sio);
    if (sio->state != PL_CLIENT_SIO_CONNECTING && sio->state != PL_CLIENT_SIO_ASKING) {
        return 0;
    }
    rc = read_session(&sid, &pid, payload);
    if (rc < 0) {
        return rc;
    }
    if (sid != NULL && sio->state == PL_CLIENT_SIO_CONNECTING) {
        return go_up(sio, sid, pid);
    }
    if (sid == NULL) {
        fail(sio, PL_E_PROTO, OLD_SERVER, NULL);
    }
    pl_free(sid); /* of an answer that came before the question */
    pl_free(pid);
    return 0;
}

/* {"message":...,"data":...}, or a string (spec 2.4). */
static int read_refusal(char **message, struct parley_val **data, struct pl_str payload)
{
    struct pl_str raw_data;
    int rc = 0;
    *data = NULL;
    if (pl_json_raw_kind(payload) == PL_JSON_STRING) {
        return copy_string(message, payload);
    }
    rc = copy_member(message, payload, PL_STR("message"));
    if (rc == 0 && pl_json_object_find(&raw_data, payload, PL_STR("data"))) {
        *data = pl_val_of_wire(raw_data, PL_SIO_DEPTH_MAX);
        if (*data == NULL) {
            pl_free(*message);
            *message = NULL;
            rc = PL_E_NOMEM;
        }
    }
    return rc;
}

int pl_client_sio_on_connect_error(struct parley_sio *sio, struct pl_str payload)
{
    struct parley_val *data = NULL;
    char *message = NULL;
    int rc = 0;
    if (sio->state != PL_CLIENT_SIO_CONNECTING && sio->state != PL_CLIENT_SIO_ASKING) {
        return 0;
    }
    rc = read_refusal(&message, &data, payload);
    if (rc == 0) {
        fail(sio, PL_E_DENIED, message == NULL ? "" : message, data);
    }
    pl_free(message);
    parley_val_unref(data);
    return rc;
}

void pl_client_sio_on_disconnect(struct parley_sio *sio)
{
    struct parley_client_event event = {
        .kind = PARLEY_CLIENT_DISCONNECTED, .reason = "io server disconnect", .delay_ms = -1};
    if (sio->state != PL_CLIENT_SIO_CONNECTED) {
        if (pl_client_sio_is_active(sio)) {
            fail(sio, PL_E_CLOSED, event.reason, NULL);
        }
        return;
    }
    pl_client_sio_deactivate(sio);
    pl_client_sio_link_rest(sio->manager);
    pl_client_sio_tell(sio, &event);
    pl_client_sio_acks_close(sio);
}
