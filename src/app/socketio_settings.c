/* From the settings to a Socket.IO server. */
#include "app/socketio_settings.h"

#include "app/compression.h"
#include "dialect/socketio/socketio.h"

#include <stdio.h>

/* A list as one header value: "GET,POST". NULL ptr without memory for it. */
static bool join(struct pl_str *out, struct pl_arena *arena, const struct pl_setting_list *list)
{
    struct pl_buf text;
    bool is_copied = false;
    pl_buf_init(&text, 65536);
    for (size_t i = 0; i < list->count; i++) {
        if (i > 0) {
            pl_buf_add_char(&text, ',');
        }
        pl_buf_add_str(&text, list->items[i]);
    }
    is_copied = !pl_buf_failed(&text) && pl_arena_copy(out, arena, pl_buf_str(&text));
    pl_buf_fini(&text);
    return is_copied;
}

static int read_cors(struct pl_cors *out, struct pl_arena *arena,
                     const struct pl_settings_cors *settings, struct pl_error *err)
{
    *out = (struct pl_cors){
        .origins = settings->origin.items,
        .origin_count = settings->origin.count,
        .has_credentials = settings->credentials,
        .max_age_s = settings->max_age_s < 0 ? 0 : (uint32_t)settings->max_age_s,
        .options_success_status = (uint16_t)settings->options_success_status,
    };
    if (!join(&out->methods, arena, &settings->methods) ||
        !join(&out->allowed_headers, arena, &settings->allowed_headers) ||
        !join(&out->exposed_headers, arena, &settings->exposed_headers)) {
        return pl_error_set(err, PL_E_TOO_BIG, "the socketio.cors settings are too long");
    }
    return 0;
}

static int read_cookie(struct pl_eio_config *out, struct pl_arena *arena,
                       const struct pl_settings_cookie *settings, struct pl_error *err)
{
    static const char *const same_site[] = {
        [PL_SAME_SITE_LAX] = "Lax", [PL_SAME_SITE_STRICT] = "Strict", [PL_SAME_SITE_NONE] = "None"};
    struct pl_buf text;
    bool is_copied = false;
    if (!settings->enabled) {
        return 0;
    }
    pl_buf_init(&text, 4096);
    if (settings->path.len > 0) {
        pl_buf_addf(&text, "; Path=" PL_STR_FMT, PL_STR_ARG(settings->path));
    }
    pl_buf_addf(&text, "%s; SameSite=%s", settings->http_only ? "; HttpOnly" : "",
                same_site[settings->same_site]);
    is_copied =
        !pl_buf_failed(&text) && pl_arena_copy(&out->cookie_attributes, arena, pl_buf_str(&text));
    pl_buf_fini(&text);
    if (!is_copied) {
        return pl_error_set(err, PL_E_TOO_BIG, "the socketio.cookie settings are too long");
    }
    out->cookie = settings->name;
    return 0;
}

static struct pl_eio_config eio_config(const struct pl_settings_socketio *settings)
{
    unsigned transports = pl_settings_transports(settings);
    return (struct pl_eio_config){
        .path = settings->path,
        .has_trailing_slash = settings->add_trailing_slash,
        .ping_interval_ms = (uint32_t)settings->ping_interval_ms,
        .ping_timeout_ms = (uint32_t)settings->ping_timeout_ms,
        .upgrade_timeout_ms = (uint32_t)settings->upgrade_timeout_ms,
        .max_http_buffer_size = settings->max_http_buffer_size,
        .send_limit_bytes = (uint32_t)pl_size_min(settings->send_buffer_bytes, UINT32_MAX),
        .allows_polling = (transports & PL_TRANSPORT_POLLING) != 0,
        .allows_websocket = (transports & PL_TRANSPORT_WEBSOCKET) != 0,
        .allows_upgrades = settings->allow_upgrades,
        .allows_revision_3 = settings->allow_eio3,
        .initial_packet = settings->initial_packet,
        .http_compression_threshold_bytes =
            settings->http_compression.enabled ? settings->http_compression.threshold_bytes : 0,
    };
}

static struct pl_sio_config sio_config(const struct pl_settings *all)
{
    const struct pl_settings_socketio *settings = &all->socketio;
    return (struct pl_sio_config){
        .connect_timeout_ms = (uint32_t)settings->connect_timeout_ms,
        .ack_timeout_ms = (uint32_t)settings->ack_timeout_ms,
        .attachments_max = settings->max_attachments,
        .attachments_timeout_ms = (uint32_t)settings->attachments_timeout_ms,
        .namespaces_max = settings->namespaces_per_connection_max,
        .child_namespaces_max = settings->child_namespaces_max,
        .pending_acks_max = settings->pending_acks_max,
        .rooms_max = settings->rooms_per_socket_max,
        .messages_per_second = all->rate.messages_per_second,
        .messages_burst = all->rate.burst,
        .parser = (enum pl_sio_parser)settings->parser,
        .cleans_up_child_namespaces = settings->cleanup_empty_child_namespaces,
        .recovery =
            {
                .is_enabled = settings->recovery.enabled,
                .skips_middlewares = settings->recovery.skip_middlewares,
                .max_disconnection_ms = settings->recovery.max_disconnection_ms,
                .sessions_max = settings->recovery.max_sessions,
                .packets_max = settings->recovery.max_packets,
                .bytes_max = settings->recovery.max_bytes,
            },
    };
}

int pl_socketio_config_read(struct pl_socketio_config *out, struct pl_settings *settings,
                            struct pl_error *err)
{
    *out = (struct pl_socketio_config){.sio = sio_config(settings)};
    out->sio.eio = eio_config(&settings->socketio);
    int rc = read_cors(&out->cors, &settings->arena, &settings->socketio.cors, err);
    return rc < 0 ? rc
                  : read_cookie(&out->sio.eio, &settings->arena, &settings->socketio.cookie, err);
}

int pl_socketio_create(struct parley_io **out, struct parley_app *app,
                       struct pl_socketio_config *config, struct pl_metrics *metrics,
                       struct pl_error *err)
{
    const struct pl_settings_socketio *settings = &app->settings->socketio;
    if (!settings->enabled) {
        return 0;
    }
    config->sio.eio.cors = &config->cors;
    config->sio.eio.compression = pl_compression_create(app->web, &settings->per_message_deflate);
    return pl_sio_create(out,
                         &(struct pl_sio_params){.app = app,
                                                 .web = app->web,
                                                 .hub = app->hub,
                                                 .log = app->log,
                                                 .metrics = metrics,
                                                 .config = &config->sio},
                         err);
}

void pl_socketio_configure(struct parley_io *io, struct pl_socketio_config *running,
                           const struct pl_socketio_config *read)
{
    running->cors = read->cors; /* in place: the routes borrow it */
    running->sio = read->sio;
    if (io != NULL) {
        pl_sio_configure(io, &running->sio);
    }
}
