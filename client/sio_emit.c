/* Emitting: an event is written and sent at once when it can be, kept when it cannot. What was kept
 * goes first, also when only the session had no room for it. Where somebody listens to what is sent
 * everything is kept until the end of the turn: callbacks come inside of ticks alone. */
#include "client/sio_internal.h"

#include "base/alloc.h"
#include "base/utf8.h"
#include "codec/sio_write.h"

#define SCRATCH_KEPT_BYTES 4096
#define BINARIES_AT_HAND 16

void pl_client_sio_scratch_reset(struct pl_buf *scratch)
{
    if (scratch->cap > SCRATCH_KEPT_BYTES) {
        pl_buf_fini(scratch);
    }
    pl_buf_clear(scratch);
}

/* --- writing and sending --- */

int pl_client_sio_write_args(struct pl_client_sio_manager *manager, struct pl_bin_list *bins,
                             const struct parley_args *args)
{
    struct pl_buf *buf = &manager->args;
    pl_buf_clear(buf);
    pl_args_write(buf, bins, args);
    if (bins->count > manager->attachment_max) {
        return pl_client_fail(manager->client, PL_E_TOO_BIG,
                              "%zu binary parts are more than `attachment_max` (%u)", bins->count,
                              (unsigned)manager->attachment_max);
    }
    if (pl_buf_failed(buf) && !bins->has_failed && buf->cap > manager->unsent_max / 2) {
        return pl_client_fail(manager->client, PL_E_TOO_BIG,
                              "the arguments are larger than `unsent_max`");
    }
    return pl_buf_failed(buf) || bins->has_failed
               ? pl_client_fail(manager->client, PL_E_NOMEM, "no memory to write the arguments")
               : 0;
}

int pl_client_sio_send_text(struct pl_client_sio_manager *manager, struct pl_blob *const *blobs,
                            size_t blob_count)
{
    struct pl_str at_hand[BINARIES_AT_HAND] = {0}; /* gcc sees a read where the count is 0 */
    struct pl_str *binaries = at_hand;
    int rc = 0;
    if (pl_buf_failed(&manager->text)) {
        return PL_E_NOMEM;
    }
    if (blob_count > BINARIES_AT_HAND) {
        binaries = pl_try_alloc(blob_count * sizeof(*binaries));
        if (binaries == NULL) {
            return PL_E_NOMEM;
        }
    }
    for (size_t i = 0; i < blob_count; i++) {
        binaries[i] = pl_blob_str(blobs[i]);
    }
    rc = pl_client_eio_send(manager->eio, pl_buf_str(&manager->text), binaries, blob_count);
    if (binaries != at_hand) {
        pl_free(binaries);
    }
    pl_client_sio_scratch_reset(&manager->text);
    return rc;
}

int pl_client_sio_send_event(struct parley_sio *sio, const struct pl_client_sio_event *event)
{
    struct pl_client_sio_manager *manager = sio->manager;
    struct pl_sio_event written = {
        .nsp = pl_str_of_cstr(sio->nsp),
        .name = event->name,
        .raw_args = event->raw_args,
        .attachment_count = (uint32_t)event->blob_count, /* at most attachment_max */
        .has_id = event->has_id,
        .id = event->id,
    };
    pl_buf_clear(&manager->text);
    pl_sio_write_event(&manager->text, &written);
    return pl_client_sio_send_text(manager, event->blobs, event->blob_count);
}

bool pl_client_sio_may_send(const struct parley_sio *sio)
{
    return pl_client_sio_is_up(sio) && pl_client_eio_is_open(sio->manager->eio) &&
           !pl_client_eio_has_expired(sio->manager->eio);
}

bool pl_client_sio_is_watched(const struct parley_sio *sio)
{
    return pl_client_sio_listeners_want(&sio->listeners, PL_CLIENT_SIO_TO_OUTGOING, PL_STR(""));
}

void pl_client_sio_tell_outgoing(struct parley_sio *sio, const char *event,
                                 const struct parley_args *args)
{
    pl_client_sio_listeners_call(sio, PL_CLIENT_SIO_TO_OUTGOING, event, strlen(event), args, NULL);
}

/* --- what was kept --- */

static int send_kept(struct parley_sio *sio, const struct pl_client_sio_kept *kept)
{
    struct pl_client_sio_event event = {.name = kept->name,
                                        .raw_args = kept->raw_args,
                                        .blobs = kept->blobs,
                                        .blob_count = kept->blob_count,
                                        .has_id = kept->has_id,
                                        .id = kept->id};
    return pl_client_sio_send_event(sio, &event);
}

/* It can never be sent: larger than all that the session takes. */
static void give_up(struct parley_sio *sio, struct pl_client_sio_kept *kept)
{
    struct pl_client_sio_ack *ack =
        kept->has_id ? pl_client_sio_acks_find(&sio->acks, kept->id) : NULL;
    pl_client_sio_outbox_take(&sio->unsent, kept);
    pl_client_sio_kept_destroy(kept);
    if (ack != NULL) {
        pl_client_sio_acks_end(sio, ack, PL_E_FULL, NULL);
    }
}

/* The first that was kept. Returns 0, or why it stays. */
static int flush_one(struct parley_sio *sio, struct pl_client_sio_kept *kept)
{
    struct pl_client_sio_ack *ack =
        kept->has_id ? pl_client_sio_acks_find(&sio->acks, kept->id) : NULL;
    const struct parley_args *args = NULL;
    bool is_watched =
        pl_client_sio_listeners_want(&sio->listeners, PL_CLIENT_SIO_TO_OUTGOING, PL_STR(""));
    int rc = 0;
    if (is_watched) {
        args = pl_client_sio_kept_args(kept);
        if (args == NULL) {
            return PL_E_NOMEM;
        }
    }
    rc = send_kept(sio, kept);
    if (rc == 0) {
        pl_client_sio_outbox_take(&sio->unsent, kept);
        if (ack != NULL) {
            ack->kept = NULL;
        }
        if (is_watched) {
            pl_client_sio_tell_outgoing(sio, kept->name.ptr, args);
        }
        pl_client_sio_kept_destroy(kept);
    } else if (rc == PL_E_FULL && pl_client_eio_unsent(sio->manager->eio) == 0) {
        give_up(sio, kept);
        rc = 0;
    }
    parley_args_unref(args);
    return rc;
}

void pl_client_sio_flush(struct parley_sio *sio)
{
    struct pl_client_sio_kept *kept = NULL;
    while (pl_client_sio_may_send(sio) &&
           (kept = pl_client_sio_outbox_first(&sio->unsent)) != NULL) {
        int rc = flush_one(sio, kept);
        if (rc == PL_E_NOMEM) {
            pl_client_sio_run_later(sio);
        }
        if (rc < 0) {
            return; /* of a full session on_drain tells */
        }
    }
}

void pl_client_sio_flush_silently(struct parley_sio *sio)
{
    struct pl_client_sio_kept *kept = NULL;
    while (pl_client_sio_may_send(sio) &&
           (kept = pl_client_sio_outbox_first(&sio->unsent)) != NULL && send_kept(sio, kept) == 0) {
        struct pl_client_sio_ack *ack =
            kept->has_id ? pl_client_sio_acks_find(&sio->acks, kept->id) : NULL;
        if (ack != NULL) {
            ack->kept = NULL;
        }
        pl_client_sio_outbox_take(&sio->unsent, kept);
        pl_client_sio_kept_destroy(kept);
    }
}

/* How many bytes may be kept: while it is connected no less than the session would take. */
static size_t room(const struct parley_sio *sio)
{
    size_t max = sio->buffer_max;
    if (pl_client_sio_is_up(sio)) {
        max = pl_size_max(max, sio->manager->unsent_max);
    }
    return max - pl_size_min(sio->unsent.bytes, max);
}

static int keep(struct parley_sio *sio, struct pl_client_sio_event *event,
                struct pl_client_sio_ack *ack)
{
    struct pl_client_sio_kept *kept = NULL;
    if (sio->buffer_max == 0 && !pl_client_sio_is_up(sio)) {
        return pl_client_fail(sio->client, PL_E_STATE,
                              "it is not connected, and `buffer_max` is 0: nothing is kept");
    }
    if (pl_client_sio_kept_size(event) > room(sio)) {
        return pl_client_fail(sio->client, PL_E_FULL,
                              "%zu bytes of events wait already (`buffer_max` is %zu)",
                              sio->unsent.bytes, sio->buffer_max);
    }
    kept = pl_client_sio_outbox_add(&sio->unsent, event);
    if (kept == NULL) {
        return pl_client_fail(sio->client, PL_E_NOMEM, "no memory to keep an event");
    }
    if (ack != NULL) {
        ack->kept = kept;
    }
    kept->is_volatile = event->is_volatile;
    if (pl_client_sio_is_up(sio)) {
        pl_client_sio_flush_later(sio);
    }
    return 0;
}

/* --- the calls --- */

/* One call of an application. */
struct emission {
    const char *event;
    const struct parley_args *args;
    const struct pl_client_sio_wait *wait; /* NULL: none */
    bool is_volatile;
};

static int check_name(struct parley_sio *sio, const char *event)
{
    if (event == NULL || !pl_utf8_is_valid(pl_str_of_cstr(event))) {
        return pl_client_fail(sio->client, PL_E_INVALID, "an event's name is UTF-8");
    }
    if (pl_sio_event_is_reserved(pl_str_of_cstr(event))) {
        return pl_client_fail(sio->client, PL_E_INVALID,
                              "'%s' is a name that Socket.IO keeps for itself", event);
    }
    return 0;
}

static int send_failed(struct parley_sio *sio, int rc)
{
    return rc == PL_E_FULL
               ? pl_client_fail(sio->client, rc,
                                "the server takes no more for now (`unsent_max` is %zu)",
                                sio->manager->unsent_max)
               : pl_client_fail(sio->client, rc, "no memory to send an event");
}

/* It goes at once: nothing waits before it, and nobody listens. */
static bool goes_at_once(const struct parley_sio *sio)
{
    return pl_client_sio_may_send(sio) && pl_list_is_empty(&sio->unsent.events) &&
           !pl_client_sio_is_watched(sio);
}

static int send_or_keep(struct parley_sio *sio, struct pl_client_sio_event *event,
                        const struct pl_client_sio_wait *wait)
{
    struct pl_client_sio_ack *ack = NULL;
    int rc = PL_E_CLOSED;
    if (wait != NULL) {
        ack = pl_client_sio_acks_add(sio, wait);
        if (ack == NULL) {
            return pl_client_fail(sio->client, PL_E_NOMEM, "no memory to wait for an answer");
        }
        event->has_id = true;
        event->id = ack->id;
    }
    if (goes_at_once(sio)) {
        rc = pl_client_sio_send_event(sio, event);
    }
    if (rc == PL_E_CLOSED) {
        rc = keep(sio, event, ack);
    } else if (rc < 0) {
        rc = send_failed(sio, rc);
    }
    if (rc < 0) {
        pl_client_sio_acks_undo(sio, ack);
    }
    return rc;
}

static int send_volatile(struct parley_sio *sio, struct pl_client_sio_event *event)
{
    int rc = 0;
    if (!pl_client_sio_may_send(sio) || !pl_list_is_empty(&sio->unsent.events) ||
        !pl_client_eio_is_writable(sio->manager->eio)) {
        return 0;
    }
    event->is_volatile = true;
    if (pl_client_sio_is_watched(sio)) {
        return keep(sio, event, NULL);
    }
    rc = pl_client_sio_send_event(sio, event);
    return rc == PL_E_NOMEM ? send_failed(sio, rc) : 0;
}

static int emit_written(struct parley_sio *sio, const struct emission *emission,
                        struct pl_client_sio_event *event)
{
    if (pl_client_sio_kept_size(event) > sio->manager->unsent_max) {
        return pl_client_fail(sio->client, PL_E_TOO_BIG, "the event is larger than `unsent_max`");
    }
    if (emission->is_volatile) {
        return send_volatile(sio, event);
    }
    if (sio->retries > 0) {
        return pl_client_sio_retry_add(sio, event, emission->wait);
    }
    return send_or_keep(sio, event, emission->wait);
}

static int emit(struct parley_sio *sio, const struct emission *emission)
{
    struct pl_client_sio_manager *manager = sio->manager;
    struct pl_bin_list bins = {.blobs = NULL};
    int rc = pl_client_enter(sio->client);
    if (rc == 0) {
        rc = check_name(sio, emission->event);
    }
    if (rc < 0) {
        return rc;
    }
    rc = pl_client_sio_write_args(manager, &bins, emission->args);
    if (rc == 0) {
        struct pl_client_sio_event event = {.name = pl_str_of_cstr(emission->event),
                                            .raw_args = pl_buf_str(&manager->args),
                                            .blobs = bins.blobs,
                                            .blob_count = bins.count};
        rc = emit_written(sio, emission, &event);
    }
    pl_bin_list_fini(&bins);
    pl_client_sio_scratch_reset(&manager->args);
    return rc;
}

int parley_sio_emit(struct parley_sio *sio, const char *event, const struct parley_args *args)
{
    struct emission emission = {.event = event, .args = args};
    return emit(sio, &emission);
}

int parley_sio_emit_volatile(struct parley_sio *sio, const char *event,
                             const struct parley_args *args)
{
    struct emission emission = {.event = event, .args = args, .is_volatile = true};
    return emit(sio, &emission);
}

int parley_sio_emitf(struct parley_sio *sio, const char *event, const char *fmt, ...)
{
    struct parley_args *args = NULL;
    va_list list;
    int rc = pl_client_enter(sio->client);
    if (rc < 0) {
        return rc;
    }
    va_start(list, fmt);
    rc = pl_args_formatv(&args, fmt, list);
    va_end(list);
    if (rc < 0) {
        rc = rc == PL_E_UTF8 ? PL_E_INVALID : rc;
        return pl_client_fail(sio->client, rc, "the template makes no arguments: %s",
                              pl_error_name(rc));
    }
    rc = parley_sio_emit(sio, event, args);
    parley_args_unref(args);
    return rc;
}

int parley_sio_emit_ack(struct parley_sio *sio, const char *event, const struct parley_args *args,
                        int timeout_ms,
                        void (*on_ack)(struct parley_sio *sio, int error,
                                       const struct parley_args *args, void *user),
                        void *user)
{
    struct pl_client_sio_wait wait = {
        .on_ack = on_ack,
        .user = user,
        .timeout_ms = timeout_ms == 0 ? sio->ack_timeout_ms : timeout_ms,
    };
    struct emission emission = {.event = event, .args = args, .wait = &wait};
    int rc = pl_client_enter(sio->client);
    if (rc == 0 && (on_ack == NULL || timeout_ms < 0)) {
        rc = pl_client_fail(sio->client, PL_E_INVALID,
                            "an acknowledgement needs a callback, and a timeout of 0 or more");
    }
    return rc < 0 ? rc : emit(sio, &emission);
}
