/* From the settings under protect to the limits by address and the allowed origins, and what about
 * origins does not go together.
 * Threads: the loop's; the check: any. */
#ifndef PL_APP_PROTECT_SETTINGS_H
#define PL_APP_PROTECT_SETTINGS_H

#include "app/settings.h"
#include "net/peers.h"
#include "web/web.h"

/* Returns 0, or PL_E_INVALID naming both settings: credentials for any origin, CORS for an origin
 * that would be refused. */
PL_MUST_CHECK int pl_protect_settings_check(const struct pl_settings *settings,
                                            struct pl_error *err);

/* Peers without limits, and with those of the settings. */
struct pl_peers *pl_protect_settings_create_peers(void);
void pl_protect_settings_set_peers(struct pl_peers *peers, const struct pl_settings *settings);

/* Let `web` ask for origins, unless any will do. Borrows from the settings until the next call. */
void pl_protect_settings_set_origins(struct pl_web *web, const struct pl_settings *settings);

#endif
