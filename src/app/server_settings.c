/* What the parts of a server take from the settings, at the start and whenever they are read again. */
#include "app/compression.h"
#include "app/protect_settings.h"
#include "app/server_internal.h"
#include "io/threads.h"

void pl_server_use_log(struct server *server)
{
    pl_settings_set_log(&server->log, server->settings);
}

void pl_server_use_threads(struct server *server)
{
    const struct pl_settings_connections *limits = &server->settings->connections;
    struct pl_io_threads *threads =
        server->web == NULL ? NULL : pl_web_threads(server->web); /* they come after the loop */
    if (threads != NULL) {
        pl_io_threads_set_limits(
            threads, &(struct pl_io_limits){
                         .input_messages_per_turn = limits->input_messages_per_turn,
                         .input_us_per_turn = limits->input_us_per_turn,
                         .bytes_per_second_min = server->settings->http.min_bytes_per_second,
                     });
    }
}

void pl_server_use_connections(struct server *server)
{
    const struct pl_settings_connections *limits = &server->settings->connections;
    pl_loop_set_input_slice(server->loop, limits->input_messages_per_turn,
                            limits->input_us_per_turn);
    server->conns.count_max =
        limits->max > 0 ? pl_size_min(limits->max, server->conns_by_files) : server->conns_by_files;
    server->conns.handshakes_per_turn = server->settings->tls.handshakes_per_turn;
    pl_protect_settings_set_peers(server->conns.peers, server->settings);
    server->conns.bytes_per_second_min = server->settings->http.min_bytes_per_second;
    pl_metrics_set(&server->metrics, PL_METRIC_CONNECTIONS_MAX, (int64_t)server->conns.count_max);
    pl_server_use_threads(server);
}

static void use_inbound(struct server *server)
{
    pl_hub_set_inbound_max(server->hub, server->settings->inbound.messages_max,
                           server->settings->inbound.bytes_max);
}

struct pl_web_limits pl_server_web_limits(const struct pl_settings *settings)
{
    const struct pl_settings_http *http = &settings->http;
    return (struct pl_web_limits){
        .head_bytes = http->head_limit_bytes,
        .header_timeout_ms = (uint32_t)http->header_timeout_ms,
        .body_timeout_ms = (uint32_t)http->body_timeout_ms,
        .keep_alive_timeout_ms = (uint32_t)http->keep_alive_timeout_ms,
        .ws_close_timeout_ms = (uint32_t)settings->websocket.close_timeout_ms,
        .ws_message_timeout_ms = (uint32_t)settings->websocket.message_timeout_ms,
    };
}

void pl_server_use_web(struct server *server)
{
    struct pl_web_limits limits = pl_server_web_limits(server->settings);
    pl_web_set_limits(server->web, &limits);
    pl_compression_set_http(server->web, &server->settings->http.compression);
    pl_protect_settings_set_origins(server->web, server->settings);
}

/* --- reading them again --- */

/* Certificates, then listeners: both are as before when they fail, and a listener that fails takes
 * the certificates with it. */
int pl_server_prepare_reload(void *user, struct pl_settings *read, struct pl_error *err)
{
    struct server *server = user;
    int rc = pl_socketio_config_read(&server->socketio_read, read, err);
    if (rc == 0) {
        rc = pl_listeners_reload_certificates(server->listeners, read, err);
    }
    if (rc < 0) {
        return rc;
    }
    rc = pl_listeners_apply(server->listeners, read, NULL, 0, err);
    if (rc < 0) {
        (void)!pl_listeners_reload_certificates(server->listeners, server->settings, NULL);
        return rc;
    }
    return (int)pl_listeners_certificate_count(server->listeners);
}

void pl_server_apply_reload(void *user)
{
    static void (*const parts[])(struct server *) = {pl_server_use_log, pl_server_use_connections,
                                                     use_inbound, pl_server_use_web};
    struct server *server = user;
    for (size_t i = 0; i < PL_ARRAY_LEN(parts); i++) {
        parts[i](server);
    }
    pl_socketio_configure(server->app.io, &server->socketio, &server->socketio_read);
    pl_talo_server_configure(&server->talo);
    pl_app_reloaded(&server->app);
}
