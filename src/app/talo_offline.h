/* Administration when no server runs: the store and the world above it, opened for one command,
 * without listeners. The data directory is locked meanwhile.
 * Threads: one. */
#ifndef PL_APP_TALO_OFFLINE_H
#define PL_APP_TALO_OFFLINE_H

#include "app/settings.h"
#include "base/buf.h"
#include "base/log.h"

struct pl_talo_offline;

/* Returns 0, PL_E_EXISTS when a server has the data directory, or what opening the store and loading
 * the world may return. settings and log are borrowed. */
PL_MUST_CHECK int pl_talo_offline_open(struct pl_talo_offline **out,
                                       const struct pl_settings *settings, const struct pl_log *log,
                                       struct pl_error *err);

/* Carry out one request, as the control command "talo" would; its result is appended. */
PL_MUST_CHECK int pl_talo_offline_run(struct pl_buf *result, struct pl_talo_offline *offline,
                                      struct pl_str request, struct pl_error *err);

/* Write what waits, and close. NULL is fine. */
void pl_talo_offline_close(struct pl_talo_offline *offline);

#endif
