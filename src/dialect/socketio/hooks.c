/* The application's hooks of the transport (spec 1.9 to 1.12), handed to the Engine.IO engine. For
 * an application a request of the web server is a struct parley_request; the two are one object
 * under two names. */
#include "dialect/socketio/hooks.h"

#include "base/alloc.h"
#include "dialect/socketio/engine.h"
#include "dialect/socketio/io.h"
#include "dialect/socketio/next.h"

static struct parley_request *request_of(struct pl_web_request *request)
{
    return (struct parley_request *)(void *)request;
}

/* --- registering --- */

void parley_io_allow_request(struct parley_io *io,
                             void (*allow)(struct parley_request *request, struct parley_next *next,
                                           void *user),
                             void *user)
{
    io->hooks.allow = (struct pl_sio_hook){allow, user};
}

void parley_io_use(struct parley_io *io,
                   void (*middleware)(struct parley_request *request, struct parley_next *next,
                                      void *user),
                   void *user)
{
    struct pl_sio_hooks *hooks = &io->hooks;
    if (io->engine != NULL) { /* requests on their way through the list stand in it */
        return;
    }
    hooks->middlewares =
        pl_realloc(hooks->middlewares, (hooks->middleware_count + 1) * sizeof(*hooks->middlewares));
    hooks->middlewares[hooks->middleware_count++] = (struct pl_sio_hook){middleware, user};
}

void parley_io_generate_id(struct parley_io *io,
                           int (*generate)(struct parley_request *request, char *out,
                                           size_t out_size, void *user),
                           void *user)
{
    io->hooks.generate_id = generate;
    io->hooks.generate_id_user = user;
}

void parley_io_on_headers(struct parley_io *io,
                          void (*fn)(struct parley_request *request, bool is_initial, void *user),
                          void *user)
{
    io->hooks.headers = fn;
    io->hooks.headers_user = user;
}

void parley_io_on_connection_error(struct parley_io *io,
                                   void (*fn)(struct parley_request *request, int code,
                                              const char *message, const char *context, void *user),
                                   void *user)
{
    io->hooks.connection_error = fn;
    io->hooks.connection_error_user = user;
}

/* --- deciding --- */

/* The hooks that a request goes through, one after the other. */
struct chain {
    struct parley_io *io;
    struct pl_eio_decision *decision;
    /* registered before the engine started: they stay where they are */
    const struct pl_sio_hook *hooks;
    size_t count;
    size_t at;
};

static void drop_chain(void *owner)
{
    struct chain *chain = owner;
    pl_eio_decision_drop(chain->decision);
    pl_free(chain);
}

static void ask_next(struct chain *chain);

static void on_answer(void *owner, const struct pl_sio_verdict *verdict)
{
    struct chain *chain = owner;
    if (verdict->is_accepted) {
        ask_next(chain);
        return;
    }
    pl_eio_decision_refuse(chain->decision, pl_str_of_cstr(verdict->message));
    pl_free(chain);
}

static void ask_next(struct chain *chain)
{
    struct pl_web_request *request = pl_eio_decision_request(chain->decision);
    if (request == NULL || chain->at == chain->count) { /* gone meanwhile, or allowed */
        pl_eio_decision_accept(chain->decision);
        pl_free(chain);
        return;
    }
    const struct pl_sio_hook *hook = &chain->hooks[chain->at++];
    hook->fn(request_of(request), pl_sio_next_create(chain->io, on_answer, drop_chain, chain),
             hook->user);
}

static void start_chain(struct parley_io *io, struct pl_eio_decision *decision,
                        const struct pl_sio_hook *hooks, size_t count)
{
    struct chain *chain = pl_alloc(sizeof(*chain));
    *chain = (struct chain){.io = io, .decision = decision, .hooks = hooks, .count = count};
    ask_next(chain);
}

static void run_middlewares(void *user, struct pl_web_request *request,
                            struct pl_eio_decision *decision)
{
    struct parley_io *io = user;
    (void)request;
    start_chain(io, decision, io->hooks.middlewares, io->hooks.middleware_count);
}

static void run_allow(void *user, struct pl_web_request *request, struct pl_eio_decision *decision)
{
    struct parley_io *io = user;
    (void)request;
    start_chain(io, decision, &io->hooks.allow, 1);
}

static int run_generate_id(void *user, struct pl_web_request *request, char *out, size_t out_size)
{
    const struct pl_sio_hooks *hooks = &((struct parley_io *)user)->hooks;
    return hooks->generate_id(request_of(request), out, out_size, hooks->generate_id_user);
}

static void run_headers(void *user, struct pl_web_request *request, bool is_initial)
{
    const struct pl_sio_hooks *hooks = &((struct parley_io *)user)->hooks;
    hooks->headers(request_of(request), is_initial, hooks->headers_user);
}

static void run_refused(void *user, struct pl_web_request *request, enum pl_eio_error error,
                        struct pl_str message)
{
    const struct pl_sio_hooks *hooks = &((struct parley_io *)user)->hooks;
    const struct pl_eio_error_row *row = pl_eio_error_get(error);
    char *message_cstr = pl_strdup_n(message.ptr, message.len);
    char *context_cstr = pl_strdup_n(row->context.ptr, row->context.len);
    hooks->connection_error(request_of(request), row->code, message_cstr, context_cstr,
                            hooks->connection_error_user);
    pl_free(message_cstr);
    pl_free(context_cstr);
}

/* A hook that nobody registered costs its requests nothing. */
void pl_sio_hooks_fill(struct pl_eio_handler *handler, const struct parley_io *io)
{
    const struct pl_sio_hooks *hooks = &io->hooks;
    handler->middleware = hooks->middleware_count > 0 ? run_middlewares : NULL;
    handler->allow_request = hooks->allow.fn != NULL ? run_allow : NULL;
    handler->generate_id = hooks->generate_id != NULL ? run_generate_id : NULL;
    handler->headers = hooks->headers != NULL ? run_headers : NULL;
    handler->on_refused = hooks->connection_error != NULL ? run_refused : NULL;
}

void pl_sio_hooks_fini(struct parley_io *io)
{
    pl_free(io->hooks.middlewares);
    io->hooks = (struct pl_sio_hooks){0};
}
