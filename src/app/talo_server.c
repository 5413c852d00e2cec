/* What comes back from the store is taken at the beginning of a turn: a worker only wakes the loop,
 * so that no result is lost however full the loop's queue of posts is. */
#include "app/talo_server.h"

#include "app/talo_world.h"
#include "base/env.h"

#define SETTLE_MS 5000  /* for the operations under way to end */
#define CLOSE_CODE 3000 /* spec talo, 1.3: for any reason of the server's own */

static void wake(void *user)
{
    struct pl_talo_server *self = user;
    pl_loop_wake(self->app->loop);
}

static void take_results(struct pl_turn_hook *hook)
{
    struct pl_talo_server *self = PL_CONTAINER_OF(hook, struct pl_talo_server, hook);
    pl_store_complete(self->store);
    pl_crypto_complete(self->crypto);
}

/* --- what it stands on --- */

static int open_crypto(struct pl_talo_server *self, struct pl_error *err)
{
    const struct pl_settings *settings = self->app->settings;
    return pl_crypto_create(&self->crypto,
                            &(struct pl_crypto_config){
                                .thread_count = settings->crypto.threads,
                                .waiting_max = settings->crypto.waiting_max,
                                .wake = wake,
                                .user = self,
                                .metrics = self->metrics,
                            },
                            err);
}

static int open_mail(struct pl_talo_server *self, struct pl_error *err)
{
    const struct pl_settings_mail *settings = &self->app->settings->mail;
    return pl_mail_create(&self->mail,
                          &(struct pl_mail_config){
                              .url = settings->smtp_url,
                              .user = settings->user,
                              .password = settings->password,
                              .from = settings->from,
                              .ca_file = settings->ca_file,
                              .requires_tls = settings->tls_required,
                              .connect_timeout_ms = settings->connect_timeout_ms,
                              .timeout_ms = settings->timeout_ms,
                              .log = self->app->log,
                          },
                          err);
}

int pl_talo_server_open(struct pl_talo_server *self, const struct parley_app *app,
                        struct pl_metrics *metrics, bool takes_over, struct pl_error *err)
{
    int rc = 0;
    if (!app->settings->talo.enabled) {
        return 0;
    }
    *self = (struct pl_talo_server){.app = app, .metrics = metrics};
    rc = pl_talo_world_open_store(&self->store,
                                  &(struct pl_store_config){
                                      .wake = wake,
                                      .user = self,
                                      .log = app->log,
                                      .takes_over = takes_over,
                                  },
                                  app->settings, err);
    rc = rc < 0 ? rc : open_crypto(self, err);
    rc = rc < 0 ? rc : open_mail(self, err);
    rc = rc < 0 ? rc : pl_talo_admin_load_words(&self->words, app->settings, err);
    self->profanity = pl_talo_words_profanity(self->words);
    if (rc == 0) {
        self->hook = (struct pl_turn_hook){.begin = take_results};
        pl_loop_hook_add(app->loop, &self->hook);
    }
    return rc;
}

void pl_talo_server_collect(const struct pl_talo_server *self, struct pl_metrics *out)
{
    if (self->store != NULL) {
        pl_store_collect(self->store, out);
    }
    if (self->mail != NULL) {
        pl_mail_collect(self->mail, out);
    }
}

/* --- the world and its dialect --- */

static struct pl_talo_limits limits_of(const struct pl_settings_talo *settings)
{
    return (struct pl_talo_limits){
        .rest_auth_per_minute = settings->rest_limit_auth,
        .rest_default_per_minute = settings->rest_limit_default,
        .message_bytes = settings->message_limit_bytes,
        .send_bytes = (uint32_t)pl_size_min(settings->send_buffer_bytes, UINT32_MAX),
        .bcrypt_cost = settings->bcrypt_cost,
    };
}

static int create_world(struct pl_talo_server *self, struct pl_error *err)
{
    struct pl_talo_limits limits = limits_of(&self->app->settings->talo);
    struct pl_talo_config config = {
        .hub = self->app->hub,
        .store = self->store,
        .log = self->app->log,
        .encode = pl_talo_encode,
        .user = &self->encoder,
        .on_revoked = pl_talo_on_revoked,
    };
    self->encoder = (struct pl_talo_encoder){.hub = self->app->hub, .log = self->app->log};
    pl_talo_encoder_configure(&self->encoder, &limits);
    return pl_talo_world_create(&self->world, &config, self->app->settings, err);
}

int pl_talo_server_start(struct pl_talo_server *self, struct pl_error *err)
{
    int rc = 0;
    if (self->app == NULL) {
        return 0;
    }
    rc = create_world(self, err);
    if (rc < 0) {
        return rc;
    }
    rc = pl_talo_dialect_create(&self->dialect,
                                &(struct pl_talo_params){
                                    .web = self->app->web,
                                    .hub = self->app->hub,
                                    .talo = self->world,
                                    .crypto = self->crypto,
                                    .mail = self->mail,
                                    .log = self->app->log,
                                    .metrics = self->metrics,
                                    .limits = limits_of(&self->app->settings->talo),
                                    .profanity = self->profanity,
                                },
                                err);
    if (rc == 0) {
        pl_talo_admin_start(self->world, self->app->settings, self->app->log);
    }
    return rc;
}

void pl_talo_server_configure(struct pl_talo_server *self)
{
    if (self->dialect != NULL) {
        struct pl_talo_limits limits = limits_of(&self->app->settings->talo);
        pl_talo_dialect_configure(self->dialect, &limits);
        pl_talo_encoder_configure(&self->encoder, &limits);
    }
}

/* --- an upgrade --- */

static int run_nothing(struct pl_store_op *op, struct pl_sql *sql)
{
    (void)op;
    (void)sql;
    return 0;
}

/* Writes run in their order: when an empty one is done, those before it are, and have come back. */
static int wait_for_writes(struct pl_store *store, struct pl_error *err)
{
    static const struct pl_store_op_type type = {.name = "store.barrier",
                                                 .is_write = true,
                                                 .size = sizeof(struct pl_store_op),
                                                 .run = run_nothing};
    struct pl_store_op *op = pl_store_op_create(&type, 0);
    int rc = pl_store_run(store, op);
    if (rc < 0) {
        pl_error_set(err, rc, "the store: %s", op->error.text);
    }
    pl_store_op_free(op);
    return rc;
}

static bool is_quiet(const struct pl_store *store)
{
    struct pl_metrics metrics = {0};
    pl_store_collect(store, &metrics);
    return pl_metrics_get(&metrics, PL_METRIC_STORE_WAITING) == 0;
}

/* What comes back may submit more: until nothing does. */
int pl_talo_server_settle(struct pl_talo_server *self, struct pl_error *err)
{
    if (self->world == NULL) {
        return 0;
    }
    int64_t deadline_ms = pl_clock_monotonic_ms() + SETTLE_MS;
    pl_talo_flush(self->world);
    do {
        int rc = wait_for_writes(self->store, err);
        if (rc < 0) {
            return rc;
        }
    } while (!is_quiet(self->store) && pl_clock_monotonic_ms() < deadline_ms);
    return is_quiet(self->store)
               ? 0
               : pl_error_set(err, PL_E_TIMEOUT, "operations of the store do not end");
}

void pl_talo_server_retire(struct pl_talo_server *self)
{
    if (self->world != NULL) {
        pl_talo_retire(self->world);
    }
    pl_talo_server_leave(self);
}

/* --- the end --- */

void pl_talo_server_leave(struct pl_talo_server *self)
{
    if (self->dialect != NULL) {
        pl_talo_dialect_leave(self->dialect, CLOSE_CODE);
    }
}

void pl_talo_server_stop(struct pl_talo_server *self)
{
    pl_crypto_destroy(self->crypto); /* what waits for it is answered */
    self->crypto = NULL;
    if (self->world != NULL) {
        pl_talo_stop(self->world);
    }
    pl_store_destroy(self->store);
    self->store = NULL;
    if (self->app != NULL) {
        pl_loop_hook_remove(&self->hook);
    }
}

void pl_talo_server_fini(struct pl_talo_server *self)
{
    pl_talo_dialect_destroy(self->dialect);
    pl_talo_destroy(self->world);
    pl_mail_destroy(self->mail);
    pl_talo_words_destroy(self->words);
    *self = (struct pl_talo_server){0};
}
