/* Where the store is and what seals its secrets: for the server, and for commands that open it when
 * no server runs.
 * Threads: one at a time. */
#ifndef PL_APP_STORE_PLACE_H
#define PL_APP_STORE_PLACE_H

#include "app/settings.h"
#include "codec/seal.h"

/* Append the URL for pl_store_open: store.url, or the file store.db in data_dir. */
void pl_store_place_url(struct pl_buf *out, const struct pl_settings *settings);

/* Whether nothing has been kept yet: the store is SQLite, and its file is not there. */
bool pl_store_place_is_missing(const struct pl_settings *settings);

/* The key in DIR/store.key (64 hex digits, 0600); where there is none, a new one, which is written by
 * pl_store_place_keep_key alone. Whoever has it wipes it. Returns 0, or 1 for a new one; PL_E_IO, or
 * PL_E_INVALID for a file that holds no key. */
PL_MUST_CHECK int pl_store_place_key(uint8_t key[PL_SEAL_KEY_BYTES], struct pl_str dir,
                                     struct pl_error *err);

/* Write a new key down, durably. PL_E_IO, also when there is a file by now, which stays. */
PL_MUST_CHECK int pl_store_place_keep_key(const uint8_t key[PL_SEAL_KEY_BYTES], struct pl_str dir,
                                          struct pl_error *err);

#endif
