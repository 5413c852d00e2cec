/* What administrators own, in memory: games with their live configurations, access keys,
 * verification keys. Loaded at the start, changed only when an operation that changed them has come
 * back. Secrets are in the clear here, and wiped.
 * Threads: the hub's. */
#ifndef PL_SERVICE_TALO_ADMIN_H
#define PL_SERVICE_TALO_ADMIN_H

#include "base/list.h"
#include "service/talo/by_id.h"
#include "service/talo/secrets.h"
#include "store/talo/games.h"

#include <openssl/types.h>

#define PL_TALO_ADMIN_LOAD_BYTES ((size_t)256 * 1024 * 1024) /* of everything */

struct pl_talo_admin {
    struct pl_talo_by_id games;             /* struct pl_talo_game_entry */
    struct pl_talo_by_id keys;              /* struct pl_talo_key_entry */
    struct pl_talo_by_id verification_keys; /* struct pl_talo_verification_entry */
    struct pl_list used_keys; /* whose last use is not written yet, first used first */
    uint64_t change_count;    /* so that a load that is under way can tell whether it is late */
    EVP_MAC *hmac;
};

struct pl_talo_game_entry {
    struct pl_talo_game game; /* with its own texts */
    bool has_new_secret;      /* what the one before opened is still open (effects_admin.c) */
    struct pl_talo_props *config;
    struct pl_list verification_keys;
};

struct pl_talo_key_entry {
    struct pl_talo_key key;
    struct pl_list used; /* on admin->used_keys */
};

struct pl_talo_verification_entry {
    struct pl_talo_verification_key key; /* with its own texts */
    struct pl_list in_game;
    EVP_MAC_CTX *mac; /* keyed; begun anew for each use */
};

void pl_talo_admin_init(struct pl_talo_admin *admin);
void pl_talo_admin_fini(struct pl_talo_admin *admin);

/* Take over what was loaded; what is there and was not loaded is gone. PL_E_STATE when a secret does
 * not open: another sealing key. */
PL_MUST_CHECK int pl_talo_admin_fill(struct pl_talo_admin *admin,
                                     const struct pl_talo_op_admin_load *loaded,
                                     const uint8_t sealing_key[PL_SEAL_KEY_BYTES],
                                     struct pl_error *err);

/* NULL when there is none. */
struct pl_talo_game_entry *pl_talo_admin_find_game(const struct pl_talo_admin *admin, int64_t id);
struct pl_talo_key_entry *pl_talo_admin_find_key(const struct pl_talo_admin *admin, int64_t id);

/* New, or as it is now. Texts are copied; an empty secret leaves the one that is there. */
void pl_talo_admin_set_game(struct pl_talo_admin *admin, const struct pl_talo_game *game);
void pl_talo_admin_set_key(struct pl_talo_admin *admin, const struct pl_talo_key *key);
void pl_talo_admin_set_verification_key(struct pl_talo_admin *admin,
                                        const struct pl_talo_verification_key *key);
void pl_talo_admin_remove_verification_key(struct pl_talo_admin *admin, int64_t id);

/* The live config as clients see it: keys that start with META_ are left out. */
void pl_talo_admin_set_config(struct pl_talo_admin *admin, int64_t game_id,
                              const struct pl_talo_props *props);

/* The game's verification key of this version; NULL: none. */
struct pl_talo_verification_entry *pl_talo_admin_find_version(const struct pl_talo_admin *admin,
                                                              int64_t game_id,
                                                              struct pl_str version);

/* HMAC-SHA256 of `text` with the key's value. False when the library fails. */
PL_MUST_CHECK bool pl_talo_admin_mac(uint8_t out[32], struct pl_talo_admin *admin,
                                     struct pl_talo_verification_entry *entry, struct pl_str text);

#endif
