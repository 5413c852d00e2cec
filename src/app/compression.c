/* From the settings to compression: of HTTP answers, and of WebSocket messages. */
#include "app/compression.h"

#include "web/ws_compress.h"

void pl_compression_set_http(struct pl_web *web,
                             const struct pl_settings_http_compression *settings)
{
    pl_web_set_compression(web, &(struct pl_web_compression){
                                    .is_enabled = settings->enabled,
                                    .threshold_bytes = settings->threshold_bytes,
                                    .limit_bytes = settings->limit_bytes,
                                    .cache_bytes = settings->cache_bytes,
                                    .level = (int)settings->level,
                                });
}

struct pl_ws_compression *pl_compression_create(struct pl_web *web,
                                                const struct pl_settings_message_deflate *settings)
{
    if (!settings->enabled) {
        return NULL;
    }
    return pl_ws_compression_create(
        web,
        &(struct pl_ws_compression_config){
            .policy = {.client_max_window_bits = (uint8_t)settings->client_max_window_bits,
                       .wants_client_no_context_takeover = settings->client_no_context_takeover},
            .threshold_bytes = settings->threshold_bytes,
            .level = (int)settings->level,
            .mem_level = (int)settings->mem_level,
        });
}
