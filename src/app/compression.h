/* From the settings to compression. Threads: the hub's. */
#ifndef PL_APP_COMPRESSION_H
#define PL_APP_COMPRESSION_H

#include "app/settings.h"
#include "web/web.h"

/* Content codings, as http.compression has them. */
void pl_compression_set_http(struct pl_web *web,
                             const struct pl_settings_http_compression *settings);

/* permessage-deflate as the settings have it; NULL when it is off. The server owns it. */
struct pl_ws_compression *pl_compression_create(struct pl_web *web,
                                                const struct pl_settings_message_deflate *settings);

#endif
