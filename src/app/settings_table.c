/* The settings, one row each. A new setting is a row here and a field in settings.h; behind the
 * field stands when a changed value counts (enum pl_setting_change without its prefix).
 * docs/configuration.md is generated from the rows (parley check --markdown), and a test compares
 * them. */
#include "app/settings_table.h"

#include "app/listener_spec.h"
#include "base/utf8.h"
#include "net/cidr.h"
#include "net/tls.h"
#include "web/origin.h"
#include "web/web.h"
#include "work/bcrypt.h"
#include "work/mail.h"
#include "store/url.h"

#define MIB ((int64_t)1024 * 1024)
#define HOUR_MS ((int64_t)3600 * 1000)
#define DAY_MS (24 * HOUR_MS)
#define STRING_MAX 1024

/* The place of a field; does not compile when the field has another type than the row says. */
#define PLACE(type, field)                                                                         \
    (offsetof(struct pl_settings, field) +                                                         \
     0 * sizeof(&((struct pl_settings *)NULL)->field == (type *)NULL))

#define BOOL(name_, field, change_, default_, help_)                                               \
    {                                                                                              \
        .name = name_, .type = PL_SETTING_BOOL, .offset = PLACE(bool, field),                      \
        .change = PL_SETTING_CHANGE_##change_, .default_text = default_, .help = help_             \
    }
#define NUMBER(type_, c_type, name_, field, change_, default_, min_, max_, help_)                  \
    {                                                                                              \
        .name = name_, .type = type_, .offset = PLACE(c_type, field),                              \
        .change = PL_SETTING_CHANGE_##change_, .default_text = default_, .min = min_, .max = max_, \
        .help = help_                                                                              \
    }
#define INT(...) NUMBER(PL_SETTING_INT, int64_t, __VA_ARGS__)
#define COUNT(...) NUMBER(PL_SETTING_COUNT, uint32_t, __VA_ARGS__)
#define SIZE(...) NUMBER(PL_SETTING_SIZE, size_t, __VA_ARGS__)
#define DURATION(...) NUMBER(PL_SETTING_DURATION, int64_t, __VA_ARGS__)
#define STRING(name_, field, change_, default_, min_, check_, allowed_, help_)                     \
    {                                                                                              \
        .name = name_, .type = PL_SETTING_STRING, .offset = PLACE(struct pl_str, field),           \
        .change = PL_SETTING_CHANGE_##change_, .default_text = default_, .min = min_,              \
        .max = STRING_MAX, .check = check_, .allowed = allowed_, .help = help_                     \
    }
#define LIST(name_, field, change_, default_, min_, max_, choices_, check_, allowed_, help_)       \
    {                                                                                              \
        .name = name_, .type = PL_SETTING_LIST, .offset = PLACE(struct pl_setting_list, field),    \
        .change = PL_SETTING_CHANGE_##change_, .default_text = default_, .min = min_, .max = max_, \
        .choices = choices_, .check = check_, .allowed = allowed_, .help = help_                   \
    }
#define ENUM(name_, field, change_, default_, choices_, help_)                                     \
    {                                                                                              \
        .name = name_, .type = PL_SETTING_ENUM, .offset = PLACE(int, field),                       \
        .change = PL_SETTING_CHANGE_##change_, .default_text = default_, .choices = choices_,      \
        .help = help_                                                                              \
    }

static const char *const log_levels[] = {"debug", "info", "warn", "error", NULL};
static const char *const log_formats[] = {"auto", "text", "json", NULL};
static const char *const same_sites[] = {"lax", "strict", "none", NULL};
static const char *const parsers[] = {"default", "msgpack", NULL}; /* enum pl_sio_parser */
static const char *const tls_versions[] = {
    [PL_TLS_VERSION_1_2] = "1.2", [PL_TLS_VERSION_1_3] = "1.3", NULL};
static const char *const client_headers[] = {[PL_WEB_CLIENT_NONE] = "none",
                                             [PL_WEB_CLIENT_X_FORWARDED_FOR] = "x-forwarded-for",
                                             [PL_WEB_CLIENT_FORWARDED] = "forwarded",
                                             NULL};
static const char *const transports[] = {"polling", "websocket", NULL};

static int check_listen(struct pl_str text, struct pl_error *err)
{
    struct pl_listener_spec spec;
    return pl_listener_spec_read(&spec, text, err);
}

static int check_listen_or_none(struct pl_str text, struct pl_error *err)
{
    return text.len == 0 ? 0 : check_listen(text, err);
}

static int check_pair(struct pl_str text, struct pl_error *err)
{
    (void)err;
    size_t colon = pl_str_find_char(text, ':');
    if (colon == 0 || colon + 1 >= text.len) {
        return PL_E_INVALID;
    }
    return 0;
}

/* Whether every byte may stand in a header value or path: visible ASCII, and none of `refused`. */
static bool is_visible(struct pl_str text, const char *refused)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (c <= 0x20 || c >= 0x7f || strchr(refused, c) != NULL) {
            return false;
        }
    }
    return true;
}

static int check_path(struct pl_str text, struct pl_error *err)
{
    (void)err;
    if (text.ptr[0] != '/' || !is_visible(text, "?#%")) {
        return PL_E_INVALID;
    }
    return 0;
}

static int check_utf8(struct pl_str text, struct pl_error *err)
{
    (void)err;
    return pl_utf8_is_valid(text) ? 0 : PL_E_INVALID;
}

static int check_cookie_path(struct pl_str text, struct pl_error *err)
{
    (void)err;
    if (text.len > 0 && (text.ptr[0] != '/' || !is_visible(text, ";,"))) {
        return PL_E_INVALID;
    }
    return 0;
}

static int check_token(struct pl_str text, struct pl_error *err)
{
    (void)err;
    if (text.len == 0 || !is_visible(text, "()<>@,;:\\\"/[]?={}")) {
        return PL_E_INVALID;
    }
    return 0;
}

static int check_store_url(struct pl_str text, struct pl_error *err)
{
    struct pl_store_url url;
    return text.len == 0 ? 0 : pl_store_url_read(&url, text, err);
}

static int check_smtp_url(struct pl_str text, struct pl_error *err)
{
    return text.len == 0 ? 0 : pl_mail_check_url(text, err);
}

static int check_cors_origin(struct pl_str text, struct pl_error *err)
{
    if (pl_str_eq(text, PL_STR("*")) || pl_str_eq(text, PL_STR("true"))) {
        return 0;
    }
    return pl_origin_check(text, err);
}

static int check_cidr(struct pl_str text, struct pl_error *err)
{
    struct pl_cidr cidr;
    return pl_cidr_parse(&cidr, text, err);
}

/* permessage-deflate, for Socket.IO and for WebSockets of the application. The server never carries
 * context from one message to the next, so that is no setting: one compressed frame serves all. */
#define MESSAGE_DEFLATE(prefix, place)                                                             \
    BOOL(prefix ".enabled", place.enabled, RESTART, "false",                                       \
         "Compress WebSocket messages for clients that offer permessage-deflate.")                 \
    ,                                                                                              \
        SIZE(prefix ".threshold_bytes", place.threshold_bytes, RESTART, "1024", 0, MIB,            \
             "Messages shorter than this are sent as they are."),                                  \
        COUNT(prefix ".level", place.level, RESTART, "6", 1, 9,                                    \
              "Effort of compressing: 1 is the fastest, 9 makes messages shortest."),              \
        COUNT(prefix ".mem_level", place.mem_level, RESTART, "8", 1, 9,                            \
              "Memory for compressing, once for all connections: 8 takes 256 KiB."),               \
        BOOL(prefix ".client_no_context_takeover", place.client_no_context_takeover, RESTART,      \
             "false",                                                                              \
             "Demand that clients compress each message on its own: less memory, longer "          \
             "messages."),                                                                         \
        COUNT(prefix ".client_max_window_bits", place.client_max_window_bits, RESTART, "15", 8,    \
              15,                                                                                  \
              "Window asked of clients, which is kept for each that compresses: 15 is 32 KiB.")

const struct pl_setting_row pl_setting_rows[] = {
    /* The server. */
    STRING("listen", listen, NOW, "0.0.0.0:7350", 0, check_listen_or_none,
           "a listener, as 127.0.0.1:7350, [::1]:0 or unix:/run/parley/parley.sock, or nothing",
           "Where to listen; port 0 takes a free one."),
    LIST("listeners", listeners, NOW, "", 0, 64, NULL, check_listen,
         "listeners, as [::]:7443 tls serve=socketio connections_max=500",
         "More places to listen, each with TLS, limits and owners of paths of its own."),
    STRING("data_dir", data_dir, RESTART, "./parley-data", 1, NULL, "a directory",
           "Directory of what is kept, of the lock and of the control socket; made when missing."),
    COUNT("io_threads", io_threads, RESTART, "0", 0, 63,
          "Threads that carry WebSockets beside the main one; 0 is the cheapest on few cores."),

    /* The log. */
    ENUM("log.level", log.level, NOW, "info", log_levels,
         "Log lines below this level are not written."),
    ENUM("log.format", log.format, NOW, "auto", log_formats,
         "Form of log lines; auto is text on a terminal and JSON otherwise."),

    /* HTTP/1.1. */
    SIZE("http.head_limit_bytes", http.head_limit_bytes, NOW, "16384", 1024, MIB,
         "Longest request line and headers together; beyond it 431."),
    SIZE("http.body_limit_bytes", http.body_limit_bytes, RESTART, "1048576", 0, 1024 * MIB,
         "Largest request body for routes that name no limit of their own; beyond it 413."),
    DURATION("http.header_timeout_ms", http.header_timeout_ms, NOW, "10000", 10, HOUR_MS,
             "Time for a request's head to arrive whole, the first one from connecting; then 408."),
    DURATION(
        "http.body_timeout_ms", http.body_timeout_ms, NOW, "30000", 10, HOUR_MS,
        "Time for a request's body, and its longest pause; then 408. What arrives earns more."),
    COUNT("http.min_bytes_per_second", http.min_bytes_per_second, NOW, "512", 0, 1000000000,
          "Speed at which bodies must arrive, and answers be taken, to earn time; 0: any."),
    DURATION("http.keep_alive_timeout_ms", http.keep_alive_timeout_ms, NOW, "60000", 10, DAY_MS,
             "Idle time between two requests after which a connection is closed."),
    BOOL("http.compression.enabled", http.compression.enabled, NOW, "true",
         "Compress files and contents for clients that accept gzip or deflate."),
    SIZE("http.compression.threshold_bytes", http.compression.threshold_bytes, NOW, "1024", 1,
         1024 * MIB, "Files and contents shorter than this are sent as they are."),
    SIZE("http.compression.limit_bytes", http.compression.limit_bytes, NOW, "1048576", 1, 64 * MIB,
         "Files and contents longer than this are sent as they are: the loop waits for each."),
    SIZE("http.compression.cache_bytes", http.compression.cache_bytes, NOW, "8388608", 0,
         1024 * MIB,
         "Compressed files and contents that are kept; the one used longest ago leaves first."),
    COUNT("http.compression.level", http.compression.level, NOW, "6", 1, 9,
          "Effort of compressing HTTP answers: 1 is the fastest, 9 makes them shortest."),

    /* TLS. */
    STRING("tls.listen", tls.listen, NOW, "", 0, check_listen_or_none,
           "a listener, as 0.0.0.0:7443 or [::1]:0, or nothing",
           "Where to listen with TLS; empty is off."),
    STRING("tls.certificate", tls.certificate, NEW, "", 0, NULL, "a file",
           "Certificate in PEM form, its chain behind it."),
    STRING("tls.key", tls.key, NEW, "", 0, NULL, "a file",
           "Private key of that certificate in PEM form, without a passphrase."),
    LIST("tls.certificates", tls.certificates, NEW, "", 0, 64, NULL, check_pair,
         "CERTIFICATE:KEY pairs of files",
         "More certificates, as CERTIFICATE:KEY; a client gets the one that has its server name."),
    ENUM("tls.min_version", tls.min_version, NEW, "1.2", tls_versions,
         "Oldest version of TLS spoken."),
    STRING("tls.ciphers", tls.ciphers, NEW, PL_TLS_CIPHERS, 1, NULL,
           "names of OpenSSL, with colons",
           "Cipher suites of TLS 1.2; those of TLS 1.3 are all good."),
    DURATION("tls.ticket_lifetime_ms", tls.ticket_lifetime_ms, NEW, "7200000", 0, 7 * DAY_MS,
             "Time for which a TLS session can be resumed by its ticket; 0 gives no tickets."),
    COUNT("tls.handshakes_per_turn", tls.handshakes_per_turn, NOW, "8", 1, 1024,
          "Steps of TLS handshakes in one turn of the loop, so that they delay no messages."),

    /* Proxies in front. */
    LIST("proxies.trusted", proxies.trusted, NOW, "", 0, 256, NULL, check_cidr,
         "addresses, blocks as 10.0.0.0/8, or unix",
         "Proxies that are believed who their clients are; unix is every peer on a Unix socket."),
    ENUM("proxies.header", proxies.header, NOW, "x-forwarded-for", client_headers,
         "Header in which trusted proxies tell it; X-Forwarded-Proto belongs to the first."),

    /* Connections. */
    COUNT("connections.max", connections.max, NOW, "0", 0, 10000000,
          "Most connections at once; 0 means as many as the open-file limit allows."),
    COUNT("connections.input_messages_per_turn", connections.input_messages_per_turn, NOW, "256", 1,
          65536, "Messages taken in before the loop sends what they caused."),
    COUNT("connections.input_us_per_turn", connections.input_us_per_turn, NOW, "1000", 10, 1000000,
          "Microseconds of taking messages in before the loop sends what they caused."),

    /* Against those who take more than their share. */
    COUNT("protect.per_address.connections_max", protect.per_address.connections_max, NOW, "0", 0,
          10000000, "Most connections of one address at once; beyond it 429. 0 means any number."),
    COUNT("protect.per_address.connects_per_second", protect.per_address.connects_per_second, NOW,
          "0", 0, 1000000,
          "New connections of one address each second on average; beyond it 429. 0: any number."),
    COUNT("protect.per_address.connects_burst", protect.per_address.connects_burst, NOW, "100", 1,
          1000000, "New connections of one address at once before the average counts."),
    COUNT("protect.per_address.requests_per_second", protect.per_address.requests_per_second, NOW,
          "0", 0, 1000000,
          "HTTP requests of one address each second on average; beyond it 429. 0: any number."),
    COUNT("protect.per_address.requests_burst", protect.per_address.requests_burst, NOW, "100", 1,
          1000000, "HTTP requests of one address at once before the average counts."),
    COUNT("protect.per_address.remembered_max", protect.per_address.remembered_max, NOW, "65536", 1,
          10000000, "Addresses remembered beside those that are connected: about 250 bytes each."),
    LIST("protect.exempt", protect.exempt, NOW, "127.0.0.0/8,::1", 0, 256, NULL, check_cidr,
         "blocks of addresses such as 10.0.0.0/8, or addresses",
         "Addresses without these limits; trusted proxies and Unix sockets have none either."),
    LIST("protect.origins", protect.origins, NOW, "*", 1, 256, NULL, pl_origin_item_check,
         "origins such as https://game.example, https://*.game.example, same-origin or *",
         "Origins of pages that may open WebSockets or poll; others get 403. * is any."),

    /* Leaving. */
    DURATION("shutdown.delay_ms", shutdown.delay_ms, NOW, "0", 0, HOUR_MS,
             "Time from the wish to leave until it begins: /readyz says 503, all else goes on."),
    DURATION("shutdown.grace_ms", shutdown.grace_ms, NOW, "5000", 0, HOUR_MS,
             "Time from the beginning of leaving until what is still open is cut."),

    /* WebSocket, for sockets of the application; Socket.IO has its own limit. */
    SIZE("websocket.message_limit_bytes", websocket.message_limit_bytes, NEW, "1048576", 125,
         16 * MIB, "Largest message of a plain WebSocket; beyond it the close code 1009."),
    DURATION("websocket.close_timeout_ms", websocket.close_timeout_ms, NOW, "2000", 1, HOUR_MS,
             "Time to wait for the peer's close frame after ours."),
    DURATION(
        "websocket.message_timeout_ms", websocket.message_timeout_ms, NOW, "30000", 0, HOUR_MS,
        "Time for a message, and its longest pause; then 1008. What arrives earns more; 0: any."),
    DURATION("websocket.ping_interval_ms", websocket.ping_interval_ms, NEW, "25000", 0, DAY_MS,
             "Time between two pings to a WebSocket of the application; 0 sends none."),
    DURATION("websocket.ping_timeout_ms", websocket.ping_timeout_ms, NEW, "20000", 1, DAY_MS,
             "Time for anything to come back; beyond it that WebSocket is closed."),
    MESSAGE_DEFLATE("websocket.per_message_deflate", websocket.per_message_deflate),

    /* What a session may have waiting while one of its requests is unfinished. */
    COUNT("inbound.messages_max", inbound.messages_max, NOW, "64", 1, 65536,
          "Messages of a session that may wait for an earlier one; then its socket is not read."),
    SIZE("inbound.bytes_max", inbound.bytes_max, NOW, "262144", 1024, 64 * MIB,
         "Bytes of such messages; then its socket is not read."),

    /* Rates. */
    COUNT("rate.messages_per_second", rate.messages_per_second, NOW, "0", 0, 1000000,
          "Messages a session may send each second on average; 0 means any number."),
    COUNT("rate.burst", rate.burst, NOW, "100", 1, 1000000,
          "Messages a session may send at once before the average counts."),

    /* Socket.IO and Engine.IO. */
    BOOL("socketio.enabled", socketio.enabled, RESTART, "true", "Serve Socket.IO."),
    STRING("socketio.path", socketio.path, RESTART, "/socket.io", 1, check_path,
           "a path that begins with /", "Path of the Engine.IO requests."),
    BOOL("socketio.add_trailing_slash", socketio.add_trailing_slash, RESTART, "true",
         "Also answer the path with a slash behind it."),
    DURATION("socketio.ping_interval_ms", socketio.ping_interval_ms, NEW, "25000", 1, DAY_MS,
             "Time between two pings of the server."),
    DURATION("socketio.ping_timeout_ms", socketio.ping_timeout_ms, NEW, "20000", 1, DAY_MS,
             "Time for the answer to a ping; beyond it the session is closed."),
    DURATION("socketio.upgrade_timeout_ms", socketio.upgrade_timeout_ms, NOW, "10000", 1, HOUR_MS,
             "Time for an upgrade from polling to WebSocket to be finished."),
    DURATION("socketio.connect_timeout_ms", socketio.connect_timeout_ms, NOW, "45000", 1, HOUR_MS,
             "Time to join a first namespace; beyond it the session is closed."),
    DURATION("socketio.ack_timeout_ms", socketio.ack_timeout_ms, NOW, "5000", 1, HOUR_MS,
             "Time for an acknowledgement where the application names none."),
    SIZE("socketio.max_http_buffer_size", socketio.max_http_buffer_size, RESTART, "1000000", 1,
         1024 * MIB, "Largest polling body and WebSocket message; told to clients as maxPayload."),
    SIZE("socketio.send_buffer_bytes", socketio.send_buffer_bytes, NEW, "4194304", 4096, 1024 * MIB,
         "Bytes that may stay unsent to one session; beyond it the session is closed."),
    COUNT("socketio.max_attachments", socketio.max_attachments, NOW, "10", 0, 10000,
          "Most binary attachments of one packet."),
    DURATION("socketio.attachments_timeout_ms", socketio.attachments_timeout_ms, NOW, "10000", 1,
             HOUR_MS, "Time for all attachments of a packet to arrive."),
    LIST("socketio.transports", socketio.transports, RESTART, "polling,websocket", 1, 2, transports,
         NULL, NULL, "Transports that clients may use."),
    BOOL("socketio.allow_upgrades", socketio.allow_upgrades, NEW, "true",
         "Let a session on polling go over to WebSocket."),
    BOOL("socketio.allow_eio3", socketio.allow_eio3, RESTART, "false",
         "Serve clients of Engine.IO 3 as well: socket.io-client 1.x and 2.x."),
    ENUM("socketio.parser", socketio.parser, RESTART, "default", parsers,
         "How packets are written; clients must be configured alike."),
    COUNT("socketio.namespaces_per_connection_max", socketio.namespaces_per_connection_max, NOW,
          "64", 1, 65536, "Most namespaces that one connection may join."),
    COUNT("socketio.child_namespaces_max", socketio.child_namespaces_max, NOW, "100000", 1,
          10000000, "Most namespaces made from patterns; at the bound an idle one is reclaimed."),
    COUNT("socketio.pending_acks_max", socketio.pending_acks_max, NOW, "1000", 1, 1000000,
          "Most acknowledgements that one socket may owe."),
    COUNT("socketio.rooms_per_socket_max", socketio.rooms_per_socket_max, NOW, "1000", 1, 1000000,
          "Most rooms that one socket may be in."),
    BOOL("socketio.cleanup_empty_child_namespaces", socketio.cleanup_empty_child_namespaces, NOW,
         "false", "Forget a namespace made from a pattern when its last socket leaves."),

    STRING("socketio.initial_packet", socketio.initial_packet, NEW, "", 0, check_utf8, "text",
           "Text of an Engine.IO message sent right behind the open packet; empty sends none."),

    /* Compression. */
    MESSAGE_DEFLATE("socketio.per_message_deflate", socketio.per_message_deflate),
    BOOL("socketio.http_compression.enabled", socketio.http_compression.enabled, NOW, "true",
         "Compress polling answers for clients that accept gzip or deflate."),
    SIZE("socketio.http_compression.threshold_bytes", socketio.http_compression.threshold_bytes,
         NOW, "1024", 1, 1024 * MIB, "Polling answers shorter than this are sent as they are."),

    /* The cookie of Engine.IO, for load balancers. */
    BOOL("socketio.cookie.enabled", socketio.cookie.enabled, NEW, "false",
         "Send the session's id as a cookie with the handshake."),
    STRING("socketio.cookie.name", socketio.cookie.name, NEW, "io", 1, check_token,
           "a cookie's name", "Name of the cookie."),
    STRING("socketio.cookie.path", socketio.cookie.path, NEW, "/", 0, check_cookie_path,
           "a path that begins with /, or nothing",
           "Path attribute of the cookie; empty leaves it out."),
    BOOL("socketio.cookie.http_only", socketio.cookie.http_only, NEW, "true",
         "HttpOnly attribute."),
    ENUM("socketio.cookie.same_site", socketio.cookie.same_site, NEW, "lax", same_sites,
         "SameSite attribute."),

    /* CORS under the path of Socket.IO. */
    LIST("socketio.cors.origin", socketio.cors.origin, NOW, "", 0, 256, NULL, check_cors_origin,
         "origins such as https://game.example, * or true",
         "Origins that may read answers; * is any, true reflects the asking one, empty is off."),
    LIST("socketio.cors.methods", socketio.cors.methods, NOW, "GET,HEAD,PUT,PATCH,POST,DELETE", 0,
         32, NULL, check_token, "method names", "Methods that a preflight answer allows."),
    LIST("socketio.cors.allowed_headers", socketio.cors.allowed_headers, NOW, "", 0, 256, NULL,
         check_token, "header names",
         "Headers that a preflight answer allows; empty reflects those asked for."),
    LIST("socketio.cors.exposed_headers", socketio.cors.exposed_headers, NOW, "", 0, 256, NULL,
         check_token, "header names", "Headers that a page's script may read."),
    BOOL("socketio.cors.credentials", socketio.cors.credentials, NOW, "false",
         "Let pages send cookies and other credentials."),
    INT("socketio.cors.max_age_s", socketio.cors.max_age_s, NOW, "-1", -1, 86400,
        "Seconds that a preflight answer may be kept; -1 says nothing about it."),
    COUNT("socketio.cors.options_success_status", socketio.cors.options_success_status, NOW, "204",
          200, 299, "Status of a preflight answer."),

    /* Connection state recovery. */
    BOOL("socketio.recovery.enabled", socketio.recovery.enabled, RESTART, "false",
         "Let a client that lost its connection come back with nothing missed."),
    DURATION("socketio.recovery.max_disconnection_ms", socketio.recovery.max_disconnection_ms, NOW,
             "120000", 1, DAY_MS, "Time within which it may come back."),
    BOOL("socketio.recovery.skip_middlewares", socketio.recovery.skip_middlewares, NOW, "true",
         "Run no middlewares for a client that came back."),
    COUNT("socketio.recovery.max_sessions", socketio.recovery.max_sessions, NOW, "10000", 1,
          10000000, "Lost sockets remembered in one namespace; the oldest is forgotten first."),
    COUNT("socketio.recovery.max_packets", socketio.recovery.max_packets, NOW, "10000", 1, 10000000,
          "Packets kept in one namespace; the oldest is forgotten first."),
    SIZE("socketio.recovery.max_bytes", socketio.recovery.max_bytes, NOW, "16777216", 4096,
         65536 * MIB, "Bytes of such packets."),

    /* The store. */
    {.name = "store.url",
     .type = PL_SETTING_STRING,
     .offset = PLACE(struct pl_str, store.url),
     .change = PL_SETTING_CHANGE_RESTART,
     .default_text = "",
     .max = STRING_MAX,
     .check = check_store_url,
     .allowed = "sqlite:FILE, postgresql://USER:PASSWORD@HOST/NAME or nothing",
     .is_secret = true,
     .help = "Where games and players are kept; empty is the SQLite file store.db in data_dir."},

    /* Passwords, and mail to players. */
    COUNT("crypto.threads", crypto.threads, RESTART, "1", 1, 16,
          "Threads that hash and compare passwords, each about 20 a second at a cost of 10."),
    COUNT("crypto.waiting_max", crypto.waiting_max, RESTART, "256", 1, 65536,
          "Passwords that may wait for these threads; beyond it the request fails with 500."),
    STRING("mail.smtp_url", mail.smtp_url, RESTART, "", 0, check_smtp_url,
           "smtp://HOST:PORT, smtps://HOST:PORT or nothing",
           "Server that takes mail to players; empty writes it into the log and sends nothing."),
    STRING("mail.user", mail.user, RESTART, "", 0, check_utf8, "text",
           "User name at that server; empty is no login."),
    {.name = "mail.password",
     .type = PL_SETTING_STRING,
     .offset = PLACE(struct pl_str, mail.password),
     .change = PL_SETTING_CHANGE_RESTART,
     .default_text = "",
     .max = STRING_MAX,
     .check = check_utf8,
     .allowed = "text",
     .is_secret = true,
     .help = "Password at that server."},
    STRING("mail.from", mail.from, RESTART, "Parley <parley@localhost>", 1, pl_mail_check_from,
           "an address, as game@example.com or Game <game@example.com>",
           "Sender of mail to players."),
    BOOL("mail.tls_required", mail.tls_required, RESTART, "true",
         "Send nothing to a server of smtp:// that does not offer STARTTLS."),
    STRING("mail.ca_file", mail.ca_file, RESTART, "", 0, NULL, "a file",
           "Certificates to trust for that server, in PEM form; empty is the system's."),
    DURATION("mail.connect_timeout_ms", mail.connect_timeout_ms, RESTART, "10000", 1, HOUR_MS,
             "Time for connecting to that server."),
    DURATION("mail.timeout_ms", mail.timeout_ms, RESTART, "30000", 1, HOUR_MS,
             "Time for one mail in all."),

    /* Talo. */
    BOOL("talo.enabled", talo.enabled, RESTART, "true", "Serve Talo's sockets and REST services."),
    COUNT("talo.rest_limit_auth", talo.rest_limit_auth, NOW, "20", 0, 1000000,
          "Requests a minute of one address for tickets, tokens and identification; 0: any."),
    COUNT("talo.rest_limit_default", talo.rest_limit_default, NOW, "100", 0, 1000000,
          "Other requests a minute of one address under /v1; 0: any number."),
    SIZE("talo.message_limit_bytes", talo.message_limit_bytes, NEW, "65536", 4096, 16 * MIB,
         "Largest message of a Talo socket; beyond it the close code 1009."),
    SIZE("talo.send_buffer_bytes", talo.send_buffer_bytes, NEW, "4194304", 4096, 1024 * MIB,
         "Bytes that may stay unsent to one Talo socket; beyond it the socket is closed."),
    COUNT(
        "talo.bcrypt_cost", talo.bcrypt_cost, NOW, "10", PL_BCRYPT_COST_MIN, PL_BCRYPT_COST_MAX,
        "Cost of hashing players' passwords that are set from now on; one more doubles the time."),
    STRING("talo.profanity_file", talo.profanity_file, RESTART, "", 0, NULL, "a file",
           "Words, one a line, that games may block in identifiers and props; empty is none."),
    BOOL("talo.dev", talo.dev, RESTART, "false",
         "Make a game and an access key for everything at the first start, and print both: for "
         "development (parley serve --dev)."),
};

const size_t pl_setting_row_count = PL_ARRAY_LEN(pl_setting_rows);

const struct pl_setting_row *pl_setting_find(struct pl_str name)
{
    for (size_t i = 0; i < pl_setting_row_count; i++) {
        if (pl_str_eq(name, pl_str_of_cstr(pl_setting_rows[i].name))) {
            return &pl_setting_rows[i];
        }
    }
    return NULL;
}

bool pl_setting_is_group(struct pl_str name)
{
    for (size_t i = 0; i < pl_setting_row_count; i++) {
        struct pl_str one = pl_str_of_cstr(pl_setting_rows[i].name);
        if (pl_str_starts_with(one, name) && one.len > name.len && one.ptr[name.len] == '.') {
            return true;
        }
    }
    return false;
}

const char *pl_setting_change_word(enum pl_setting_change change)
{
    switch (change) {
    case PL_SETTING_CHANGE_RESTART:
        return "restart";
    case PL_SETTING_CHANGE_NEW:
        return "new connections";
    case PL_SETTING_CHANGE_NOW:
        return "at once";
    }
    return "";
}
