/* Three tables by id. An entry's texts are copies of its own. */
#include "service/talo/admin.h"

#include "base/alloc.h"
#include "service/talo/entity_copy.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#define SECRET_MAX 1024 /* a game's has 96 bytes, a verification key's value at most 400 */

void pl_talo_admin_init(struct pl_talo_admin *admin)
{
    *admin = (struct pl_talo_admin){.hmac = EVP_MAC_fetch(NULL, "HMAC", NULL)};
    PL_ASSERT(admin->hmac != NULL);
    pl_list_init(&admin->used_keys);
}

static struct pl_str copy_text(struct pl_str text)
{
    return pl_str_make(pl_strdup_n(text.len == 0 ? "" : text.ptr, text.len), text.len);
}

static void free_text(struct pl_str text)
{
    pl_free((void *)(uintptr_t)text.ptr);
}

static void free_secret(struct pl_str secret)
{
    if (secret.ptr != NULL) {
        pl_wipe((void *)(uintptr_t)secret.ptr, secret.len);
    }
    free_text(secret);
}

static void free_game_texts(struct pl_talo_game *game)
{
    free_text(game->name);
    free_secret(game->secret);
    free_text(game->display_name_key);
}

static void free_verification_key(struct pl_talo_verification_entry *entry)
{
    pl_list_remove(&entry->in_game);
    free_text(entry->key.version);
    free_secret(entry->key.value);
    EVP_MAC_CTX_free(entry->mac);
    pl_free(entry);
}

void pl_talo_admin_fini(struct pl_talo_admin *admin)
{
    for (size_t i = 0; i < admin->verification_keys.count; i++) {
        free_verification_key(admin->verification_keys.items[i].value);
    }
    for (size_t i = 0; i < admin->keys.count; i++) {
        pl_free(admin->keys.items[i].value);
    }
    for (size_t i = 0; i < admin->games.count; i++) {
        struct pl_talo_game_entry *entry = admin->games.items[i].value;
        free_game_texts(&entry->game);
        pl_free(entry->config);
        pl_free(entry);
    }
    pl_talo_by_id_fini(&admin->verification_keys);
    pl_talo_by_id_fini(&admin->keys);
    pl_talo_by_id_fini(&admin->games);
    EVP_MAC_free(admin->hmac);
    *admin = (struct pl_talo_admin){0};
}

/* --- finding --- */

struct pl_talo_game_entry *pl_talo_admin_find_game(const struct pl_talo_admin *admin, int64_t id)
{
    return pl_talo_by_id_find(&admin->games, id);
}

struct pl_talo_key_entry *pl_talo_admin_find_key(const struct pl_talo_admin *admin, int64_t id)
{
    return pl_talo_by_id_find(&admin->keys, id);
}

struct pl_talo_verification_entry *pl_talo_admin_find_version(const struct pl_talo_admin *admin,
                                                              int64_t game_id,
                                                              struct pl_str version)
{
    struct pl_talo_game_entry *game = pl_talo_admin_find_game(admin, game_id);
    if (game == NULL) {
        return NULL;
    }
    PL_LIST_EACH(node, &game->verification_keys)
    {
        struct pl_talo_verification_entry *entry =
            PL_CONTAINER_OF(node, struct pl_talo_verification_entry, in_game);
        if (pl_str_eq(entry->key.version, version)) {
            return entry;
        }
    }
    return NULL;
}

/* --- changing --- */

static struct pl_talo_game_entry *add_game(struct pl_talo_admin *admin, int64_t id)
{
    struct pl_talo_game_entry *entry = pl_alloc(sizeof(*entry));
    pl_list_init(&entry->verification_keys);
    entry->config = pl_talo_props_copy(&(struct pl_talo_props){0});
    (void)pl_talo_by_id_put(&admin->games, id, entry);
    return entry;
}

void pl_talo_admin_set_game(struct pl_talo_admin *admin, const struct pl_talo_game *game)
{
    struct pl_talo_game_entry *entry = pl_talo_admin_find_game(admin, game->id);
    struct pl_talo_game before = {0};
    admin->change_count++;
    if (entry == NULL) {
        entry = add_game(admin, game->id);
    }
    before = entry->game;
    entry->game = *game;
    entry->game.name = copy_text(game->name);
    entry->game.display_name_key = copy_text(game->display_name_key);
    if (game->secret.len == 0 && before.secret.ptr != NULL) {
        entry->game.secret = before.secret;
        before.secret = (struct pl_str){0};
    } else {
        entry->game.secret = copy_text(game->secret);
        entry->has_new_secret = entry->has_new_secret || (before.secret.ptr != NULL &&
                                                          !pl_str_eq(before.secret, game->secret));
    }
    free_game_texts(&before);
}

void pl_talo_admin_set_config(struct pl_talo_admin *admin, int64_t game_id,
                              const struct pl_talo_props *props)
{
    struct pl_talo_game_entry *entry = pl_talo_admin_find_game(admin, game_id);
    struct pl_talo_props seen = {0};
    admin->change_count++;
    if (entry == NULL) {
        return;
    }
    seen.items = pl_alloc_array(props->count, sizeof(*seen.items));
    for (size_t i = 0; i < props->count; i++) {
        if (!pl_str_starts_with(props->items[i].key, PL_STR("META_"))) {
            seen.items[seen.count++] = props->items[i];
        }
    }
    pl_free(entry->config);
    entry->config = pl_talo_props_copy(&seen);
    pl_free(seen.items);
}

void pl_talo_admin_set_key(struct pl_talo_admin *admin, const struct pl_talo_key *key)
{
    struct pl_talo_key_entry *entry = pl_talo_admin_find_key(admin, key->id);
    int64_t last_used_ms = 0;
    admin->change_count++;
    if (entry == NULL) {
        entry = pl_alloc(sizeof(*entry));
        pl_list_init(&entry->used);
        (void)pl_talo_by_id_put(&admin->keys, key->id, entry);
    }
    last_used_ms = pl_i64_max(entry->key.last_used_ms, key->last_used_ms);
    entry->key = *key;
    entry->key.last_used_ms = last_used_ms;
}

void pl_talo_admin_remove_verification_key(struct pl_talo_admin *admin, int64_t id)
{
    struct pl_talo_verification_entry *entry = pl_talo_by_id_remove(&admin->verification_keys, id);
    admin->change_count++;
    if (entry != NULL) {
        free_verification_key(entry);
    }
}

void pl_talo_admin_set_verification_key(struct pl_talo_admin *admin,
                                        const struct pl_talo_verification_key *key)
{
    struct pl_talo_game_entry *game = pl_talo_admin_find_game(admin, key->game_id);
    struct pl_talo_verification_entry *entry = NULL;
    pl_talo_admin_remove_verification_key(admin, key->id);
    if (game == NULL) {
        return;
    }
    entry = pl_alloc(sizeof(*entry));
    entry->key = *key;
    entry->key.version = copy_text(key->version);
    entry->key.value = copy_text(key->value);
    pl_list_push_back(&game->verification_keys, &entry->in_game);
    (void)pl_talo_by_id_put(&admin->verification_keys, key->id, entry);
}

/* --- loading --- */

static int open_secret(struct pl_buf *out, const uint8_t sealing_key[PL_SEAL_KEY_BYTES],
                       enum pl_talo_secret kind, int64_t id, struct pl_str sealed,
                       struct pl_error *err)
{
    pl_buf_clear(out);
    if (pl_talo_secret_open(out, sealing_key, kind, id, sealed, NULL) < 0) {
        return pl_error_set(
            err, PL_E_STATE,
            "the secret of %s %lld does not open: it was sealed with another key; put the "
            "store.key that belongs to this database into the data directory",
            kind == PL_TALO_SECRET_GAME ? "game" : "verification key", (long long)id);
    }
    return 0;
}

static int fill_games(struct pl_talo_admin *admin, const struct pl_talo_op_admin_load *loaded,
                      const uint8_t *sealing_key, struct pl_buf *plain, struct pl_error *err)
{
    for (size_t i = 0; i < loaded->game_count; i++) {
        struct pl_talo_game game = loaded->games[i];
        int rc = open_secret(plain, sealing_key, PL_TALO_SECRET_GAME, game.id, game.secret, err);
        if (rc < 0) {
            return rc;
        }
        game.secret = pl_buf_str(plain);
        pl_talo_admin_set_game(admin, &game);
    }
    return 0;
}

/* Verification keys are the only ones of these that are ever deleted. */
static void drop_missing(struct pl_talo_admin *admin, const struct pl_talo_op_admin_load *loaded)
{
    size_t at = 0;
    const struct pl_talo_verification_entry *entry =
        pl_talo_by_id_next(&admin->verification_keys, 0);
    while (entry != NULL) {
        int64_t id = entry->key.id;
        while (at < loaded->verification_key_count && loaded->verification_keys[at].id < id) {
            at++;
        }
        if (at == loaded->verification_key_count || loaded->verification_keys[at].id != id) {
            pl_talo_admin_remove_verification_key(admin, id);
        }
        entry = pl_talo_by_id_next(&admin->verification_keys, id);
    }
}

static int fill_verification_keys(struct pl_talo_admin *admin,
                                  const struct pl_talo_op_admin_load *loaded,
                                  const uint8_t *sealing_key, struct pl_buf *plain,
                                  struct pl_error *err)
{
    drop_missing(admin, loaded);
    for (size_t i = 0; i < loaded->verification_key_count; i++) {
        struct pl_talo_verification_key key = loaded->verification_keys[i];
        int rc = open_secret(plain, sealing_key, PL_TALO_SECRET_VERIFICATION_KEY, key.id, key.value,
                             err);
        if (rc < 0) {
            return rc;
        }
        key.value = pl_buf_str(plain);
        pl_talo_admin_set_verification_key(admin, &key);
    }
    return 0;
}

int pl_talo_admin_fill(struct pl_talo_admin *admin, const struct pl_talo_op_admin_load *loaded,
                       const uint8_t sealing_key[PL_SEAL_KEY_BYTES], struct pl_error *err)
{
    struct pl_buf plain;
    int rc = 0;
    pl_buf_init(&plain, SECRET_MAX);
    (void)pl_buf_reserve(&plain, SECRET_MAX); /* so that no growth leaves a copy behind */
    rc = fill_games(admin, loaded, sealing_key, &plain, err);
    if (rc == 0) {
        rc = fill_verification_keys(admin, loaded, sealing_key, &plain, err);
    }
    for (size_t i = 0; rc == 0 && i < loaded->key_count; i++) {
        pl_talo_admin_set_key(admin, &loaded->keys[i]);
    }
    for (size_t i = 0; rc == 0 && i < loaded->config_count; i++) {
        pl_talo_admin_set_config(admin, loaded->configs[i].game_id, &loaded->configs[i].props);
    }
    if (plain.ptr != NULL) {
        pl_wipe(plain.ptr, plain.cap);
    }
    pl_buf_fini(&plain);
    return rc;
}

/* --- signing --- */

/* Key a context for the first time. */
static EVP_MAC_CTX *keyed(struct pl_talo_admin *admin, struct pl_str value)
{
    char digest[] = "SHA256";
    const OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
                                 OSSL_PARAM_END};
    EVP_MAC_CTX *mac = EVP_MAC_CTX_new(admin->hmac);
    if (mac != NULL &&
        EVP_MAC_init(mac, (const unsigned char *)value.ptr, value.len, params) != 1) {
        EVP_MAC_CTX_free(mac);
        return NULL;
    }
    return mac;
}

bool pl_talo_admin_mac(uint8_t out[32], struct pl_talo_admin *admin,
                       struct pl_talo_verification_entry *entry, struct pl_str text)
{
    size_t len = 0;
    if (entry->mac == NULL) {
        entry->mac = keyed(admin, entry->key.value);
    }
    return entry->mac != NULL && EVP_MAC_init(entry->mac, NULL, 0, NULL) == 1 &&
           EVP_MAC_update(entry->mac, (const unsigned char *)text.ptr, text.len) == 1 &&
           EVP_MAC_final(entry->mac, out, &len, 32) == 1 && len == 32;
}
