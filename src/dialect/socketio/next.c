/* Answers of middlewares and hooks: each is asked once, and may answer when it likes. */
#include "dialect/socketio/next.h"

#include "base/alloc.h"
#include "dialect/socketio/io.h"

struct parley_next *pl_sio_next_create(struct parley_io *io,
                                       void (*answer)(void *owner,
                                                      const struct pl_sio_verdict *verdict),
                                       void (*drop)(void *owner), void *owner)
{
    struct parley_next *next = pl_alloc(sizeof(*next));
    next->answer = answer;
    next->drop = drop;
    next->owner = owner;
    pl_list_push_back(&io->nexts, &next->in_io);
    return next;
}

static void answer(struct parley_next *next, const struct pl_sio_verdict *verdict)
{
    struct parley_next answered = *next;
    pl_list_remove(&next->in_io);
    pl_free(next);
    answered.answer(answered.owner, verdict);
}

void parley_next_accept(struct parley_next *next)
{
    answer(next, &(struct pl_sio_verdict){.is_accepted = true});
}

void parley_next_refuse(struct parley_next *next, const char *message,
                        const struct parley_val *data)
{
    answer(next, &(struct pl_sio_verdict){.message = message == NULL ? "" : message, .data = data});
}

void pl_sio_nexts_drop(struct parley_io *io)
{
    while (!pl_list_is_empty(&io->nexts)) {
        struct parley_next *next = PL_CONTAINER_OF(io->nexts.next, struct parley_next, in_io);
        void (*drop)(void *) = next->drop;
        void *owner = next->owner;
        pl_list_remove(&next->in_io);
        pl_free(next);
        drop(owner);
    }
}
