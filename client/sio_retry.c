/* The at-least-once queue: its first event is sent until the server acknowledges it, and the next
 * one waits for that. An answer that does not come in time and a lost connection count as a try. */
#include "client/sio_internal.h"

#define DEFAULT_TIMEOUT_MS 10000

static int bound(struct parley_sio *sio, size_t size)
{
    size_t max = sio->buffer_max;
    if (max == 0 && !pl_client_sio_is_up(sio)) {
        return pl_client_fail(sio->client, PL_E_STATE,
                              "it is not connected, and `buffer_max` is 0: nothing is kept");
    }
    if (max == 0) {
        max = sio->manager->unsent_max; /* connected, the queue is all that bounds it */
    }
    if (size > max - pl_size_min(sio->retrying.bytes, max)) {
        return pl_client_fail(sio->client, PL_E_FULL,
                              "%zu bytes of events wait already (`buffer_max` is %zu)",
                              sio->retrying.bytes, sio->buffer_max);
    }
    return 0;
}

int pl_client_sio_retry_add(struct parley_sio *sio, const struct pl_client_sio_event *event,
                            const struct pl_client_sio_wait *wait)
{
    struct pl_client_sio_kept *kept = NULL;
    int timeout_ms = wait != NULL ? wait->timeout_ms : sio->ack_timeout_ms;
    int rc = bound(sio, pl_client_sio_kept_size(event));
    if (rc < 0) {
        return rc;
    }
    kept = pl_client_sio_outbox_add(&sio->retrying, event);
    if (kept == NULL) {
        return pl_client_fail(sio->client, PL_E_NOMEM, "no memory to keep an event");
    }
    if (wait != NULL) {
        kept->wait = *wait;
    }
    kept->wait.timeout_ms = timeout_ms > 0 ? timeout_ms : DEFAULT_TIMEOUT_MS;
    pl_client_sio_flush_later(sio);
    return 0;
}

/* The first event was acknowledged, or was not. */
static void on_answer(struct parley_sio *sio, int error, const struct parley_args *args, void *user)
{
    struct pl_client_sio_kept *kept = pl_client_sio_outbox_first(&sio->retrying);
    struct pl_client_sio_wait wait = kept->wait;
    (void)user;
    sio->is_in_flight = false;
    if (error == 0 || kept->try_count > sio->retries) {
        pl_client_sio_outbox_take(&sio->retrying, kept);
        pl_client_sio_kept_destroy(kept);
        if (wait.on_ack != NULL) {
            pl_client_count_callback(sio->client);
            wait.on_ack(sio, error, args, wait.user);
        }
    }
    pl_client_sio_retry(sio);
}

/* Returns 0, or why it was not sent. */
static int send_first(struct parley_sio *sio, struct pl_client_sio_kept *kept)
{
    struct pl_client_sio_wait wait = {.on_ack = on_answer, .timeout_ms = kept->wait.timeout_ms};
    struct pl_client_sio_ack *ack = pl_client_sio_acks_add(sio, &wait);
    int rc = PL_E_NOMEM;
    if (ack != NULL) {
        struct pl_client_sio_event event = {.name = kept->name,
                                            .raw_args = kept->raw_args,
                                            .blobs = kept->blobs,
                                            .blob_count = kept->blob_count,
                                            .has_id = true,
                                            .id = ack->id};
        rc = pl_client_sio_send_event(sio, &event);
    }
    if (rc < 0) {
        pl_client_sio_acks_undo(sio, ack);
        return rc;
    }
    kept->try_count++;
    sio->is_in_flight = true;
    return 0;
}

/* It can never be sent: larger than all that the session takes. */
static void give_up(struct parley_sio *sio, struct pl_client_sio_kept *kept)
{
    kept->try_count = INT32_MAX;
    on_answer(sio, PL_E_FULL, NULL, NULL);
}

void pl_client_sio_retry(struct parley_sio *sio)
{
    struct pl_client_sio_kept *kept = pl_client_sio_outbox_first(&sio->retrying);
    const struct parley_args *args = NULL;
    bool is_watched =
        pl_client_sio_listeners_want(&sio->listeners, PL_CLIENT_SIO_TO_OUTGOING, PL_STR(""));
    int rc = 0;
    if (kept == NULL || sio->is_in_flight || !pl_client_sio_may_send(sio)) {
        return;
    }
    if (is_watched) {
        args = pl_client_sio_kept_args(kept);
    }
    rc = is_watched && args == NULL ? PL_E_NOMEM : send_first(sio, kept);
    if (rc == 0 && is_watched) {
        pl_client_sio_tell_outgoing(sio, kept->name.ptr, args);
    } else if (rc == PL_E_NOMEM) {
        pl_client_sio_run_later(sio);
    } else if (rc == PL_E_FULL && pl_client_eio_unsent(sio->manager->eio) == 0) {
        give_up(sio, kept);
    }
    parley_args_unref(args);
}
