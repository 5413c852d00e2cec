/* The WebSocket message decoder. Control frames are small and waited for whole. Data frames are
 * consumed as they come: the usual one, whole and alone, is delivered where it lies; all others go
 * through an assembly, which remembers the frame under way and the message so far, so no byte is
 * looked at twice. */
#include "codec/ws_message.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/utf8.h"
#include "codec/ws_close.h"
#include "codec/ws_mask.h"

struct pl_ws_assembly {
    struct pl_buf message; /* what has arrived, unmasked */
    uint64_t frame_done;   /* payload bytes taken of the frame under way */
    uint64_t frame_len;    /* its payload; meaningful while is_in_frame */
    struct pl_utf8_state utf8;
    uint8_t key[PL_WS_KEY_BYTES];
    uint8_t opcode; /* of the message: PL_WS_TEXT or PL_WS_BINARY */
    uint8_t rsv;
    bool is_masked;
    bool is_final; /* the frame under way is the message's last */
    bool is_in_frame;
    bool is_delivered; /* the event borrowed `message`: to be freed with the next call */
};

static void assembly_destroy(struct pl_ws_assembly *assembly)
{
    if (assembly != NULL) {
        pl_buf_fini(&assembly->message);
        pl_free(assembly);
    }
}

static struct pl_ws_assembly *assembly_create(const struct pl_ws_header *first)
{
    struct pl_ws_assembly *assembly = pl_try_alloc(sizeof(*assembly));
    if (assembly != NULL) {
        *assembly = (struct pl_ws_assembly){.opcode = first->opcode, .rsv = first->rsv};
    }
    return assembly;
}

/* A text that we can read now: compressed text is checked by whoever decompresses it. */
static bool is_plain_text(uint8_t opcode, uint8_t rsv)
{
    return opcode == PL_WS_TEXT && (rsv & PL_WS_RSV1) == 0;
}

static void message_event_set(struct pl_ws_event *event, uint8_t opcode, uint8_t rsv,
                              struct pl_span payload)
{
    event->kind = opcode == PL_WS_TEXT ? PL_WS_EVENT_TEXT : PL_WS_EVENT_BINARY;
    event->rsv = rsv;
    event->payload = payload;
}

/* Does this data frame fit what came before it, and the limit? */
static int data_frame_check(const struct pl_ws_decoder *decoder, const struct pl_ws_header *header,
                            struct pl_error *err)
{
    const struct pl_ws_assembly *assembly = decoder->assembly;
    size_t message_len = assembly == NULL ? 0 : assembly->message.len;
    if (header->opcode == PL_WS_CONTINUATION && assembly == NULL) {
        return pl_error_set(err, PL_E_PROTO, "continuation of no message");
    }
    if (header->opcode != PL_WS_CONTINUATION && assembly != NULL) {
        return pl_error_set(err, PL_E_PROTO, "new message inside a fragmented one");
    }
    if (message_len > decoder->limit_bytes ||
        header->payload_len > decoder->limit_bytes - message_len) {
        return pl_error_set(err, PL_E_TOO_BIG, "message longer than %u bytes",
                            (unsigned)decoder->limit_bytes);
    }
    return 0;
}

/* The whole message lies in `payload`. */
static int message_take_whole(struct pl_ws_event *event, const struct pl_ws_header *header,
                              struct pl_span payload, struct pl_error *err)
{
    if (header->is_masked) {
        pl_ws_mask_apply(payload, header->key, 0);
    }
    if (is_plain_text(header->opcode, header->rsv) && !pl_utf8_is_valid(pl_str_of_span(payload))) {
        return pl_error_set(err, PL_E_UTF8, "text message is not UTF-8");
    }
    message_event_set(event, header->opcode, header->rsv, payload);
    return 0;
}

static void frame_begin(struct pl_ws_assembly *assembly, const struct pl_ws_header *header,
                        size_t limit_bytes)
{
    assembly->is_in_frame = true;
    assembly->is_final = header->is_final;
    assembly->is_masked = header->is_masked;
    memcpy(assembly->key, header->key, sizeof(assembly->key));
    assembly->frame_done = 0;
    assembly->frame_len = header->payload_len;
    /* The buffer grows by doubling as bytes arrive, never on a header's word alone; once the end is
     * in sight, not beyond it. data_frame_check has bounded the sum. */
    assembly->message.limit_bytes =
        header->is_final ? assembly->message.len + (size_t)header->payload_len : limit_bytes;
}

/* All frames are in: deliver. */
static int message_finish(struct pl_ws_assembly *assembly, struct pl_ws_event *event,
                          struct pl_error *err)
{
    if (!pl_utf8_is_complete(&assembly->utf8)) {
        return pl_error_set(err, PL_E_UTF8, "text message ends inside a character");
    }
    message_event_set(event, assembly->opcode, assembly->rsv,
                      (struct pl_span){assembly->message.ptr, assembly->message.len});
    assembly->is_delivered = true;
    return 0;
}

/* Take what `in` has of the frame under way. Returns the bytes taken, perhaps 0, or an error. */
static ptrdiff_t payload_take(struct pl_ws_assembly *assembly, struct pl_ws_event *event,
                              struct pl_span in, struct pl_error *err)
{
    uint64_t missing = assembly->frame_len - assembly->frame_done;
    struct pl_span piece = {in.ptr, missing < in.len ? (size_t)missing : in.len};
    if (assembly->is_masked) {
        pl_ws_mask_apply(piece, assembly->key, assembly->frame_done);
    }
    if (is_plain_text(assembly->opcode, assembly->rsv) &&
        !pl_utf8_feed(&assembly->utf8, pl_str_of_span(piece))) {
        return pl_error_set(err, PL_E_UTF8, "text message is not UTF-8");
    }
    pl_buf_add(&assembly->message, piece.ptr, piece.len);
    if (pl_buf_failed(&assembly->message)) {
        return pl_error_set(err, PL_E_NOMEM, "no memory for a message");
    }
    assembly->frame_done += piece.len;
    if (assembly->frame_done == assembly->frame_len) {
        assembly->is_in_frame = false;
        if (assembly->is_final) {
            int rc = message_finish(assembly, event, err);
            if (rc < 0) {
                return rc;
            }
        }
    }
    return (ptrdiff_t)piece.len;
}

/* `rest` is what follows the header. Returns the payload bytes taken, or an error. */
static ptrdiff_t data_frame_take(struct pl_ws_decoder *decoder, struct pl_ws_event *event,
                                 const struct pl_ws_header *header, struct pl_span rest,
                                 struct pl_error *err)
{
    int rc = data_frame_check(decoder, header, err);
    if (rc < 0) {
        return rc;
    }
    if (decoder->assembly == NULL && header->is_final && header->payload_len <= rest.len) {
        rest.len = (size_t)header->payload_len;
        rc = message_take_whole(event, header, rest, err);
        return rc < 0 ? rc : (ptrdiff_t)rest.len;
    }
    if (decoder->assembly == NULL) {
        decoder->assembly = assembly_create(header);
    }
    if (decoder->assembly == NULL) {
        return pl_error_set(err, PL_E_NOMEM, "no memory for a message");
    }
    frame_begin(decoder->assembly, header, decoder->limit_bytes);
    return payload_take(decoder->assembly, event, rest, err);
}

/* `payload` is whole. */
static int control_frame_take(struct pl_ws_decoder *decoder, struct pl_ws_event *event,
                              const struct pl_ws_header *header, struct pl_span payload,
                              struct pl_error *err)
{
    if (header->is_masked) {
        pl_ws_mask_apply(payload, header->key, 0);
    }
    if (header->opcode == PL_WS_CLOSE) {
        int rc = pl_ws_close_read(&event->close_code, &event->close_reason, pl_str_of_span(payload),
                                  err);
        if (rc < 0) {
            return rc;
        }
        event->kind = PL_WS_EVENT_CLOSE;
        decoder->is_closed = true;
        return 0;
    }
    event->kind = header->opcode == PL_WS_PING ? PL_WS_EVENT_PING : PL_WS_EVENT_PONG;
    event->payload = payload;
    return 0;
}

/* A frame begins at the front of `in`. */
static ptrdiff_t frame_take(struct pl_ws_decoder *decoder, struct pl_ws_event *event,
                            struct pl_span in, struct pl_error *err)
{
    struct pl_ws_header header = {0};
    struct pl_span rest = {0};
    ptrdiff_t taken = 0;
    ptrdiff_t header_len = pl_ws_header_read(
        &header, pl_str_of_span(in), (enum pl_ws_role)decoder->role, decoder->allowed_rsv, err);
    if (header_len <= 0) {
        return header_len;
    }
    rest = (struct pl_span){in.ptr + header_len, in.len - (size_t)header_len};
    if (!pl_ws_opcode_is_control(header.opcode)) {
        taken = data_frame_take(decoder, event, &header, rest, err);
        return taken < 0 ? taken : header_len + taken;
    }
    if (rest.len < header.payload_len) {
        return 0;
    }
    rest.len = (size_t)header.payload_len;
    taken = control_frame_take(decoder, event, &header, rest, err);
    return taken < 0 ? taken : header_len + (ptrdiff_t)rest.len;
}

static void assembly_drop(struct pl_ws_decoder *decoder)
{
    assembly_destroy(decoder->assembly);
    decoder->assembly = NULL;
}

void pl_ws_decoder_init(struct pl_ws_decoder *decoder, enum pl_ws_role role, size_t limit_bytes,
                        uint8_t allowed_rsv)
{
    *decoder = (struct pl_ws_decoder){
        .limit_bytes = (uint32_t)pl_size_min(limit_bytes, UINT32_MAX),
        .role = (uint8_t)role,
        .allowed_rsv = allowed_rsv,
    };
}

void pl_ws_decoder_fini(struct pl_ws_decoder *decoder)
{
    assembly_drop(decoder);
}

ptrdiff_t pl_ws_decoder_next(struct pl_ws_decoder *decoder, struct pl_ws_event *event,
                             struct pl_span in, struct pl_error *err)
{
    ptrdiff_t rc = 0;
    *event = (struct pl_ws_event){.kind = PL_WS_EVENT_NONE};
    if (decoder->error != 0) {
        return pl_error_set(err, decoder->error, "reading has failed before");
    }
    if (decoder->assembly != NULL && decoder->assembly->is_delivered) {
        assembly_drop(decoder);
    }
    if (decoder->is_closed) {
        assembly_drop(decoder); /* a message that the close cut short */
        return (ptrdiff_t)in.len;
    }
    if (in.len == 0) {
        return 0;
    }
    if (decoder->assembly != NULL && decoder->assembly->is_in_frame) {
        rc = payload_take(decoder->assembly, event, in, err);
    } else {
        rc = frame_take(decoder, event, in, err);
    }
    if (rc < 0) {
        assembly_drop(decoder);
        PL_ASSERT(rc >= INT8_MIN); /* a PL_E_... */
        decoder->error = (int8_t)rc;
        *event = (struct pl_ws_event){.kind = PL_WS_EVENT_NONE};
    }
    return rc;
}
