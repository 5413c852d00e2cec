/* What all connections of a loop do together: those with input left go first, at the end of a turn
 * everything is flushed. */
#include "io/conn_internal.h"

#include "io/conn_tls.h"

#define HANDSHAKES_PER_TURN 8 /* unless the settings say otherwise */

static bool may_read(const struct pl_conn *conn)
{
    return conn->state == PL_CONN_OPEN && conn->reading == PL_CONN_READING && !conn->is_waiting;
}

/* Those who waited go first; those whose turn does not come this time stay before those whose turn
 * it was. */
static void set_begin(struct pl_turn_hook *hook)
{
    struct pl_conn_set *set = PL_CONTAINER_OF(hook, struct pl_conn_set, hook);
    struct pl_list batch;
    struct pl_list *node = NULL;
    set->handshakes_left = set->handshakes_per_turn;
    pl_list_init(&batch);
    pl_list_splice_back(&batch, &set->waiting);
    while (pl_loop_has_input_left(set->loop) && (node = pl_list_pop_front(&batch)) != NULL) {
        struct pl_conn *conn = PL_CONTAINER_OF(node, struct pl_conn, in_waiting);
        conn->is_waiting = false;
        if (conn->rest != NULL) {
            pl_conn_show_rest(conn);
        } else if (conn->reading == PL_CONN_READING) {
            pl_conn_read_some(conn); /* it waits for its turn to read */
            continue;
        }
        if (conn->reads_again && may_read(conn)) { /* the end behind what was shown */
            pl_conn_read_some(conn);
        }
    }
    pl_list_splice_back(&batch, &set->waiting);
    pl_list_splice_back(&set->waiting, &batch);
    if (!pl_list_is_empty(&set->waiting)) {
        pl_loop_soon(set->loop);
    }
}

static void set_end(struct pl_turn_hook *hook)
{
    struct pl_conn_set *set = PL_CONTAINER_OF(hook, struct pl_conn_set, hook);
    pl_fanout_flush(set->fanout);
    if (!pl_list_is_empty(&set->fanout->dirty)) { /* flushing a polling session answers a request */
        pl_fanout_flush(set->fanout);
    }
    if (!pl_list_is_empty(&set->fanout->dirty)) {
        pl_loop_soon(set->loop);
    }
}

void pl_conn_set_init(struct pl_conn_set *set, struct pl_loop *loop, struct pl_fanout *fanout,
                      struct pl_metrics *metrics)
{
    *set = (struct pl_conn_set){.loop = loop,
                                .fanout = fanout,
                                .metrics = metrics,
                                .handshakes_per_turn = HANDSHAKES_PER_TURN,
                                .handshakes_left = HANDSHAKES_PER_TURN};
    pl_list_init(&set->open);
    pl_list_init(&set->waiting);
    set->hook = (struct pl_turn_hook){.begin = set_begin, .end = set_end};
    pl_loop_hook_add(loop, &set->hook);
}

void pl_conn_set_fini(struct pl_conn_set *set)
{
    while (!pl_list_is_empty(&set->open)) {
        pl_conn_close(PL_CONTAINER_OF(set->open.next, struct pl_conn, in_set), PL_CONN_END_LOCAL);
    }
    pl_loop_hook_remove(&set->hook);
    pl_conn_tls_memory_destroy(set->tls);
    set->tls = NULL;
}
