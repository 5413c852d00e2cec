/* Happy eyeballs: the addresses are tried one after the other, each getting a head start before the
 * next; the first that is connected wins and the others are closed. */
#include "client/dial.h"

#include "base/alloc.h"

struct attempt {
    struct pl_client_watch watch; /* handle -1: it has ended */
    struct pl_client_dial *dial;
    const struct pl_address *address;
};

struct pl_client_dial {
    struct parley_client *client;
    const struct pl_client_dial_owner *owner;
    void *user;
    struct pl_client_lookup lookup;
    struct pl_client_later next; /* goes on after the lookup */
    struct pl_client_later free;
    struct pl_timer stagger;
    bool is_looking_up;
    bool is_over; /* told, or destroyed */
    size_t address_count;
    size_t attempt_count; /* begun */
    size_t open_count;    /* of them, those that have not ended */
    int error;            /* why the last one failed */
    struct pl_error err;
    struct pl_address addresses[PL_CLIENT_ADDRESSES_MAX];
    struct attempt attempts[PL_CLIENT_ADDRESSES_MAX];
};

void pl_client_dial_interleave(struct pl_address *addresses, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        size_t found = i;
        while (found < count && addresses[found].family == addresses[i - 1].family) {
            found++;
        }
        if (found < count) { /* moved to the front, the others keep their order */
            struct pl_address other = addresses[found];
            memmove(&addresses[i + 1], &addresses[i], (found - i) * sizeof(*addresses));
            addresses[i] = other;
        }
    }
}

/* --- the end --- */

static void stop(struct pl_client_dial *dial)
{
    if (dial->is_over) {
        return;
    }
    dial->is_over = true;
    if (dial->is_looking_up) {
        const struct pl_client_env *env = pl_client_env(dial->client);
        env->cancel_lookup(env->user, &dial->lookup);
    }
    pl_client_later_cancel(&dial->next);
    pl_client_timer_stop(dial->client, &dial->stagger);
    for (size_t i = 0; i < dial->attempt_count; i++) {
        pl_client_close(dial->client, &dial->attempts[i].watch);
    }
}

static void fail(struct pl_client_dial *dial)
{
    stop(dial);
    dial->owner->on_failed(dial->user, dial->error, dial->err.text);
}

static void run_free(struct pl_client_later *later)
{
    pl_free(PL_CONTAINER_OF(later, struct pl_client_dial, free));
}

void pl_client_dial_destroy(struct pl_client_dial **dial)
{
    struct pl_client_dial *gone = *dial;
    *dial = NULL;
    if (gone != NULL) {
        stop(gone);
        pl_client_release_timer(gone->client, &gone->stagger);
        pl_client_free_later(gone->client, &gone->free);
    }
}

/* --- attempts --- */

static void keep_reason(struct pl_client_dial *dial, const struct pl_address *address, int error,
                        const struct pl_error *err)
{
    char text[PL_ADDRESS_TEXT_MAX];
    dial->error = error;
    pl_error_set(&dial->err, error, "%s: %.120s%s", pl_address_format(text, address), err->text,
                 dial->address_count > 1 ? " (and no other address of that name answers)" : "");
}

static void attempt_failed(struct attempt *attempt, int error, const struct pl_error *err)
{
    struct pl_client_dial *dial = attempt->dial;
    pl_client_close(dial->client, &attempt->watch);
    dial->open_count--;
    keep_reason(dial, attempt->address, error, err);
}

static void try_next(struct pl_client_dial *dial);

static void on_ready(struct pl_client_watch *watch, unsigned ready)
{
    struct attempt *attempt = PL_CONTAINER_OF(watch, struct attempt, watch);
    struct pl_client_dial *dial = attempt->dial;
    const struct pl_client_env *env = pl_client_env(dial->client);
    struct pl_error err = {0};
    int rc = env->connected(env->user, watch->handle, &err);
    (void)ready;
    if (rc == PL_E_AGAIN) {
        return;
    }
    if (rc < 0) {
        attempt_failed(attempt, rc, &err);
        try_next(dial); /* at once: RFC 8305 section 5 */
        return;
    }
    int handle = watch->handle;
    pl_client_unwatch(dial->client, watch);
    watch->handle = -1;
    stop(dial);
    dial->owner->on_connected(dial->user, handle);
}

static void begin_attempt(struct pl_client_dial *dial)
{
    const struct pl_client_env *env = pl_client_env(dial->client);
    struct pl_error err = {0};
    struct attempt *attempt = &dial->attempts[dial->attempt_count];
    int rc = 0;
    *attempt = (struct attempt){.dial = dial, .address = &dial->addresses[dial->attempt_count]};
    attempt->watch.handle = env->connect(env->user, attempt->address, &err);
    attempt->watch.on_ready = on_ready;
    rc = attempt->watch.handle;
    dial->attempt_count++;
    dial->open_count++;
    if (rc >= 0) {
        rc = pl_client_watch(dial->client, &attempt->watch, PL_WATCH_WRITE);
        if (rc < 0) {
            pl_error_set(&err, rc, "no memory to watch the socket");
        }
    }
    if (rc < 0) {
        attempt_failed(attempt, rc, &err);
    }
}

/* Begin attempts until one is under way; the end when none is left. */
static void try_next(struct pl_client_dial *dial)
{
    size_t open_before = dial->open_count;
    while (dial->attempt_count < dial->address_count && dial->open_count == open_before) {
        begin_attempt(dial);
    }
    if (dial->open_count == 0) {
        fail(dial);
    } else if (dial->attempt_count < dial->address_count) {
        pl_client_timer_set(dial->client, &dial->stagger, PL_CLIENT_DIAL_STAGGER_MS);
    } else {
        pl_client_timer_stop(dial->client, &dial->stagger);
    }
}

static void on_stagger(struct pl_timer *timer)
{
    try_next(PL_CONTAINER_OF(timer, struct pl_client_dial, stagger));
}

/* --- the beginning --- */

/* Inside a wait, where the owner wants to hear nothing yet. */
static void on_addresses(struct pl_client_lookup *lookup, const struct pl_address *addresses,
                         size_t count, int error, const struct pl_error *err)
{
    struct pl_client_dial *dial = PL_CONTAINER_OF(lookup, struct pl_client_dial, lookup);
    dial->is_looking_up = false;
    dial->error = error;
    if (error != 0) {
        dial->err = *err;
    } else {
        dial->address_count = pl_size_min(count, PL_CLIENT_ADDRESSES_MAX);
        memcpy(dial->addresses, addresses, dial->address_count * sizeof(*addresses));
        pl_client_dial_interleave(dial->addresses, dial->address_count);
    }
    if (error == 0 && count == 0) {
        dial->error = pl_error_set(&dial->err, PL_E_NOT_FOUND, "the name has no address");
    }
    pl_client_run_next(dial->client, &dial->next);
}

static void run_next(struct pl_client_later *later)
{
    struct pl_client_dial *dial = PL_CONTAINER_OF(later, struct pl_client_dial, next);
    if (dial->error != 0) {
        fail(dial);
    } else {
        try_next(dial);
    }
}

int pl_client_dial_open(struct pl_client_dial **out, struct parley_client *client,
                        struct pl_str host, uint16_t port, const struct pl_client_dial_owner *owner,
                        void *user, struct pl_error *err)
{
    const struct pl_client_env *env = pl_client_env(client);
    struct pl_client_dial *dial = pl_try_alloc(sizeof(*dial));
    int rc = 0;
    *out = NULL;
    if (dial == NULL || pl_client_reserve_timer(client) < 0) {
        pl_free(dial);
        return pl_error_set(err, PL_E_NOMEM, "no memory for a connection");
    }
    memset(dial, 0, sizeof(*dial));
    dial->client = client;
    dial->owner = owner;
    dial->user = user;
    dial->lookup.on_done = on_addresses;
    dial->next.run = run_next;
    dial->free.run = run_free;
    dial->stagger.on_due = on_stagger;
    rc = env->lookup(env->user, &dial->lookup, host, port, err);
    if (rc < 0) {
        pl_client_release_timer(client, &dial->stagger);
        pl_free(dial);
        return rc;
    }
    dial->is_looking_up = true;
    *out = dial;
    return 0;
}
