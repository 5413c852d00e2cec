/* Secrets that administration makes: random digits, which leave no trace in memory, and what of them
 * goes to the store. */
#include "dialect/talo/admin_task.h"

#include "base/alloc.h"
#include "base/env.h"

#define SEALED_BYTES_MAX 4096 /* of at most 400 bytes */

struct pl_str pl_talo_task_new_secret(struct pl_talo_task *task, size_t len)
{
    static const char digits[] = "0123456789abcdef";
    uint8_t *text = pl_arena_alloc(&task->arena, len);
    PL_ASSERT(text != NULL);
    if (task->secret.ptr != NULL) {
        pl_wipe(task->secret.ptr, task->secret.len); /* of a game that an import has made */
    }
    pl_random_bytes(text, len);
    for (size_t i = 0; i < len; i++) {
        text[i] = (uint8_t)digits[text[i] & 15];
    }
    task->secret = (struct pl_span){text, len};
    return pl_str_of_span(task->secret);
}

struct pl_str pl_talo_task_seal(struct pl_talo_task *task, struct pl_store_op *op,
                                enum pl_talo_secret kind, int64_t id, struct pl_str secret)
{
    struct pl_buf sealed;
    struct pl_str copy;
    pl_buf_init(&sealed, SEALED_BYTES_MAX);
    pl_talo_seal(&sealed, task->talo, kind, id, secret);
    bool is_copied = pl_arena_copy(&copy, &op->arena, pl_buf_str(&sealed));
    PL_ASSERT(!pl_buf_failed(&sealed) && is_copied);
    pl_buf_fini(&sealed);
    return copy;
}
