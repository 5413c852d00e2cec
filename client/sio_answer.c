/* Acknowledgements that the server wants: each is sent once at most, as long as the socket has not
 * been disconnected. They are counted, and outlive the socket. */
#include "client/sio_internal.h"

#include "base/alloc.h"
#include "codec/sio_write.h"

struct parley_sio_ack {
    struct pl_list node;    /* sio->answers */
    struct parley_sio *sio; /* NULL: it has been disconnected since, and may be gone */
    uint32_t refs;
    bool is_sent;
    uint64_t id;
};

struct parley_sio_ack *pl_client_sio_answer_create(struct parley_sio *sio, uint64_t id)
{
    struct parley_sio_ack *ack = pl_try_alloc(sizeof(*ack));
    if (ack != NULL) {
        *ack = (struct parley_sio_ack){.sio = sio, .refs = 1, .id = id};
        pl_list_push_back(&sio->answers, &ack->node);
    }
    return ack;
}

void pl_client_sio_detach_answers(struct parley_sio *sio)
{
    struct pl_list *node = NULL;
    while ((node = pl_list_pop_front(&sio->answers)) != NULL) {
        PL_CONTAINER_OF(node, struct parley_sio_ack, node)->sio = NULL;
    }
}

static int send_answer(struct parley_sio_ack *ack, const struct parley_args *args)
{
    struct parley_sio *sio = ack->sio;
    struct pl_client_sio_manager *manager = sio->manager;
    struct pl_bin_list bins = {.blobs = NULL};
    int rc = pl_client_sio_write_args(manager, &bins, args);
    if (rc == 0) {
        pl_buf_clear(&manager->text);
        pl_sio_write_ack(&manager->text, pl_str_of_cstr(sio->nsp), ack->id,
                         pl_buf_str(&manager->args), (uint32_t)bins.count);
        rc = pl_client_sio_send_text(manager, bins.blobs, bins.count);
        if (rc < 0) {
            rc = pl_client_fail(sio->client, rc, "the acknowledgement was not sent: %s",
                                pl_error_name(rc));
        }
    }
    pl_bin_list_fini(&bins);
    pl_client_sio_scratch_reset(&manager->args);
    return rc;
}

int parley_sio_ack_send(struct parley_sio_ack *ack, const struct parley_args *args)
{
    int rc = ack->sio == NULL ? PL_E_CLOSED : pl_client_enter(ack->sio->client);
    if (ack->is_sent) {
        return ack->sio == NULL || rc < 0
                   ? PL_E_STATE
                   : pl_client_fail(ack->sio->client, PL_E_STATE, "it was acknowledged already");
    }
    if (rc == 0) {
        rc = send_answer(ack, args);
        ack->is_sent = rc == 0;
    }
    return rc;
}

struct parley_sio_ack *parley_sio_ack_ref(struct parley_sio_ack *ack)
{
    if (ack != NULL) {
        ack->refs++;
    }
    return ack;
}

void parley_sio_ack_unref(struct parley_sio_ack *ack)
{
    if (ack != NULL && --ack->refs == 0) {
        pl_list_remove(&ack->node);
        pl_free(ack);
    }
}
