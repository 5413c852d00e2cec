/* From the settings to certificates. Threads: any. */
#ifndef PL_APP_TLS_SETTINGS_H
#define PL_APP_TLS_SETTINGS_H

#include "app/settings.h"
#include "net/tls.h"

/* Read the certificates that the settings name into *context: a new one when it is NULL, else as
 * pl_tls_context_reload. Errors as there, with the setting's name in front. */
PL_MUST_CHECK int pl_tls_settings_load(struct pl_tls_context **context,
                                       const struct pl_settings *settings, struct pl_error *err);

/* Whether what the tls settings name can be used; naming nothing is fine unless it is needed. */
PL_MUST_CHECK int pl_tls_settings_check(const struct pl_settings *settings, bool is_needed,
                                        struct pl_error *err);

#endif
