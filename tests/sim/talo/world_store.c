/* The store in front of the fake: every operation is the model's to see as it comes back. */
#include "world.h"

#include "base/alloc.h"

#define SETTLE_MS 250
#define SETTLE_COUNT 400 /* longer than any wait between two attempts */

/* An operation on its way, until the model has seen it come back. */
struct world_errand {
    struct world *world;
    struct pl_store_op *op;
    struct world_errand *next; /* of the batch that it ran in */
    void (*on_done)(struct pl_store_op *op, void *user);
    void *user;
    bool is_rest;
    bool was_stored; /* although it is told as failed */
};

static void on_done(struct pl_store_op *op, void *user)
{
    struct world_errand *errand = user;
    struct world *world = errand->world;
    struct model_outcome outcome = {.has_happened = op->rc == 0 || errand->was_stored,
                                    .is_known = op->rc == 0};
    world_trace(world, "  done %s rc=%d%s", op->type->name, op->rc,
                errand->was_stored ? " but stored" : "");
    world_hash(world, op->type->name, strlen(op->type->name));
    world_hash(world, &op->rc, sizeof(op->rc));
    world->op_count++;
    if (!model_complete(&world->model, op, outcome, !errand->is_rest)) {
        world_fail(world, "%s ended with rc=%d refusal=%d", op->type->name, op->rc, op->refusal);
    }
    op->on_done = errand->on_done;
    op->user = errand->user;
    pl_free(errand);
    op->on_done(op, op->user);
}

static void spy_submit(struct pl_store *store, struct pl_store_op *op)
{
    struct world *world = PL_CONTAINER_OF(store, struct world_store, store)->world;
    struct world_errand *errand = pl_alloc(sizeof(*errand));
    *errand = (struct world_errand){.world = world,
                                    .op = op,
                                    .on_done = op->on_done,
                                    .user = op->user,
                                    .is_rest = world->is_rest};
    op->on_done = on_done;
    op->user = errand;
    model_wait(&world->model, op);
    pl_store_submit(world->fake, op);
}

static void spy_complete(struct pl_store *store)
{
    pl_store_complete(PL_CONTAINER_OF(store, struct world_store, store)->world->fake);
}

static int spy_run(struct pl_store *store, struct pl_store_op *op)
{
    return pl_store_run(PL_CONTAINER_OF(store, struct world_store, store)->world->fake, op);
}

static void spy_destroy(struct pl_store *store)
{
    pl_store_destroy(PL_CONTAINER_OF(store, struct world_store, store)->world->fake);
}

static const struct pl_store_impl spy_impl = {
    .submit = spy_submit, .complete = spy_complete, .run = spy_run, .destroy = spy_destroy};

/* Operations that are not the model's to see: those of the set-up, run without an errand. */
static int fail_op(const struct pl_store_op *op, void *user)
{
    struct world *world = user;
    struct world_errand *errand = op->on_done == on_done ? op->user : NULL;
    if (sim_chance(&world->rng, world->fail_percent)) {
        return world->fail_code;
    }
    if (errand != NULL && op->type->is_write) {
        errand->next = world->batch;
        world->batch = errand;
    }
    return 0;
}

/* Whether an operation would be refused is seen from its rc, which it has already. */
static int fail_commit(size_t count, bool *has_happened, void *user)
{
    struct world *world = user;
    bool fails = world->commit_code != 0 && sim_chance(&world->rng, 50);
    (void)count;
    *has_happened = fails && world->commit_code == PL_E_CLOSED && sim_chance(&world->rng, 50);
    for (struct world_errand *errand = world->batch; errand != NULL; errand = errand->next) {
        errand->was_stored = *has_happened && errand->op->rc == 0;
    }
    world->batch = NULL;
    return fails ? world->commit_code : 0;
}

void world_write(struct world *world, size_t max)
{
    size_t count = pl_store_fake_write(world->fake, max);
    if (count > 0) {
        world_trace(world, "store writes %zu", count);
    }
}

void world_read(struct world *world, size_t max)
{
    size_t count = pl_store_fake_read(world->fake, max);
    if (count > 0) {
        world_trace(world, "store reads %zu", count);
    }
}

void world_answer(struct world *world)
{
    world_trace(world, "store answers");
    pl_store_complete(world->talo == NULL ? world->fake : &world->spy.store);
}

static void free_op(struct pl_store_op *op, void *user)
{
    (void)user;
    pl_store_op_free(op);
}

void world_rest(struct world *world, struct pl_store_op *op)
{
    world_trace(world, "rest %s", op->type->name);
    op->on_done = free_op;
    world->is_rest = true;
    pl_talo_submit(world->talo, op);
    world->is_rest = false;
}

static void answer_all(struct world *world)
{
    do {
        world_write(world, SIZE_MAX);
        world_read(world, SIZE_MAX);
        pl_store_complete(&world->spy.store);
    } while (pl_store_fake_writes_waiting(world->fake) + pl_store_fake_reads_waiting(world->fake) >
             0);
    world_check(world);
}

void world_settle(struct world *world)
{
    world_trace(world, "the store is well");
    world->fail_percent = 0;
    world->commit_code = 0;
    for (int i = 0; i < SETTLE_COUNT; i++) {
        answer_all(world);
        world_pass(world, SETTLE_MS);
    }
    answer_all(world);
}

int world_create_store(struct world *world, struct pl_error *err)
{
    struct pl_store_fake_config store = {
        .fail_op = fail_op, .fail_commit = fail_commit, .user = world};
    if (world->seed % 4 == 3) {
        store.waiting_max = 12; /* a queue that is full now and then */
    }
    world->spy = (struct world_store){.store = {.impl = &spy_impl}, .world = world};
    return pl_store_fake_create(&world->fake, &store, err);
}
