/* Games and keys in the store of a server that does not run, for the wire tests of Talo:
 *   talo_seed DIR game NAME VERIFIES(0|1)    its id
 *   talo_seed DIR key GAME SCOPE,SCOPE...    its token
 *   talo_seed DIR verification GAME VERSION VALUE
 *   talo_seed DIR config GAME KEY VALUE */
#include "app/store_place.h"
#include "base/env.h"
#include "codec/jwt.h"
#include "service/talo/secrets.h"
#include "service/talo/talo.h"
#include "store/talo/games.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct seed {
    struct pl_store *store;
    uint8_t key[PL_SEAL_KEY_BYTES];
    struct pl_talo_op_admin_load *load;
};

static void die(const char *what, const char *why)
{
    fprintf(stderr, "talo_seed: %s: %s\n", what, why);
    exit(1);
}

static void *op_of(const struct pl_store_op_type *type)
{
    return pl_store_op_create(type, 0);
}

static void run(struct seed *seed, struct pl_store_op *op)
{
    if (pl_store_run(seed->store, op) != 0) {
        die(op->type->name, op->rc < 0 ? op->error.text : "refused");
    }
}

static void wake_nobody(void *user)
{
    (void)user;
}

static void open_store(struct seed *seed, const char *dir)
{
    char url[4096];
    struct pl_error err = {0};
    struct pl_log log;
    pl_log_init(&log, 2);
    snprintf(url, sizeof(url), "sqlite:%s/store.db", dir);
    if (pl_store_place_key(seed->key, pl_str_of_cstr(dir), &err) < 0 ||
        pl_store_open(
            &seed->store,
            &(struct pl_store_config){.url = pl_str_of_cstr(url), .wake = wake_nobody, .log = &log},
            true, &err) < 0) {
        die(dir, err.text);
    }
    seed->load = op_of(&pl_talo_op_admin_load_type);
    run(seed, &seed->load->op);
}

static void seal(struct pl_buf *out, struct seed *seed, enum pl_talo_secret kind, int64_t id,
                 struct pl_str plain)
{
    uint8_t nonce[PL_SEAL_NONCE_BYTES];
    pl_random_bytes(nonce, sizeof(nonce));
    pl_talo_secret_seal(out, seed->key, nonce, kind, id, plain);
}

static void make_game(struct seed *seed, char **words)
{
    struct pl_talo_op_game_create *op = op_of(&pl_talo_op_game_create_type);
    uint8_t random[PL_TALO_SECRET_LEN / 2];
    char secret[PL_TALO_SECRET_LEN + 1];
    struct pl_buf sealed;
    pl_random_bytes(random, sizeof(random));
    for (size_t i = 0; i < sizeof(random); i++) {
        snprintf(secret + 2 * i, 3, "%02x", random[i]);
    }
    pl_buf_init(&sealed, 4096);
    op->game = (struct pl_talo_game){
        .id = seed->load->highest_ids[PL_TALO_ID_GAME] + 1,
        .name = pl_str_of_cstr(words[0]),
        .secret = pl_str_of_cstr(secret),
        .verifies_requests = words[1][0] == '1',
        .display_name_key = PL_STR(""),
        .created_ms = pl_clock_unix_us() / 1000,
    };
    seal(&sealed, seed, PL_TALO_SECRET_GAME, op->game.id, op->game.secret);
    op->sealed_secret = pl_buf_str(&sealed);
    run(seed, &op->op);
    printf("%lld\n", (long long)op->game.id);
}

static void print_token(struct seed *seed, const struct pl_talo_key *key)
{
    char payload[128];
    struct pl_buf secret;
    struct pl_buf token;
    pl_buf_init(&secret, 4096);
    pl_buf_init(&token, 4096);
    for (size_t i = 0; i < seed->load->game_count; i++) {
        const struct pl_talo_game *game = &seed->load->games[i];
        if (game->id == key->game_id && pl_talo_secret_open(&secret, seed->key, PL_TALO_SECRET_GAME,
                                                            game->id, game->secret, NULL) < 0) {
            die("secret", "cannot be opened");
        }
    }
    snprintf(payload, sizeof(payload), "{\"sub\":%lld,\"api\":true,\"iat\":%lld}",
             (long long)key->id, (long long)key->created_s);
    pl_jwt_write(&token, pl_str_of_cstr(payload), pl_buf_str(&secret));
    printf(PL_STR_FMT "\n", PL_STR_ARG(pl_buf_str(&token)));
}

static void make_key(struct seed *seed, char **words)
{
    struct pl_talo_op_key_create *op = op_of(&pl_talo_op_key_create_type);
    struct pl_str rest = pl_str_of_cstr(words[1]);
    op->key = (struct pl_talo_key){
        .id = seed->load->highest_ids[PL_TALO_ID_KEY] + 1,
        .game_id = atoll(words[0]),
        .created_s = pl_clock_unix_us() / 1000000,
    };
    while (rest.len > 0) {
        uint32_t scope = pl_talo_scope_parse(pl_str_split(&rest, ','));
        if (scope == 0) {
            die(words[1], "unknown scope");
        }
        op->key.scopes |= scope;
    }
    run(seed, &op->op);
    print_token(seed, &op->key);
}

static void make_verification_key(struct seed *seed, char **words)
{
    struct pl_talo_op_verification_key_create *op = op_of(&pl_talo_op_verification_key_create_type);
    struct pl_buf sealed;
    pl_buf_init(&sealed, 4096);
    op->key = (struct pl_talo_verification_key){
        .id = seed->load->highest_ids[PL_TALO_ID_VERIFICATION_KEY] + 1,
        .game_id = atoll(words[0]),
        .version = pl_str_of_cstr(words[1]),
        .value = pl_str_of_cstr(words[2]),
        .created_ms = pl_clock_unix_us() / 1000,
    };
    seal(&sealed, seed, PL_TALO_SECRET_VERIFICATION_KEY, op->key.id, op->key.value);
    op->sealed_value = pl_buf_str(&sealed);
    run(seed, &op->op);
}

static void set_config(struct seed *seed, char **words)
{
    struct pl_talo_op_config_update *op = op_of(&pl_talo_op_config_update_type);
    struct pl_talo_prop_change change = {
        .key = pl_str_of_cstr(words[1]),
        .value = pl_str_of_cstr(words[2]),
    };
    op->game_id = atoll(words[0]);
    op->changes = (struct pl_talo_prop_changes){&change, 1};
    run(seed, &op->op);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        int words;
        void (*run)(struct seed *seed, char **words);
    } commands[] = {
        {"game", 2, make_game},
        {"key", 2, make_key},
        {"verification", 3, make_verification_key},
        {"config", 3, set_config},
    };
    struct seed seed = {0};
    for (size_t i = 0; argc > 2 && i < PL_ARRAY_LEN(commands); i++) {
        if (strcmp(argv[2], commands[i].name) == 0 && argc == 3 + commands[i].words) {
            open_store(&seed, argv[1]);
            commands[i].run(&seed, argv + 3);
            pl_store_destroy(seed.store);
            fflush(stdout);
            _exit(0); /* what was allocated goes with the process */
        }
    }
    die("usage", "talo_seed DIR game|key|verification|config ...");
    return 1;
}
