/* Settings by name, as rows. */
#include "driver.h"

#include <stddef.h>
#include <string.h>

enum row_kind { ROW_INT, ROW_SIZE, ROW_BOOL, ROW_DOUBLE, ROW_TEXT };

struct row {
    const char *name;
    enum row_kind kind;
    size_t offset;
};

#define TRANSPORT(type)                                                                            \
    {"connect_timeout_ms", ROW_INT, offsetof(type, transport.connect_timeout_ms)},                 \
        {"headers", ROW_TEXT, offsetof(type, transport.headers)},                                  \
        {"proxy", ROW_TEXT, offsetof(type, transport.proxy)},                                      \
        {"ca_file", ROW_TEXT, offsetof(type, transport.ca_file)},                                  \
        {"pins", ROW_TEXT, offsetof(type, transport.pins)},                                        \
        {"trusts_anybody", ROW_BOOL, offsetof(type, transport.trusts_anybody)},                    \
        {"message_max", ROW_SIZE, offsetof(type, transport.message_max)},                          \
        {"reconnects", ROW_BOOL, offsetof(type, reconnect.is_on)},                                 \
        {"delay_ms", ROW_INT, offsetof(type, reconnect.delay_ms)},                                 \
        {"delay_max_ms", ROW_INT, offsetof(type, reconnect.delay_max_ms)},                         \
        {"jitter", ROW_DOUBLE, offsetof(type, reconnect.jitter)},                                  \
    {                                                                                              \
        "attempts", ROW_INT, offsetof(type, reconnect.attempts)                                    \
    }

static const struct row sio_rows[] = {
    TRANSPORT(struct parley_sio_config),
    {"remembers_upgrade", ROW_BOOL, offsetof(struct parley_sio_config, remembers_upgrade)},
    {"path", ROW_TEXT, offsetof(struct parley_sio_config, path)},
    {"query", ROW_TEXT, offsetof(struct parley_sio_config, query)},
    {"unsent_max", ROW_SIZE, offsetof(struct parley_sio_config, unsent_max)},
    {"attachment_max", ROW_INT, offsetof(struct parley_sio_config, attachment_max)},
    {"buffer_max", ROW_SIZE, offsetof(struct parley_sio_config, buffer_max)},
    {"ack_timeout_ms", ROW_INT, offsetof(struct parley_sio_config, ack_timeout_ms)},
    {"retries", ROW_INT, offsetof(struct parley_sio_config, retries)},
    {NULL, ROW_INT, 0},
};

static const struct row websocket_rows[] = {
    TRANSPORT(struct parley_websocket_config),
    {"protocols", ROW_TEXT, offsetof(struct parley_websocket_config, protocols)},
    {"queue_max", ROW_SIZE, offsetof(struct parley_websocket_config, queue_max)},
    {"unsent_max", ROW_SIZE, offsetof(struct parley_websocket_config, unsent_max)},
    {"close_timeout_ms", ROW_INT, offsetof(struct parley_websocket_config, close_timeout_ms)},
    {NULL, ROW_INT, 0},
};

static const struct row talo_rows[] = {
    TRANSPORT(struct parley_talo_config),
    {"access_key", ROW_TEXT, offsetof(struct parley_talo_config, access_key)},
    {"socket_url", ROW_TEXT, offsetof(struct parley_talo_config, socket_url)},
    {"auto_connect", ROW_BOOL, offsetof(struct parley_talo_config, auto_connect)},
    {"is_dev_build", ROW_BOOL, offsetof(struct parley_talo_config, is_dev_build)},
    {"includes_dev_data", ROW_BOOL, offsetof(struct parley_talo_config, includes_dev_data)},
    {"signing_version", ROW_TEXT, offsetof(struct parley_talo_config, signing_version)},
    {"signing_key", ROW_TEXT, offsetof(struct parley_talo_config, signing_key)},
    {"request_timeout_ms", ROW_INT, offsetof(struct parley_talo_config, request_timeout_ms)},
    {"requests_max", ROW_INT, offsetof(struct parley_talo_config, requests_max)},
    {"unsent_max", ROW_SIZE, offsetof(struct parley_talo_config, unsent_max)},
    {"close_timeout_ms", ROW_INT, offsetof(struct parley_talo_config, close_timeout_ms)},
    {"heartbeat_ms", ROW_INT, offsetof(struct parley_talo_config, heartbeat_ms)},
    {NULL, ROW_INT, 0},
};

static void set(const struct row *row, void *config, const struct parley_val *val)
{
    char *at = (char *)config + row->offset;
    switch (row->kind) {
    case ROW_INT:
        memcpy(at, &(int){(int)parley_val_int(val, 0)}, sizeof(int));
        return;
    case ROW_SIZE:
        memcpy(at, &(size_t){(size_t)parley_val_int(val, 0)}, sizeof(size_t));
        return;
    case ROW_BOOL:
        memcpy(at, &(bool){parley_val_bool(val, false)}, sizeof(bool));
        return;
    case ROW_DOUBLE:
        memcpy(at, &(double){parley_val_double(val, 0)}, sizeof(double));
        return;
    case ROW_TEXT:
        *(const char **)(void *)at = parley_val_str(val, NULL);
        return;
    }
}

/* True when there is such a setting. */
static bool set_named(const struct row *row, void *config, const char *name,
                      const struct parley_val *val)
{
    while (row->name != NULL && strcmp(row->name, name) != 0) {
        row++;
    }
    if (row->name == NULL) {
        return false;
    }
    set(row, config, val);
    return true;
}

static enum parley_sio_transports read_transports(const struct parley_val *val)
{
    static const char *const names[] = {
        [PARLEY_SIO_POLLING_THEN_WEBSOCKET] = "polling,websocket",
        [PARLEY_SIO_WEBSOCKET_ONLY] = "websocket",
        [PARLEY_SIO_POLLING_ONLY] = "polling",
        [PARLEY_SIO_WEBSOCKET_OR_POLLING] = "websocket,polling",
    };
    const char *name = parley_val_str(val, NULL);
    for (size_t i = 0; name != NULL && i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(names[i], name) == 0) {
            return (enum parley_sio_transports)i;
        }
    }
    return (enum parley_sio_transports)99; /* which the library refuses */
}

int read_sio_config(struct parley_sio_config *out, const struct parley_val *config)
{
    parley_sio_config_init(out);
    for (size_t i = 0; i < parley_val_count(config); i++) {
        const char *name = parley_val_key_at(config, i, NULL);
        const struct parley_val *val = parley_val_at(config, i);
        if (strcmp(name, "transports") == 0) {
            out->transports = read_transports(val);
        } else if (strcmp(name, "auth") == 0) {
            out->auth = val;
        } else if (strcmp(name, "asks_auth") != 0 && !set_named(sio_rows, out, name, val)) {
            return PARLEY_E_NOT_FOUND;
        }
    }
    return 0;
}

int read_websocket_config(struct parley_websocket_config *out, const struct parley_val *config)
{
    parley_websocket_config_init(out);
    for (size_t i = 0; i < parley_val_count(config); i++) {
        if (!set_named(websocket_rows, out, parley_val_key_at(config, i, NULL),
                       parley_val_at(config, i))) {
            return PARLEY_E_NOT_FOUND;
        }
    }
    return 0;
}

int read_talo_config(struct parley_talo_config *out, const struct parley_val *config)
{
    parley_talo_config_init(out);
    for (size_t i = 0; i < parley_val_count(config); i++) {
        if (!set_named(talo_rows, out, parley_val_key_at(config, i, NULL),
                       parley_val_at(config, i))) {
            return PARLEY_E_NOT_FOUND;
        }
    }
    return 0;
}
