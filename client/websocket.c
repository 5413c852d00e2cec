/* The public calls of plain WebSockets (client_websocket.h): each checks, and passes on. */
#include "parley/client_websocket.h"

#include "base/alloc.h"
#include "base/utf8.h"
#include "client/websocket_internal.h"
#include "codec/http_chars.h"
#include "codec/http_header.h"
#include "codec/ws_close.h"

#define UNSENT_MAX ((size_t)8 * 1024 * 1024)
#define CLOSE_TIMEOUT_MS 3000

void parley_websocket_config_init(struct parley_websocket_config *config)
{
    *config = (struct parley_websocket_config){
        .unsent_max = UNSENT_MAX,
        .close_timeout_ms = CLOSE_TIMEOUT_MS,
    };
    pl_client_transport_defaults(&config->transport);
    pl_client_reconnect_defaults(&config->reconnect);
    config->reconnect.is_on = false;
}

/* --- create and destroy --- */

static bool are_protocols(const char *protocols)
{
    struct pl_str rest = pl_str_of_cstr(protocols == NULL ? "" : protocols);
    struct pl_str item;
    while (pl_http_list_next(&item, &rest)) {
        if (pl_http_chars_span(item, PL_HTTP_CHAR_TOKEN) < item.len) {
            return false;
        }
    }
    return true;
}

static int check_config(const struct parley_websocket_config *config, struct pl_error *err)
{
    if (!pl_client_reconnect_is_valid(&config->reconnect)) {
        return pl_error_set(err, PL_E_INVALID,
                            "reconnect: delays are 0 or more, jitter is from 0 to 1");
    }
    if (!are_protocols(config->protocols)) {
        return pl_error_set(err, PL_E_INVALID, "protocols: names with commas between them");
    }
    if (config->unsent_max == 0 || config->close_timeout_ms < 0) {
        return pl_error_set(err, PL_E_INVALID, "unsent_max or close_timeout_ms is out of range");
    }
    return 0;
}

/* "/path?query", as the URL has them. */
static char *make_target(const struct pl_url *url)
{
    size_t path_len = url->path.len == 0 ? 1 : url->path.len;
    size_t query_len = url->query.ptr == NULL ? 0 : url->query.len + 1;
    char *target = pl_try_alloc(path_len + query_len + 1);
    if (target == NULL) {
        return NULL;
    }
    memcpy(target, url->path.len == 0 ? "/" : url->path.ptr, path_len);
    if (query_len > 0) {
        target[path_len] = '?';
        memcpy(target + path_len + 1, url->query.ptr, query_len - 1);
    }
    target[path_len + query_len] = '\0';
    return target;
}

static void free_now(struct pl_client_later *later)
{
    struct parley_websocket *websocket = PL_CONTAINER_OF(later, struct parley_websocket, later);
    pl_websocket_queue_clear(&websocket->queue);
    pl_client_transport_fini(&websocket->transport);
    pl_free(websocket->target);
    pl_free(websocket->protocols);
    pl_free(websocket->protocol);
    pl_free(websocket);
}

static void destroy(struct parley_websocket *websocket)
{
    pl_websocket_drop(websocket, PL_WEBSOCKET_DESTROYED);
    pl_client_remove_socket(&websocket->socket);
    pl_client_attempts_fini(&websocket->attempts);
    pl_client_free_later(websocket->client, &websocket->later);
}

static void destroy_socket(struct pl_client_socket *socket)
{
    destroy(PL_CONTAINER_OF(socket, struct parley_websocket, socket));
}

/* What create owns; freed with free_now on failure. */
static int fill(struct parley_websocket *websocket, const char *url,
                const struct parley_websocket_config *config, struct pl_error *err)
{
    const char *protocols = config->protocols == NULL ? "" : config->protocols;
    int rc = pl_client_transport_init(&websocket->transport, url, &config->transport, err);
    if (rc < 0) {
        return rc;
    }
    websocket->target = make_target(&websocket->transport.url);
    websocket->protocols = pl_str_to_cstr(pl_str_of_cstr(protocols));
    websocket->protocol = pl_str_to_cstr(pl_str_of_cstr(protocols));
    if (websocket->target == NULL || websocket->protocols == NULL || websocket->protocol == NULL ||
        pl_client_attempts_init(&websocket->attempts, websocket->client, &config->reconnect,
                                websocket->transport.connect_timeout_ms) < 0) {
        return pl_error_set(err, PL_E_NOMEM, "no memory for a WebSocket");
    }
    websocket->protocol[0] = '\0';
    return 0;
}

int parley_websocket_create(struct parley_websocket **out, struct parley_client *client,
                            const char *url, const struct parley_websocket_config *config)
{
    struct parley_websocket *websocket = NULL;
    int rc = pl_client_enter(client);
    if (rc < 0) {
        return rc;
    }
    rc = check_config(config, pl_client_err(client));
    if (rc < 0) {
        return rc;
    }
    websocket = pl_try_alloc(sizeof(*websocket));
    if (websocket == NULL) {
        return pl_client_fail(client, PL_E_NOMEM, "no memory for a WebSocket");
    }
    *websocket = (struct parley_websocket){
        .socket.destroy = destroy_socket,
        .client = client,
        .config = *config,
        .attempts.on_late = pl_websocket_on_late,
        .attempts.on_due = pl_websocket_on_due,
        .later.run = free_now,
    };
    pl_websocket_queue_init(&websocket->queue, config->queue_max);
    rc = fill(websocket, url, config, pl_client_err(client));
    if (rc < 0) {
        free_now(&websocket->later);
        return rc;
    }
    pl_client_add_socket(client, &websocket->socket);
    *out = websocket;
    return 0;
}

void parley_websocket_destroy(struct parley_websocket *websocket)
{
    if (websocket != NULL && pl_client_enter(websocket->client) == 0) {
        destroy(websocket);
    }
}

/* --- connect and close --- */

int parley_websocket_connect(struct parley_websocket *websocket)
{
    int rc = pl_client_enter(websocket->client);
    if (rc < 0) {
        return rc;
    }
    if (websocket->state != PL_WEBSOCKET_IDLE && websocket->state != PL_WEBSOCKET_WAITING) {
        return pl_client_fail(websocket->client, PL_E_STATE,
                              "it is connecting or connected already");
    }
    return pl_websocket_begin(websocket, pl_client_err(websocket->client));
}

int parley_websocket_close(struct parley_websocket *websocket, int code, const char *reason)
{
    struct pl_str text = pl_str_of_cstr(reason == NULL ? "" : reason);
    int rc = pl_client_enter(websocket->client);
    if (rc == 0) {
        rc = pl_client_check_close(websocket->client, code, text);
    }
    if (rc < 0) {
        return rc;
    }
    switch (websocket->state) {
    case PL_WEBSOCKET_CONNECTING:
    case PL_WEBSOCKET_WAITING:
        pl_websocket_drop(websocket, PL_WEBSOCKET_IDLE);
        pl_websocket_queue_clear(&websocket->queue);
        pl_client_backoff_reset(&websocket->attempts.backoff);
        return 0;
    case PL_WEBSOCKET_OPEN:
        pl_websocket_send_queued(websocket);
        pl_websocket_queue_clear(&websocket->queue); /* nothing of it for the next connection */
        websocket->state = PL_WEBSOCKET_CLOSING;
        pl_client_ws_close(websocket->ws, (uint16_t)code, text, websocket->config.close_timeout_ms);
        return 0;
    case PL_WEBSOCKET_IDLE:
    case PL_WEBSOCKET_CLOSING:
    case PL_WEBSOCKET_DESTROYED:
        break;
    }
    return pl_client_fail(websocket->client, PL_E_STATE, "it is not connected");
}

/* --- messages --- */

static int fail_send(struct parley_websocket *websocket, int code)
{
    switch (code) {
    case PL_E_FULL:
        return pl_client_fail(websocket->client, code,
                              "too much waits to be sent: tick, and send it later");
    case PL_E_NOMEM:
        return pl_client_fail(websocket->client, code, "no memory for a message");
    default:
        return pl_client_fail(websocket->client, code,
                              "it is not connected, and nothing is kept for later (queue_max)");
    }
}

/* Returns 0 or an error without words. */
static int send_or_keep(struct parley_websocket *websocket, bool is_text, struct pl_str payload)
{
    if (websocket->state == PL_WEBSOCKET_CLOSING) {
        return PL_E_STATE;
    }
    if (payload.len > websocket->config.unsent_max) {
        return PL_E_FULL; /* and always will be */
    }
    if (websocket->state != PL_WEBSOCKET_OPEN) {
        return websocket->queue.bytes_max == 0
                   ? PL_E_STATE
                   : pl_websocket_queue_push(&websocket->queue, is_text, payload);
    }
    if (pl_websocket_queue_first(&websocket->queue) != NULL) {
        return PL_E_FULL; /* what was queued goes first */
    }
    return pl_client_ws_send(websocket->ws, is_text, PL_STR(""), payload);
}

static int send_message(struct parley_websocket *websocket, bool is_text, struct pl_str payload)
{
    int rc = pl_client_enter(websocket->client);
    if (rc < 0) {
        return rc;
    }
    rc = send_or_keep(websocket, is_text, payload);
    return rc < 0 ? fail_send(websocket, rc) : 0;
}

int parley_websocket_send_text(struct parley_websocket *websocket, const char *text, size_t len)
{
    int rc = pl_client_enter(websocket->client);
    if (rc == 0 && !pl_utf8_is_valid(pl_str_make(text, len))) {
        rc = pl_client_fail(websocket->client, PL_E_UTF8, "a text message has to be UTF-8");
    }
    return rc < 0 ? rc : send_message(websocket, true, pl_str_make(text, len));
}

int parley_websocket_send_binary(struct parley_websocket *websocket, const void *bytes, size_t len)
{
    return send_message(websocket, false, pl_str_make(bytes, len));
}

/* --- how it stands --- */

bool parley_websocket_is_connected(const struct parley_websocket *websocket)
{
    return websocket->state == PL_WEBSOCKET_OPEN;
}

size_t parley_websocket_unsent(const struct parley_websocket *websocket)
{
    return websocket->ws == NULL ? 0 : pl_client_ws_unsent(websocket->ws);
}

const char *parley_websocket_protocol(const struct parley_websocket *websocket)
{
    return websocket->protocol;
}
