/* A request is always answered at the end of a turn, since a command may not answer what it has
 * deferred. */
#include "app/talo_admin.h"

#include "base/alloc.h"
#include "codec/json_raw.h"
#include "codec/json_string.h"

#include <stdio.h>

#define DEV_GAME "Development" /* as the game of --dev is called */
#define WORD_TEXT_MAX 48
#define WORDS_TEXT_MAX 160 /* of three words */
#define RESULT_BYTES_MAX ((size_t)4 * 1024 * 1024)

/* --- the control command --- */

struct waiting {
    const struct pl_log *log;
    char words[WORDS_TEXT_MAX]; /* for the log; "" of what changes nothing */
    struct pl_control_later *later;
    struct pl_deferred deferred;
    struct pl_loop *loop;
    struct pl_buf result;
    bool has_failed;
    struct pl_error err;
};

static bool only_looks(const char *verb)
{
    static const char *const verbs[] = {"list", "show", "find"};
    for (size_t i = 0; i < PL_ARRAY_LEN(verbs); i++) {
        if (strcmp(verb, verbs[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* "key revoke 4": noun, verb, and what it is about; never a value, which may be a secret. */
static void write_words(char out[WORDS_TEXT_MAX], struct pl_str request)
{
    char words[3][WORD_TEXT_MAX] = {"", "", ""};
    struct pl_json_walk walk;
    struct pl_str list;
    struct pl_str raw;
    if (!pl_json_object_find(&list, request, PL_STR("words"))) {
        return;
    }
    pl_json_array_walk(&walk, list);
    for (size_t i = 0; i < 3 && pl_json_array_next(&raw, &walk); i++) {
        if (raw.len < WORD_TEXT_MAX) {
            ptrdiff_t len = pl_json_string_copy(words[i], raw);
            words[i][len > 0 ? len : 0] = '\0';
        }
    }
    if (!only_looks(words[1])) {
        bool is_value = strchr(words[2], '=') != NULL;
        snprintf(out, WORDS_TEXT_MAX, "%s%s%s%s%s", words[0], words[1][0] != 0 ? " " : "", words[1],
                 words[2][0] != 0 && !is_value ? " " : "", is_value ? "" : words[2]);
    }
}

static void log_change(const struct waiting *waiting)
{
    char text[2 * WORDS_TEXT_MAX];
    char reason[PL_ERROR_TEXT_MAX];
    if (waiting->words[0] == 0) {
        return;
    }
    pl_log_quote(text, sizeof(text), pl_str_of_cstr(waiting->words));
    if (waiting->has_failed) {
        pl_log(waiting->log, PL_LOG_WARN, "talo.administered", "words=%s reason=%s", text,
               pl_log_quote(reason, sizeof(reason), pl_str_of_cstr(waiting->err.text)));
    } else {
        pl_log(waiting->log, PL_LOG_INFO, "talo.administered", "words=%s", text);
    }
}

static void answer(struct pl_deferred *deferred)
{
    struct waiting *waiting = PL_CONTAINER_OF(deferred, struct waiting, deferred);
    log_change(waiting);
    pl_control_finish(&waiting->later, pl_buf_str(&waiting->result),
                      waiting->has_failed ? &waiting->err : NULL);
    if (waiting->result.ptr != NULL) {
        pl_wipe(waiting->result.ptr, waiting->result.len); /* it may hold a token */
    }
    pl_buf_fini(&waiting->result);
    pl_free(waiting);
}

static void on_done(void *user, struct pl_str result, const struct pl_error *err)
{
    struct waiting *waiting = user;
    pl_buf_add_str(&waiting->result, result);
    if (err != NULL) {
        waiting->has_failed = true;
        waiting->err = *err;
    }
    pl_loop_defer(waiting->loop, &waiting->deferred);
}

static int run_talo(void *user, const struct pl_control_request *request,
                    struct pl_json_writer *result, struct pl_error *err)
{
    const struct pl_talo_admin_server *server = user;
    struct pl_talo_admin_config config = {.talo = *server->world, .profanity = *server->profanity};
    (void)result;
    if (config.talo == NULL) {
        return pl_error_set(err, PL_E_STATE,
                            "this server does not serve Talo, or is just starting or ending "
                            "(setting talo.enabled)");
    }
    struct waiting *waiting = pl_alloc(sizeof(*waiting));
    waiting->log = server->log;
    write_words(waiting->words, request->json);
    waiting->later = pl_control_defer(request);
    waiting->deferred.run = answer;
    waiting->loop = server->loop;
    pl_buf_init(&waiting->result, RESULT_BYTES_MAX);
    pl_talo_administer(&config, request->json, on_done, waiting);
    return 0;
}

void pl_talo_admin_add(struct pl_control *control, struct pl_talo_admin_server *server)
{
    pl_control_add(control,
                   &(struct pl_control_command){.name = "talo", .run = run_talo, .user = server});
}

/* --- words --- */

int pl_talo_admin_load_words(struct pl_talo_words **out, const struct pl_settings *settings,
                             struct pl_error *err)
{
    struct pl_error cause = {0};
    *out = NULL;
    if (settings->talo.profanity_file.len == 0) {
        return 0;
    }
    char *path_cstr = pl_str_to_cstr(settings->talo.profanity_file);
    if (path_cstr == NULL) {
        return pl_error_set(err, PL_E_NOMEM, "no memory for a path");
    }
    int rc = pl_talo_words_load(out, path_cstr, &cause);
    if (rc < 0) {
        pl_error_set(err, rc, "talo.profanity_file %.100s: %.100s", path_cstr, cause.text);
    }
    pl_free(path_cstr);
    return rc;
}

/* --- development --- */

/* A game, then a key: each is made if it is missing. */
struct dev {
    struct pl_talo *world;
    const struct pl_log *log;
};

static const struct pl_talo_game *find_dev_game(const struct pl_talo *world)
{
    const struct pl_talo_game *game = NULL;
    while ((game = pl_talo_next_game(world, game == NULL ? 0 : game->id)) != NULL) {
        if (pl_str_eq(game->name, PL_STR(DEV_GAME))) {
            return game;
        }
    }
    return NULL;
}

static const struct pl_talo_key *find_dev_key(const struct pl_talo *world, int64_t game_id)
{
    const struct pl_talo_key *key = NULL;
    while ((key = pl_talo_next_key(world, key == NULL ? 0 : key->id)) != NULL) {
        if (key->game_id == game_id && key->revoked_ms == 0 && key->scopes == PL_TALO_SCOPES_ALL) {
            return key;
        }
    }
    return NULL;
}

/* Print a key's token, which `result` has. */
static void print_key(struct dev *dev, struct pl_str result)
{
    const struct pl_talo_game *game = find_dev_game(dev->world);
    struct pl_str raw = {NULL, 0};
    if (game == NULL || !pl_json_object_find(&raw, result, PL_STR("token"))) {
        return;
    }
    raw = pl_str_first(pl_str_from(raw, 1), raw.len - 2); /* a token has nothing to escape */
    printf("Talo, for development: game %lld \"" DEV_GAME "\"\n  access key " PL_STR_FMT "\n",
           (long long)game->id, PL_STR_ARG(raw));
    fflush(stdout);
}

static void go_on(struct dev *dev);

static void on_dev_step(void *user, struct pl_str result, const struct pl_error *err)
{
    struct dev *dev = user;
    struct pl_str token;
    if (err != NULL) {
        pl_log(dev->log, PL_LOG_ERROR, "talo.dev_failed", "error=%s", pl_error_name(err->code));
        pl_free(dev);
    } else if (pl_json_object_find(&token, result, PL_STR("token"))) {
        print_key(dev, result);
        pl_free(dev);
    } else {
        go_on(dev);
    }
}

static void go_on(struct dev *dev)
{
    struct pl_talo_admin_config config = {.talo = dev->world};
    const struct pl_talo_game *game = find_dev_game(dev->world);
    const struct pl_talo_key *key = game == NULL ? NULL : find_dev_key(dev->world, game->id);
    char request[160] = "{\"words\":[\"game\",\"create\",\"" DEV_GAME "\"]}";
    if (key != NULL) {
        snprintf(request, sizeof(request), "{\"words\":[\"key\",\"show\",\"%lld\"]}",
                 (long long)key->id);
    } else if (game != NULL) {
        snprintf(request, sizeof(request),
                 "{\"words\":[\"key\",\"create\"],\"game\":\"%lld\",\"scopes\":\"*\"}",
                 (long long)game->id);
    }
    pl_talo_administer(&config, pl_str_of_cstr(request), on_dev_step, dev);
}

/* Of the specification's examples: whoever read it can act with them. */
static bool is_known_secret(const struct pl_talo_game *game)
{
    static const char part[] = "00112233445566778899aabbccddeeff";
    const size_t len = sizeof(part) - 1;
    return game->secret.len == 3 * len && memcmp(game->secret.ptr, part, len) == 0 &&
           memcmp(game->secret.ptr, game->secret.ptr + len, 2 * len) == 0;
}

static void warn_of_known_keys(const struct pl_talo *world, const struct pl_log *log)
{
    const struct pl_talo_game *game = NULL;
    const struct pl_talo_verification_key *key = NULL;
    while ((game = pl_talo_next_game(world, game == NULL ? 0 : game->id)) != NULL) {
        if (is_known_secret(game)) {
            pl_log(log, PL_LOG_WARN, "talo.known_secret",
                   "game=%lld hint=\"parley talo game rotate-secret %lld\"", (long long)game->id,
                   (long long)game->id);
        }
    }
    while ((key = pl_talo_next_verification_key(world, key == NULL ? 0 : key->id)) != NULL) {
        if (pl_str_eq(key->value, PL_STR("parley-demo-key"))) {
            pl_log(log, PL_LOG_WARN, "talo.known_verification_key",
                   "game=%lld id=%lld hint=\"parley talo verification-key delete %lld\"",
                   (long long)key->game_id, (long long)key->id, (long long)key->id);
        }
    }
}

static void warn_of_dev_key(const struct pl_talo *world, const struct pl_log *log)
{
    const struct pl_talo_game *game = find_dev_game(world);
    const struct pl_talo_key *key = game == NULL ? NULL : find_dev_key(world, game->id);
    if (key != NULL) {
        pl_log(log, PL_LOG_WARN, "talo.development_key",
               "game=%lld key=%lld hint=\"made by --dev: parley talo key revoke %lld\"",
               (long long)game->id, (long long)key->id, (long long)key->id);
    }
}

void pl_talo_admin_start(struct pl_talo *world, const struct pl_settings *settings,
                         const struct pl_log *log)
{
    warn_of_known_keys(world, log);
    if (!settings->talo.dev) {
        warn_of_dev_key(world, log);
        return;
    }
    struct dev *dev = pl_alloc(sizeof(*dev));
    dev->world = world;
    dev->log = log;
    go_on(dev);
}
