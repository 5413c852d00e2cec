/* Settings: what an operator can choose. Each is a row of settings_table.c (name, type, default,
 * bounds, help) and a field here; the row's name is the field's path. Strings and lists live in the
 * struct's arena. Origins, each stronger than the last: default, YAML file, environment
 * (PARLEY_HTTP_HEAD_LIMIT_BYTES is http.head_limit_bytes), command line (--set NAME=VALUE and flags
 * of their own).
 * Threads: the one that loads them; read-only afterwards, from any thread. */
#ifndef PL_APP_SETTINGS_H
#define PL_APP_SETTINGS_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/log.h"

/* A list of texts. */
struct pl_setting_list {
    struct pl_str *items;
    size_t count;
};

enum pl_log_choice {
    PL_LOG_CHOICE_AUTO, /* text on a terminal, JSON otherwise */
    PL_LOG_CHOICE_TEXT,
    PL_LOG_CHOICE_JSON,
};

enum pl_same_site {
    PL_SAME_SITE_LAX,
    PL_SAME_SITE_STRICT,
    PL_SAME_SITE_NONE,
};

struct pl_settings_log {
    int level;  /* enum pl_log_level */
    int format; /* enum pl_log_choice */
};

struct pl_settings_http_compression {
    bool enabled;
    size_t threshold_bytes;
    size_t limit_bytes;
    size_t cache_bytes;
    uint32_t level;
};

/* permessage-deflate. */
struct pl_settings_message_deflate {
    bool enabled;
    size_t threshold_bytes;
    uint32_t level;
    uint32_t mem_level;
    bool client_no_context_takeover;
    uint32_t client_max_window_bits;
};

struct pl_settings_http {
    size_t head_limit_bytes;
    size_t body_limit_bytes;
    int64_t header_timeout_ms;
    int64_t body_timeout_ms;
    int64_t keep_alive_timeout_ms;
    uint32_t min_bytes_per_second; /* 0: any progress will do */
    struct pl_settings_http_compression compression;
};

struct pl_settings_tls {
    struct pl_str listen; /* empty: no TLS */
    struct pl_str certificate;
    struct pl_str key;
    struct pl_setting_list certificates; /* "certificate:key" */
    int min_version;                     /* enum pl_tls_version */
    struct pl_str ciphers;
    int64_t ticket_lifetime_ms; /* 0: no session tickets */
    uint32_t handshakes_per_turn;
};

struct pl_settings_proxies {
    struct pl_setting_list trusted; /* as pl_cidr_parse reads them */
    int header;                     /* enum pl_web_client_header */
};

struct pl_settings_connections {
    uint32_t max; /* 0: what the open-file limit allows */
    uint32_t input_messages_per_turn;
    uint32_t input_us_per_turn;
};

struct pl_settings_protect {
    struct {
        uint32_t connections_max; /* 0: no limit, as with the rates */
        uint32_t connects_per_second;
        uint32_t connects_burst;
        uint32_t requests_per_second;
        uint32_t requests_burst;
        uint32_t remembered_max;
    } per_address;
    struct pl_setting_list exempt;  /* as pl_cidr_parse reads them */
    struct pl_setting_list origins; /* as pl_origin_is_allowed takes them */
};

struct pl_settings_websocket {
    size_t message_limit_bytes;
    int64_t close_timeout_ms;
    int64_t message_timeout_ms;
    int64_t ping_interval_ms; /* 0: no pings */
    int64_t ping_timeout_ms;
    struct pl_settings_message_deflate per_message_deflate;
};

struct pl_settings_inbound {
    uint32_t messages_max;
    size_t bytes_max;
};

struct pl_settings_rate {
    uint32_t messages_per_second; /* 0: no limit */
    uint32_t burst;
};

struct pl_settings_cookie {
    bool enabled;
    struct pl_str name;
    struct pl_str path; /* empty: no Path attribute */
    bool http_only;
    int same_site; /* enum pl_same_site */
};

struct pl_settings_cors {
    /* empty: CORS is off; one item "*"; "true" among them: reflect any */
    struct pl_setting_list origin;
    struct pl_setting_list methods;
    struct pl_setting_list allowed_headers; /* empty: reflect those asked for */
    struct pl_setting_list exposed_headers;
    bool credentials;
    int64_t max_age_s; /* -1: no such header */
    uint32_t options_success_status;
};

struct pl_settings_recovery {
    bool enabled;
    int64_t max_disconnection_ms;
    bool skip_middlewares;
    uint32_t max_sessions; /* waiting to be recovered, per namespace */
    uint32_t max_packets;  /* kept for them, per namespace */
    size_t max_bytes;      /* of these packets */
};

enum {
    PL_TRANSPORT_POLLING = 1,
    PL_TRANSPORT_WEBSOCKET = 2,
};

struct pl_settings_socketio {
    bool enabled;
    struct pl_str path;
    bool add_trailing_slash;
    int64_t ping_interval_ms;
    int64_t ping_timeout_ms;
    int64_t upgrade_timeout_ms;
    int64_t connect_timeout_ms;
    int64_t ack_timeout_ms;
    size_t max_http_buffer_size;
    size_t send_buffer_bytes;
    uint32_t max_attachments;
    int64_t attachments_timeout_ms;
    struct pl_setting_list transports;
    bool allow_upgrades;
    bool allow_eio3;
    int parser; /* enum pl_sio_parser */
    uint32_t namespaces_per_connection_max;
    uint32_t child_namespaces_max;
    uint32_t pending_acks_max;
    uint32_t rooms_per_socket_max;
    bool cleanup_empty_child_namespaces;
    struct pl_str initial_packet; /* empty: none */
    struct pl_settings_message_deflate per_message_deflate;
    struct {
        bool enabled;
        size_t threshold_bytes;
    } http_compression;
    struct pl_settings_cookie cookie;
    struct pl_settings_cors cors;
    struct pl_settings_recovery recovery;
};

struct pl_settings_talo {
    bool enabled;
    uint32_t rest_limit_auth; /* requests a minute; 0: no limit */
    uint32_t rest_limit_default;
    size_t message_limit_bytes;
    size_t send_buffer_bytes;
    uint32_t bcrypt_cost;
    struct pl_str profanity_file; /* empty: none */
    bool dev;                     /* make a game and a key at the first start */
};

struct pl_settings_mail {
    struct pl_str smtp_url; /* empty: into the log */
    struct pl_str user;
    struct pl_str password;
    struct pl_str from;
    bool tls_required;
    struct pl_str ca_file; /* empty: the system's */
    int64_t connect_timeout_ms;
    int64_t timeout_ms;
};

struct pl_setting_origin; /* where a value comes from; settings_table.h */

struct pl_settings {
    struct pl_str listen;             /* as pl_listener_spec_read reads it; empty: not so */
    struct pl_setting_list listeners; /* more of them */
    struct pl_str data_dir;
    uint32_t io_threads;
    struct pl_settings_log log;
    struct pl_settings_http http;
    struct pl_settings_tls tls;
    struct pl_settings_proxies proxies;
    struct pl_settings_connections connections;
    struct pl_settings_protect protect;
    struct {
        int64_t delay_ms;
        int64_t grace_ms;
    } shutdown;
    struct pl_settings_websocket websocket;
    struct pl_settings_inbound inbound;
    struct pl_settings_rate rate;
    struct pl_settings_socketio socketio;
    struct {
        struct pl_str url; /* empty: SQLite in the data directory; pl_settings_store_url */
    } store;
    struct {
        uint32_t threads;
        uint32_t waiting_max;
    } crypto;
    struct pl_settings_mail mail;
    struct pl_settings_talo talo;

    struct pl_arena arena;             /* holds every text above */
    struct pl_setting_origin *origins; /* one per row, in the arena */
};

/* A setting from the command line. Borrowed for the call of pl_settings_load. */
struct pl_setting_pair {
    struct pl_str name;
    struct pl_str value;
    struct pl_str origin; /* "--set", "--listen" */
};

/* Where values come from. Everything may be zero: then all settings have their defaults. */
struct pl_settings_sources {
    const char *config_path;    /* YAML file, or NULL */
    struct pl_str config_text;  /* used when config_path is NULL: the file's text (tests) */
    const char *const *environ; /* "NAME=VALUE"..., NULL at the end; or NULL */
    const struct pl_setting_pair *pairs;
    size_t pair_count;
    /* Told of what is odd but no error (unknown PARLEY_ variables); may be NULL. */
    void (*warn)(void *user, const char *text);
    void *warn_user;
};

/* Load all settings into *out (its old contents are overwritten, not freed).
 * Returns 0; PL_E_INVALID with "FILE:LINE: KEY: what is allowed" (or the variable or flag in place
 * of the file); PL_E_NOT_FOUND or PL_E_IO for a file that cannot be read. On failure *out is
 * zeroed. */
PL_MUST_CHECK int pl_settings_load(struct pl_settings *out, const struct pl_settings_sources *src,
                                   struct pl_error *err);

/* Zeroed memory is fine. */
void pl_settings_fini(struct pl_settings *settings);

/* A log that is initialised, as log.level and log.format have it. Other threads may be writing. */
void pl_settings_set_log(struct pl_log *log, const struct pl_settings *settings);

/* PL_TRANSPORT_... bits of socketio.transports. */
unsigned pl_settings_transports(const struct pl_settings_socketio *socketio);

/* The value of the setting of that name as text, as --set would take it. NULL when there is none of
 * that name, or it is a secret. Borrowed from the settings. */
const char *pl_settings_text(const struct pl_settings *settings, struct pl_str name);

/* Append what `parley check --print` shows: name, value, origin, default, what is allowed. Secrets
 * are masked. */
void pl_settings_print(struct pl_buf *out, const struct pl_settings *settings);

/* The same as JSON: an array of objects {name, value, origin, default, allowed, choices,
 * change, help}. */
void pl_settings_print_json(struct pl_buf *out, const struct pl_settings *settings);

/* Append the table of docs/configuration.md, made from the rows. */
void pl_settings_print_markdown(struct pl_buf *out);

#endif
