/* As much of a server as an operation needs: a loop that workers wake, a hub without sessions, the
 * store, the world. */
#include "app/talo_offline.h"

#include "app/data_dir.h"
#include "app/talo_admin.h"
#include "app/talo_world.h"
#include "base/alloc.h"
#include "hub/hub.h"
#include "hub/port_inline.h"
#include "io/loop.h"

struct pl_talo_offline {
    const struct pl_log *log;
    struct pl_data_dir data_dir;
    bool is_locked;
    struct pl_loop *loop;
    struct pl_fanout fanout;
    struct pl_hub *hub;
    struct pl_store *store;
    struct pl_talo *world;
    struct pl_talo_words *words;
    struct pl_turn_hook hook;
    bool has_hook;
};

/* --- opening --- */

static void wake(void *user)
{
    pl_loop_wake(((struct pl_talo_offline *)user)->loop);
}

static void begin_turn(struct pl_turn_hook *hook)
{
    struct pl_talo_offline *self = PL_CONTAINER_OF(hook, struct pl_talo_offline, hook);
    pl_hub_turn_begin(self->hub);
    if (self->store != NULL) {
        pl_store_complete(self->store);
    }
}

static int open_hub(struct pl_talo_offline *self, struct pl_error *err)
{
    int rc = pl_loop_create(&self->loop, err);
    if (rc < 0) {
        return rc;
    }
    pl_fanout_init(&self->fanout);
    rc = pl_hub_create(&self->hub,
                       &(struct pl_hub_config){.env = pl_env_system(),
                                               .port_impl = &pl_port_inline,
                                               .port = &self->fanout,
                                               .timers = pl_loop_timers(self->loop)},
                       err);
    if (rc == 0) {
        self->hook = (struct pl_turn_hook){.begin = begin_turn};
        pl_loop_hook_add(self->loop, &self->hook);
        self->has_hook = true;
        pl_hub_turn_begin(self->hub);
    }
    return rc;
}

/* Nobody is connected. */
static struct pl_frame *encode_nothing(void *user, const struct pl_talo_event *event,
                                       uint8_t encoding)
{
    (void)user;
    (void)event;
    (void)encoding;
    return NULL;
}

static int open_store(struct pl_talo_offline *self, const struct pl_settings *settings,
                      struct pl_error *err)
{
    struct pl_store_config config = {.wake = wake, .user = self, .log = self->log};
    return pl_talo_world_open_store(&self->store, &config, settings, err);
}

static int open_world(struct pl_talo_offline *self, const struct pl_settings *settings,
                      struct pl_error *err)
{
    struct pl_talo_config config = {
        .hub = self->hub, .store = self->store, .log = self->log, .encode = encode_nothing};
    return pl_talo_world_create(&self->world, &config, settings, err);
}

int pl_talo_offline_open(struct pl_talo_offline **out, const struct pl_settings *settings,
                         const struct pl_log *log, struct pl_error *err)
{
    struct pl_talo_offline *self = pl_alloc(sizeof(*self));
    self->log = log;
    int rc = pl_data_dir_open(&self->data_dir, settings->data_dir, err);
    self->is_locked = rc == 0;
    rc = rc < 0 ? rc : pl_talo_admin_load_words(&self->words, settings, err);
    rc = rc < 0 ? rc : open_hub(self, err);
    rc = rc < 0 ? rc : open_store(self, settings, err);
    rc = rc < 0 ? rc : open_world(self, settings, err);
    if (rc < 0) {
        pl_talo_offline_close(self);
        return rc;
    }
    *out = self;
    return 0;
}

void pl_talo_offline_close(struct pl_talo_offline *self)
{
    if (self == NULL) {
        return;
    }
    if (self->world != NULL) {
        pl_talo_stop(self->world);
    }
    pl_store_destroy(self->store);
    self->store = NULL;
    if (self->has_hook) {
        pl_loop_hook_remove(&self->hook);
    }
    pl_talo_destroy(self->world);
    pl_hub_destroy(self->hub);
    if (self->loop != NULL) {
        pl_fanout_fini(&self->fanout);
    }
    pl_loop_destroy(self->loop);
    pl_talo_words_destroy(self->words);
    if (self->is_locked) {
        pl_data_dir_close(&self->data_dir);
    }
    pl_free(self);
}

/* --- one request --- */

struct run {
    struct pl_buf *result;
    struct pl_error *err;
    bool is_done;
    int rc;
};

static void on_done(void *user, struct pl_str result, const struct pl_error *err)
{
    struct run *run = user;
    run->is_done = true;
    if (err != NULL) {
        run->rc = pl_error_set(run->err, err->code, "%s", err->text);
    } else {
        pl_buf_add_str(run->result, result);
    }
}

int pl_talo_offline_run(struct pl_buf *result, struct pl_talo_offline *self, struct pl_str request,
                        struct pl_error *err)
{
    struct run run = {.result = result, .err = err};
    struct pl_talo_admin_config config = {.talo = self->world,
                                          .profanity = pl_talo_words_profanity(self->words)};
    pl_talo_administer(&config, request, on_done, &run);
    while (!run.is_done) {
        pl_loop_turn(self->loop, -1);
    }
    return run.rc;
}
