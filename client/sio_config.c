/* The settings of Socket.IO sockets: their defaults, and whether they make sense. */
#include "parley/client_socketio.h"

#include "base/utf8.h"
#include "client/sio_internal.h"

#define UNSENT_MAX_BYTES ((size_t)8 * 1024 * 1024)
#define BUFFER_MAX_BYTES ((size_t)1024 * 1024)

void parley_sio_config_init(struct parley_sio_config *config)
{
    *config = (struct parley_sio_config){
        .transports = PARLEY_SIO_POLLING_THEN_WEBSOCKET,
        .path = "/socket.io/",
        .unsent_max = UNSENT_MAX_BYTES,
        .attachment_max = PL_SIO_ATTACHMENT_LIMIT_DEFAULT,
        .buffer_max = BUFFER_MAX_BYTES,
    };
    pl_client_transport_defaults(&config->transport);
    pl_client_reconnect_defaults(&config->reconnect);
}

/* Whether it can stand in a request line, and is of a path or a query alone. */
static bool is_of_target(const char *text, char refused)
{
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;
        if (c <= 0x20 || c >= 0x7f || c == '#' || *text == refused) {
            return false;
        }
    }
    return true;
}

static bool is_transports(enum parley_sio_transports transports)
{
    switch (transports) {
    case PARLEY_SIO_POLLING_THEN_WEBSOCKET:
    case PARLEY_SIO_WEBSOCKET_ONLY:
    case PARLEY_SIO_POLLING_ONLY:
    case PARLEY_SIO_WEBSOCKET_OR_POLLING:
        return true;
    }
    return false;
}

int pl_client_sio_check_connection(const struct parley_sio_config *config, struct pl_error *err)
{
    if (!is_transports(config->transports)) {
        return pl_error_set(err, PL_E_INVALID, "`transports` is none of PARLEY_SIO_...");
    }
    if (config->path == NULL || !is_of_target(config->path, '?')) {
        return pl_error_set(err, PL_E_INVALID,
                            "`path` is needed, escaped already and without a query");
    }
    if (config->query != NULL && !is_of_target(config->query, '#')) {
        return pl_error_set(err, PL_E_INVALID, "`query` is to be escaped already");
    }
    if (config->attachment_max < 0 || config->unsent_max == 0) {
        return pl_error_set(err, PL_E_INVALID, "`attachment_max` is below 0, or `unsent_max` is 0");
    }
    if (!pl_client_reconnect_is_valid(&config->reconnect)) {
        return pl_error_set(err, PL_E_INVALID,
                            "`reconnect` has a delay or attempts below 0, or a "
                            "jitter that is not from 0 to 1");
    }
    return 0;
}

int pl_client_sio_check_socket(const struct parley_sio_config *config, struct pl_error *err)
{
    if (config->ack_timeout_ms < 0 || config->retries < 0) {
        return pl_error_set(err, PL_E_INVALID, "`ack_timeout_ms` and `retries` are 0 or more");
    }
    return config->auth == NULL ? 0 : pl_client_sio_check_auth(config->auth, err);
}

int pl_client_sio_check_auth(const struct parley_val *auth, struct pl_error *err)
{
    struct parley_args *holder = NULL;
    bool has_bytes = false;
    int rc = 0;
    if (auth == NULL) {
        return 0;
    }
    if (parley_val_kind(auth) != PARLEY_KIND_OBJECT) {
        return pl_error_set(err, PL_E_INVALID, "auth is an object, or NULL for none");
    }
    holder = parley_args_new(); /* it counts bytes at any depth */
    rc = parley_args_add(holder, parley_val_ref(auth));
    has_bytes = parley_args_bin_count(holder) > 0;
    parley_args_unref(holder);
    if (rc < 0) {
        return pl_error_set(err, PL_E_NOMEM, "no memory to look at auth");
    }
    return has_bytes ? pl_error_set(err, PL_E_INVALID, "auth cannot carry bytes") : 0;
}

int pl_client_sio_check_namespace(struct pl_str nsp, struct pl_error *err)
{
    if (nsp.len == 0 || nsp.ptr[0] != '/' || pl_str_find_char(nsp, ',') < nsp.len) {
        return pl_error_set(err, PL_E_INVALID,
                            "a namespace begins with '/' and has no comma in it");
    }
    return pl_utf8_is_valid(nsp) ? 0 : pl_error_set(err, PL_E_INVALID, "a namespace is UTF-8");
}
