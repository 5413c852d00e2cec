/* permessage-deflate from both ends. The first byte chooses: offers to be negotiated, whose answer
 * must be one that we would read ourselves; or a connection's compressed messages, decompressed
 * with a window of the input's choice, within the limit, and the same whatever lies around them; or
 * a message that is compressed and must come back. */
#include "fuzz.h"

#include "base/alloc.h"
#include "codec/ws_deflate.h"
#include "net/deflate.h"

#define LIMIT ((size_t)70000)

static void check_offers(uint8_t choice, struct pl_str offers)
{
    struct pl_ws_deflate_policy policy = {
        .client_max_window_bits = (uint8_t)(8 + (choice & 7)),
        .wants_client_no_context_takeover = (choice & 8) != 0,
    };
    struct pl_ws_deflate_agreement agreement;
    struct pl_ws_deflate_agreement again;
    char answer[PL_WS_DEFLATE_ANSWER_MAX];
    size_t len = 0;
    if (!pl_ws_deflate_agree(&agreement, &policy, offers)) {
        return;
    }
    PL_ASSERT(agreement.client_no_context_takeover || !policy.wants_client_no_context_takeover);
    PL_ASSERT(agreement.server_max_window_bits >= PL_WS_DEFLATE_BITS_MIN);
    PL_ASSERT(agreement.server_max_window_bits <= PL_WS_DEFLATE_BITS_MAX);
    PL_ASSERT(agreement.client_max_window_bits >= PL_WS_DEFLATE_BITS_MIN);
    PL_ASSERT(agreement.client_max_window_bits <= PL_WS_DEFLATE_BITS_MAX);
    len = pl_ws_deflate_answer_write(answer, &agreement);
    PL_ASSERT(pl_ws_deflate_agree(&again, &policy, pl_str_make(answer, len)));
    PL_ASSERT(again.server_max_window_bits == agreement.server_max_window_bits);
    PL_ASSERT(again.client_no_context_takeover == agreement.client_no_context_takeover);
}

/* One after the other, as one connection sends them: a byte of length, then the message. */
static void check_messages(struct pl_inflater *inflater, uint8_t choice, struct pl_str rest)
{
    struct pl_inflate_history history = {0};
    struct pl_buf out;
    int rc = 0;
    if ((choice & 8) != 0) {
        pl_inflate_history_init(&history, 8u + (choice & 7));
    }
    pl_buf_init(&out, LIMIT >> (choice & 7));
    while (rc == 0 && rest.len > 0) {
        size_t len = (uint8_t)rest.ptr[0];
        struct pl_str message =
            len == 255 ? pl_str_from(rest, 1) : pl_str_first(pl_str_from(rest, 1), len);
        rest = pl_str_from(rest, 1 + message.len);
        pl_buf_clear(&out);
        rc = pl_inflater_run(inflater, &out, message, &history, NULL);
        PL_ASSERT(rc < 0 || out.len <= out.limit_bytes);
        PL_ASSERT(out.cap <= out.limit_bytes + 1);
        PL_ASSERT(history.len <= history.window_bytes && history.cap <= history.window_bytes);
    }
    pl_buf_fini(&out);
    pl_inflate_history_fini(&history);
}

static void check_there_and_back(struct pl_inflater *inflater, uint8_t choice, struct pl_str text)
{
    struct pl_deflater *deflater = pl_deflater_create(
        &(struct pl_deflate_config){PL_DEFLATE_MESSAGE, 1 + (choice & 7), 1 + (choice >> 3 & 7)});
    struct pl_inflate_history none = {0};
    struct pl_buf out;
    uint8_t *packed = pl_alloc(text.len + 1);
    size_t len = pl_deflater_run(deflater, packed, text.len, text);
    pl_buf_init(&out, text.len);
    if (len > 0) {
        int rc =
            pl_inflater_run(inflater, &out, pl_str_make((const char *)packed, len), &none, NULL);
        PL_ASSERT(len < text.len && rc == 0 && pl_str_eq(pl_buf_str(&out), text));
    }
    pl_buf_fini(&out);
    pl_free(packed);
    pl_deflater_destroy(deflater);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pl_inflater *inflater = NULL;
    struct pl_str rest = pl_str_make((const char *)data, size);
    uint8_t choice = 0;
    if (size < 1) {
        return 0;
    }
    choice = data[0];
    rest = pl_str_from(rest, 1);
    inflater = pl_inflater_create();
    switch (choice >> 6) {
    case 0:
        check_offers(choice, rest);
        break;
    case 1:
        check_there_and_back(inflater, choice, rest);
        break;
    default:
        check_messages(inflater, choice, rest);
        break;
    }
    pl_inflater_destroy(inflater);
    return 0;
}
