/* Listeners: one array in the order of registration. While it is walked nothing moves: what is
 * removed leaves a hole, and what is added is behind the end of the walk. */
#include "client/sio_internal.h"

#include "base/alloc.h"
#include "base/utf8.h"

#define FIRST_CAP 4

static void fini_listener(struct pl_client_sio_listener *listener)
{
    pl_free(listener->event);
    *listener = (struct pl_client_sio_listener){.fn = NULL};
}

void pl_client_sio_listeners_fini(struct pl_client_sio_listeners *listeners)
{
    for (uint32_t i = 0; i < listeners->count; i++) {
        fini_listener(&listeners->items[i]);
    }
    pl_free(listeners->items);
    *listeners = (struct pl_client_sio_listeners){.items = NULL};
}

static bool matches(const struct pl_client_sio_listener *listener,
                    enum pl_client_sio_listens listens, struct pl_str event)
{
    return listener->fn != NULL && listener->listens == listens &&
           (listens != PL_CLIENT_SIO_TO_EVENT ||
            pl_str_eq(pl_str_make(listener->event, listener->event_len), event));
}

bool pl_client_sio_listeners_want(const struct pl_client_sio_listeners *listeners,
                                  enum pl_client_sio_listens listens, struct pl_str event)
{
    for (uint32_t i = 0; i < listeners->count; i++) {
        if (matches(&listeners->items[i], listens, event)) {
            return true;
        }
    }
    return false;
}

static void close_holes(struct pl_client_sio_listeners *listeners)
{
    uint32_t kept = 0;
    if (listeners->walk_count > 0 || !listeners->has_holes) {
        return;
    }
    for (uint32_t i = 0; i < listeners->count; i++) {
        if (listeners->items[i].fn != NULL) {
            listeners->items[kept++] = listeners->items[i];
        }
    }
    listeners->count = kept;
    listeners->has_holes = false;
}

static void remove_listener(struct pl_client_sio_listeners *listeners,
                            struct pl_client_sio_listener *listener)
{
    fini_listener(listener);
    listeners->has_holes = true;
}

void pl_client_sio_listeners_call(struct parley_sio *sio, enum pl_client_sio_listens listens,
                                  const char *event, size_t event_len,
                                  const struct parley_args *args, struct parley_sio_ack *ack)
{
    struct pl_client_sio_listeners *listeners = &sio->listeners;
    uint32_t end = listeners->count;
    listeners->walk_count++;
    for (uint32_t i = 0; i < end && !sio->is_destroyed; i++) {
        struct pl_client_sio_listener found = listeners->items[i];
        if (!matches(&found, listens, pl_str_make(event, event_len))) {
            continue;
        }
        if (found.is_once) {
            remove_listener(listeners, &listeners->items[i]);
        }
        pl_client_count_callback(sio->client);
        found.fn(sio, event, args, ack, found.user);
    }
    listeners->walk_count--;
    close_holes(listeners);
}

/* --- the calls --- */

static bool reserve(struct pl_client_sio_listeners *listeners)
{
    uint32_t cap = listeners->cap == 0 ? FIRST_CAP : listeners->cap * 2;
    struct pl_client_sio_listener *grown = NULL;
    if (listeners->count < listeners->cap) {
        return true;
    }
    grown = cap > UINT32_MAX / 4 ? NULL : pl_try_realloc(listeners->items, cap * sizeof(*grown));
    if (grown == NULL) {
        return false;
    }
    listeners->items = grown;
    listeners->cap = cap;
    return true;
}

static int add(struct parley_sio *sio, const struct pl_client_sio_listener *listener,
               const char *event)
{
    struct pl_client_sio_listener added = *listener;
    int rc = pl_client_enter(sio->client);
    bool names_event = listener->listens == PL_CLIENT_SIO_TO_EVENT;
    if (rc < 0) {
        return rc;
    }
    if (listener->fn == NULL ||
        (names_event && (event == NULL || !pl_utf8_is_valid(pl_str_of_cstr(event))))) {
        return pl_client_fail(sio->client, PL_E_INVALID,
                              "a listener is a function, of an event whose name is UTF-8");
    }
    if (names_event) {
        added.event_len = strlen(event);
        added.event = pl_str_to_cstr(pl_str_of_cstr(event));
    }
    if ((names_event && added.event == NULL) || !reserve(&sio->listeners)) {
        pl_free(added.event);
        return pl_client_fail(sio->client, PL_E_NOMEM, "no memory for a listener");
    }
    sio->listeners.items[sio->listeners.count++] = added;
    return 0;
}

int parley_sio_on(struct parley_sio *sio, const char *event, parley_sio_listener *fn, void *user)
{
    struct pl_client_sio_listener listener = {
        .listens = PL_CLIENT_SIO_TO_EVENT, .fn = fn, .user = user};
    return add(sio, &listener, event);
}

int parley_sio_once(struct parley_sio *sio, const char *event, parley_sio_listener *fn, void *user)
{
    struct pl_client_sio_listener listener = {
        .listens = PL_CLIENT_SIO_TO_EVENT, .is_once = true, .fn = fn, .user = user};
    return add(sio, &listener, event);
}

int parley_sio_on_any(struct parley_sio *sio, parley_sio_listener *fn, void *user)
{
    struct pl_client_sio_listener listener = {
        .listens = PL_CLIENT_SIO_TO_ANY, .fn = fn, .user = user};
    return add(sio, &listener, NULL);
}

int parley_sio_on_any_outgoing(struct parley_sio *sio, parley_sio_listener *fn, void *user)
{
    struct pl_client_sio_listener listener = {
        .listens = PL_CLIENT_SIO_TO_OUTGOING, .fn = fn, .user = user};
    return add(sio, &listener, NULL);
}

static bool is_meant(const struct pl_client_sio_listener *listener, const char *event,
                     parley_sio_listener *fn)
{
    if (listener->fn == NULL || (fn != NULL && listener->fn != fn)) {
        return false;
    }
    return event == NULL ? listener->listens != PL_CLIENT_SIO_TO_EVENT
                         : matches(listener, PL_CLIENT_SIO_TO_EVENT, pl_str_of_cstr(event));
}

int parley_sio_off(struct parley_sio *sio, const char *event, parley_sio_listener *fn)
{
    struct pl_client_sio_listeners *listeners = &sio->listeners;
    int removed = 0;
    int rc = pl_client_enter(sio->client);
    if (rc < 0) {
        return rc;
    }
    for (uint32_t i = 0; i < listeners->count; i++) {
        if (is_meant(&listeners->items[i], event, fn)) {
            remove_listener(listeners, &listeners->items[i]);
            removed++;
        }
    }
    close_holes(listeners);
    return removed;
}
