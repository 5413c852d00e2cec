/* The life of a request: it ends when it is answered (or its client has left) and nothing that it
 * waits for is under way any more. The web server keeps the request's text as long. */
#include "dialect/talo/rest_internal.h"

#include "base/alloc.h"

struct pl_talo_rest_call *pl_talo_rest_call_create(struct pl_talo_rest *rest,
                                                   struct pl_web_request *web)
{
    struct pl_talo_rest_call *call = pl_alloc(sizeof(*call));
    call->base.rest = rest;
    call->base.talo = rest->talo;
    pl_arena_init(&call->base.arena, PL_TALO_REQUEST_ARENA_BYTES);
    pl_buf_init(&call->answer, PL_TALO_ANSWER_BYTES_MAX);
    call->web = web;
    call->ref_count = 1;
    pl_list_push_back(&rest->calls, &call->in_calls);
    pl_web_request_keep(web);
    return call;
}

void pl_talo_rest_call_free(struct pl_talo_rest_call *call)
{
    pl_list_remove(&call->in_calls);
    pl_arena_fini(&call->base.arena);
    pl_buf_fini(&call->answer);
    pl_free(call);
}

void pl_talo_rest_call_ref(struct pl_talo_rest_call *call)
{
    call->ref_count++;
}

void pl_talo_rest_call_unref(struct pl_talo_rest_call *call)
{
    PL_ASSERT(call->ref_count > 0);
    if (--call->ref_count > 0) {
        return;
    }
    if (!call->is_answered && !pl_talo_request_is_gone(&call->base)) {
        /* A handler's slip: the client should not wait for ever. */
        pl_log(call->base.rest->log, PL_LOG_ERROR, "talo.unanswered", "path=%s",
               call->base.route->pattern);
        pl_talo_answer_failed(&call->base);
    }
    pl_web_request_let_go(call->web);
    pl_talo_rest_call_free(call);
}

struct pl_str pl_talo_rest_call_header(const struct pl_talo_rest_call *call, struct pl_str name)
{
    return pl_http_header_find(pl_web_request_head(call->web), name);
}

bool pl_talo_request_is_gone(const struct pl_talo_request *request)
{
    /* the request is the call's first field */
    const struct pl_talo_rest_call *call = (const struct pl_talo_rest_call *)request;
    return !call->is_answered && pl_web_request_is_answered(call->web);
}

void pl_talo_request_hold(struct pl_talo_request *request)
{
    pl_talo_rest_call_ref(pl_talo_rest_call_of(request));
}

void pl_talo_request_release(struct pl_talo_request *request)
{
    pl_talo_rest_call_unref(pl_talo_rest_call_of(request));
}

/* --- operations --- */

static void on_op_done(struct pl_store_op *op, void *user)
{
    struct pl_talo_rest_call *call = user;
    pl_talo_request_done *on_done = call->on_done;
    call->on_done = NULL;
    if (pl_talo_request_is_gone(&call->base)) {
        on_done = NULL; /* what the operation did is done; nobody waits for the rest */
    } else if (op->rc < 0) {
        pl_talo_answer_failed(&call->base); /* the store has logged why */
    } else {
        on_done(&call->base, op);
    }
    pl_store_op_free(op);
    pl_talo_rest_call_unref(call);
}

struct pl_store_op *pl_talo_request_op(struct pl_talo_request *request,
                                       const struct pl_store_op_type *type)
{
    struct pl_store_op *op = pl_store_op_create(type, PL_TALO_OP_ARENA_BYTES);
    op->on_done = on_op_done;
    op->user = pl_talo_rest_call_of(request);
    return op;
}

void pl_talo_request_submit(struct pl_talo_request *request, struct pl_store_op *op,
                            pl_talo_request_done *on_done)
{
    struct pl_talo_rest_call *call = pl_talo_rest_call_of(request);
    PL_ASSERT(call->on_done == NULL);
    call->on_done = on_done;
    pl_talo_rest_call_ref(call);
    pl_talo_submit(request->talo, op);
}
