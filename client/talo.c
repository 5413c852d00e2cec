/* The life of a Talo client: settings, memory, and what all public calls begin with. */
#include "parley/client_talo.h"

#include "base/alloc.h"
#include "base/utf8.h"
#include "client/talo_internal.h"

#include <stdarg.h>

#define REQUEST_TIMEOUT_MS 15000
#define REQUESTS_MAX 256
#define UNSENT_MAX ((size_t)8 * 1024 * 1024)
#define CLOSE_TIMEOUT_MS 3000

void parley_talo_config_init(struct parley_talo_config *config)
{
    *config = (struct parley_talo_config){
        .auto_connect = true,
        .request_timeout_ms = REQUEST_TIMEOUT_MS,
        .requests_max = REQUESTS_MAX,
        .unsent_max = UNSENT_MAX,
        .close_timeout_ms = CLOSE_TIMEOUT_MS,
    };
    pl_client_transport_defaults(&config->transport);
    pl_client_reconnect_defaults(&config->reconnect);
    config->reconnect.is_on = false;
}

/* --- settings --- */

static int check_numbers(const struct parley_talo_config *config, struct pl_error *err)
{
    if (!pl_client_reconnect_is_valid(&config->reconnect)) {
        return pl_error_set(err, PL_E_INVALID,
                            "reconnect: delays are 0 or more, jitter is from 0 to 1");
    }
    if (config->request_timeout_ms <= 0 || config->requests_max <= 0 || config->unsent_max == 0 ||
        config->close_timeout_ms < 0 || config->heartbeat_ms < 0) {
        return pl_error_set(err, PL_E_INVALID,
                            "request_timeout_ms, requests_max, unsent_max, close_timeout_ms or "
                            "heartbeat_ms is out of range");
    }
    return 0;
}

static int check_texts(const struct parley_talo_config *config, struct pl_error *err)
{
    bool has_version = config->signing_version != NULL && config->signing_version[0] != '\0';
    bool has_key = config->signing_key != NULL && config->signing_key[0] != '\0';
    if (config->access_key == NULL ||
        !pl_talo_is_header_value(pl_str_of_cstr(config->access_key))) {
        return pl_error_set(err, PL_E_INVALID, "access_key is needed: printable ASCII");
    }
    if (has_version != has_key ||
        (has_version && !pl_talo_is_header_value(pl_str_of_cstr(config->signing_version)))) {
        return pl_error_set(err, PL_E_INVALID,
                            "signing_version and signing_key are both of a key, or both NULL");
    }
    return 0;
}

static char *copy_or_null(const char *text, bool *has_failed)
{
    char *copy = text == NULL || text[0] == '\0' ? NULL : pl_str_to_cstr(pl_str_of_cstr(text));
    *has_failed = *has_failed || (copy == NULL && text != NULL && text[0] != '\0');
    return copy;
}

static int check_query(const struct pl_client_transport *transport, struct pl_error *err)
{
    return transport->url.query.ptr == NULL
               ? 0
               : pl_error_set(err, PL_E_INVALID, "a URL of the service has no query");
}

/* What create owns; freed with free_now on failure. */
static int fill(struct parley_talo *talo, const char *api_url,
                const struct parley_talo_config *config, struct pl_error *err)
{
    bool has_failed = false;
    int rc = pl_client_transport_init(&talo->api, api_url, &config->transport, err);
    rc = rc < 0 ? rc : check_query(&talo->api, err);
    if (rc == 0 && config->socket_url != NULL) {
        rc = pl_client_transport_init(&talo->socket_transport, config->socket_url,
                                      &config->transport, err);
        rc = rc < 0 ? rc : check_query(&talo->socket_transport, err);
    }
    if (rc < 0) {
        return rc;
    }
    talo->access_key = copy_or_null(config->access_key, &has_failed);
    talo->signing_version = copy_or_null(config->signing_version, &has_failed);
    talo->signing_key = copy_or_null(config->signing_key, &has_failed);
    return has_failed ? pl_error_set(err, PL_E_NOMEM, "no memory for a Talo client") : 0;
}

/* --- create and destroy --- */

static void free_now(struct pl_client_later *later)
{
    struct parley_talo *talo = PL_CONTAINER_OF(later, struct parley_talo, later);
    pl_talo_identity_fini(talo);
    pl_client_transport_fini(&talo->api);
    pl_client_transport_fini(&talo->socket_transport);
    pl_talo_free_secret(talo->access_key);
    pl_talo_free_secret(talo->signing_key);
    pl_free(talo->signing_version);
    pl_free(talo);
}

static int reserve_timers(struct parley_talo *talo)
{
    if (pl_client_attempts_init(&talo->attempts, talo->client, &talo->config.reconnect,
                                talo->api.connect_timeout_ms) < 0) {
        return PL_E_NOMEM;
    }
    talo->attempts.on_late = pl_talo_link_on_late;
    talo->attempts.on_due = pl_talo_link_on_due;
    if (pl_client_reserve_timer(talo->client) < 0) {
        pl_client_attempts_fini(&talo->attempts);
        return PL_E_NOMEM;
    }
    if (pl_client_reserve_timer(talo->client) < 0) {
        pl_client_attempts_fini(&talo->attempts);
        pl_client_release_timer(talo->client, &talo->call_timer);
        return PL_E_NOMEM;
    }
    return 0;
}

static void destroy(struct parley_talo *talo)
{
    talo->is_destroyed = true;
    pl_talo_link_drop(talo);
    pl_talo_calls_drop(talo);
    pl_client_remove_socket(&talo->socket);
    pl_client_attempts_fini(&talo->attempts);
    pl_client_release_timer(talo->client, &talo->call_timer);
    pl_client_release_timer(talo->client, &talo->heartbeat_timer);
    pl_client_free_later(talo->client, &talo->later);
}

static void destroy_socket(struct pl_client_socket *socket)
{
    destroy(PL_CONTAINER_OF(socket, struct parley_talo, socket));
}

static struct parley_talo *alloc(struct parley_client *client,
                                 const struct parley_talo_config *config)
{
    struct parley_talo *talo = pl_try_alloc(sizeof(*talo));
    if (talo == NULL) {
        return NULL;
    }
    *talo = (struct parley_talo){
        .socket.destroy = destroy_socket,
        .client = client,
        .config = *config,
        .later.run = free_now,
        .pump.run = pl_talo_calls_pump,
        .call_timer.on_due = pl_talo_calls_on_timer,
        .heartbeat_timer.on_due = pl_talo_heartbeat_on_timer,
    };
    pl_list_init(&talo->calls);
    return talo;
}

int parley_talo_create(struct parley_talo **out, struct parley_client *client, const char *api_url,
                       const struct parley_talo_config *config)
{
    struct parley_talo *talo = NULL;
    int rc = pl_client_enter(client);
    rc = rc < 0 ? rc : check_numbers(config, pl_client_err(client));
    rc = rc < 0 ? rc : check_texts(config, pl_client_err(client));
    if (rc < 0) {
        return rc;
    }
    talo = alloc(client, config);
    if (talo == NULL) {
        return pl_client_fail(client, PL_E_NOMEM, "no memory for a Talo client");
    }
    rc = fill(talo, api_url, config, pl_client_err(client));
    if (rc == 0 && reserve_timers(talo) < 0) {
        rc = pl_client_fail(client, PL_E_NOMEM, "no memory for a Talo client");
    }
    if (rc < 0) {
        free_now(&talo->later);
        return rc;
    }
    pl_client_add_socket(client, &talo->socket);
    rc = config->auto_connect ? pl_talo_link_open(talo) : 0;
    if (rc < 0) {
        destroy(talo);
        return rc;
    }
    *out = talo;
    return 0;
}

void parley_talo_destroy(struct parley_talo *talo)
{
    if (talo != NULL && pl_client_enter(talo->client) == 0) {
        destroy(talo);
    }
}

void *parley_talo_user(const struct parley_talo *talo)
{
    return talo->config.user;
}

struct parley_client *parley_talo_client(const struct parley_talo *talo)
{
    return talo->client;
}

/* --- how public calls begin --- */

int pl_talo_enter(struct parley_talo *talo)
{
    return pl_client_enter(talo->client);
}

int pl_talo_enter_as_player(struct parley_talo *talo)
{
    int rc = pl_client_enter(talo->client);
    if (rc == 0 && talo->alias == NULL) {
        rc = pl_client_fail(talo->client, PL_E_STATE,
                            "nobody is playing yet: identify a player first "
                            "(parley_talo_identify), and wait for its result");
    }
    return rc;
}

int pl_talo_check_text(struct parley_talo *talo, const char *what, const char *text)
{
    if (text == NULL || !pl_utf8_is_valid(pl_str_of_cstr(text))) {
        return pl_client_fail(talo->client, PL_E_INVALID, "%s is a text in UTF-8", what);
    }
    return 0;
}

int pl_talo_check_optional(struct parley_talo *talo, const char *what, const char *text)
{
    return text == NULL ? 0 : pl_talo_check_text(talo, what, text);
}

int pl_talo_check_props(struct parley_talo *talo, const struct parley_talo_prop *props,
                        size_t count)
{
    for (size_t i = 0; i < count; i++) {
        int rc = pl_talo_check_text(talo, "a prop's key", props[i].key);
        rc = rc < 0 ? rc : pl_talo_check_optional(talo, "a prop's value", props[i].value);
        if (rc < 0) {
            return rc;
        }
    }
    return 0;
}
