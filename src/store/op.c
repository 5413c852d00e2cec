/* Operations of the store, and the calls of its interface. */
#include "store/store.h"

#include "base/alloc.h"

/* Takes what it needs: a page of the largest players is near the bound. */
#define ARENA_BYTES ((size_t)64 * 1024 * 1024)

struct pl_store_op *pl_store_op_create(const struct pl_store_op_type *type, size_t arena_bytes)
{
    PL_ASSERT(type->size >= sizeof(struct pl_store_op));
    struct pl_store_op *op = pl_alloc(type->size);
    op->type = type;
    pl_arena_init(&op->arena, arena_bytes == 0 ? ARENA_BYTES : arena_bytes);
    return op;
}

void pl_store_op_free(struct pl_store_op *op)
{
    if (op != NULL) {
        pl_arena_fini(&op->arena);
        pl_free(op);
    }
}

int pl_store_refuse(struct pl_store_op *op, int refusal)
{
    op->refusal = refusal;
    return 1;
}

void pl_store_submit(struct pl_store *store, struct pl_store_op *op)
{
    store->impl->submit(store, op);
}

void pl_store_complete(struct pl_store *store)
{
    store->impl->complete(store);
}

void pl_store_retire(struct pl_store *store)
{
    store->is_retired = true;
}

void pl_store_destroy(struct pl_store *store)
{
    if (store != NULL) {
        store->impl->destroy(store);
    }
}

int pl_store_run(struct pl_store *store, struct pl_store_op *op)
{
    return store->impl->run(store, op);
}

void pl_store_collect(const struct pl_store *store, struct pl_metrics *out)
{
    store->impl->collect(store, out);
}
