/* A packet that waits for attachments is one block of memory: counters, a copy of its text, and
 * room for the attachments. Its text is checked when it arrives and read again when it is complete:
 * that is cheaper than keeping an arena per waiting packet, and binary packets are rare. */
#include "codec/sio_decoder.h"

#include "base/alloc.h"
#include "codec/sio_placeholder.h"

struct pl_sio_pending {
    size_t total_bytes; /* of the text and the attachments so far */
    uint32_t wanted_count;
    uint32_t count;
    size_t text_len;
    char *text; /* behind the attachments, in the same block */
    struct pl_blob *attachments[];
};

void pl_sio_decoder_init(struct pl_sio_decoder *decoder, const struct pl_sio_limits *limits)
{
    *decoder = (struct pl_sio_decoder){.limits = limits};
}

void pl_sio_decoder_fini(struct pl_sio_decoder *decoder)
{
    struct pl_sio_pending *pending = decoder->pending;
    decoder->pending = NULL;
    if (pending == NULL) {
        return;
    }
    for (uint32_t i = 0; i < pending->count; i++) {
        pl_blob_unref(&pending->attachments[i]);
    }
    pl_free(pending);
}

static struct pl_sio_pending *create_pending(uint32_t wanted_count, struct pl_str text)
{
    struct pl_sio_pending *pending = NULL;
    size_t size = 0;
    if (!pl_size_mul(&size, wanted_count, sizeof(pending->attachments[0])) ||
        !pl_size_add(&size, size, sizeof(*pending)) || !pl_size_add(&size, size, text.len)) {
        return NULL;
    }
    pending = pl_try_alloc(size);
    if (pending == NULL) {
        return NULL;
    }
    *pending = (struct pl_sio_pending){
        .total_bytes = text.len,
        .wanted_count = wanted_count,
        .text_len = text.len,
        .text = (char *)(pending->attachments + wanted_count),
    };
    memcpy(pending->text, text.ptr, text.len);
    return pending;
}

/* A header with attachments to come. */
static int start_waiting(struct pl_sio_decoder *decoder, const struct pl_sio_packet *packet,
                         struct pl_str text, struct pl_error *err)
{
    if (packet->attachment_count > decoder->limits->attachment_limit) {
        return pl_error_set(err, PL_E_PROTO, "too many attachments");
    }
    if (text.len > decoder->limits->packet_limit_bytes) {
        return pl_error_set(err, PL_E_TOO_BIG, "packet too big");
    }
    decoder->pending = create_pending(packet->attachment_count, text);
    if (decoder->pending == NULL) {
        return pl_error_set(err, PL_E_NOMEM, "no memory for attachments");
    }
    return 0;
}

int pl_sio_decoder_feed_text(struct pl_sio_message *out, struct pl_sio_decoder *decoder,
                             struct pl_str text, struct pl_arena *arena, struct pl_error *err)
{
    int rc = 0;
    out->attachments = NULL; /* reading clears the packet */
    out->attachment_count = 0;
    if (decoder->pending != NULL) {
        pl_sio_decoder_fini(decoder);
        return pl_error_set(err, PL_E_PROTO, "text while attachments are missing");
    }
    rc = pl_sio_packet_read(&out->packet, text, decoder->limits->role, arena, err);
    if (rc == 0 && pl_sio_type_is_binary(out->packet.type)) {
        rc = pl_sio_placeholders_check(out->packet.payload, out->packet.attachment_count, err);
    }
    if (rc < 0) {
        return rc;
    }
    if (out->packet.attachment_count > 0) {
        return start_waiting(decoder, &out->packet, text, err);
    }
    return 1;
}

static int add_attachment(struct pl_sio_decoder *decoder, struct pl_str bytes, struct pl_error *err)
{
    struct pl_sio_pending *pending = decoder->pending;
    struct pl_blob *blob = NULL;
    if (bytes.len > decoder->limits->packet_limit_bytes - pending->total_bytes) {
        return pl_error_set(err, PL_E_TOO_BIG, "attachments too big");
    }
    blob = pl_blob_copy(bytes);
    if (blob == NULL) {
        return pl_error_set(err, PL_E_NOMEM, "no memory for an attachment");
    }
    pending->total_bytes += bytes.len;
    pending->attachments[pending->count++] = blob;
    return 0;
}

/* The last attachment has come: the packet moves to the arena, the attachments to *out. */
static int complete(struct pl_sio_message *out, struct pl_sio_decoder *decoder,
                    struct pl_arena *arena, struct pl_error *err)
{
    struct pl_sio_pending *pending = decoder->pending;
    size_t size = pending->count * sizeof(pending->attachments[0]);
    struct pl_str text;
    struct pl_blob **attachments = pl_arena_alloc(arena, size);
    int rc = 0;
    if (attachments == NULL ||
        !pl_arena_copy(&text, arena, pl_str_make(pending->text, pending->text_len))) {
        return pl_error_set(err, PL_E_TOO_BIG, "packet too big");
    }
    rc = pl_sio_packet_read(&out->packet, text, decoder->limits->role, arena, err);
    if (rc < 0) {
        return rc;
    }
    memcpy(attachments, pending->attachments, size);
    out->attachments = attachments;
    out->attachment_count = pending->count;
    pending->count = 0; /* the references went to *out */
    return 1;
}

int pl_sio_decoder_feed_binary(struct pl_sio_message *out, struct pl_sio_decoder *decoder,
                               struct pl_str bytes, struct pl_arena *arena, struct pl_error *err)
{
    int rc = 0;
    *out = (struct pl_sio_message){.attachments = NULL};
    if (decoder->pending == NULL) {
        return pl_error_set(err, PL_E_PROTO, "attachment without a packet");
    }
    rc = add_attachment(decoder, bytes, err);
    if (rc == 0 && decoder->pending->count < decoder->pending->wanted_count) {
        return 0;
    }
    if (rc == 0) {
        rc = complete(out, decoder, arena, err);
    }
    pl_sio_decoder_fini(decoder);
    return rc;
}

void pl_sio_message_fini(struct pl_sio_message *message)
{
    for (size_t i = 0; i < message->attachment_count; i++) {
        pl_blob_unref(&message->attachments[i]);
    }
    message->attachments = NULL;
    message->attachment_count = 0;
}
