/* A message of a Talo client: the first byte tells whether a line with a signature may be in front.
 * What is read as any request lies within the input; compact text stays what it is. */
#include "fuzz.h"

#include "codec/json_read.h"
#include "codec/talo_message.h"

#define LIMIT_BYTES ((size_t)1 << 22)

static void check_within(struct pl_str part, struct pl_str whole)
{
    PL_ASSERT(part.len == 0 ||
              (part.ptr >= whole.ptr && part.ptr + part.len <= whole.ptr + whole.len));
}

static void read_data(struct pl_str data)
{
    struct pl_talo_identify identify;
    struct pl_talo_channel_message message;
    struct pl_str broadcast;
    struct pl_arena arena;
    pl_arena_init(&arena, LIMIT_BYTES);
    if (pl_talo_identify_read(&identify, data, &arena)) {
        PL_ASSERT(identify.alias_id >= 0);
    }
    if (pl_talo_channel_message_read(&message, data, &arena)) {
        PL_ASSERT(message.channel_id >= 0);
        PL_ASSERT(pl_talo_broadcast_read(&broadcast, data, &arena));
        PL_ASSERT(pl_str_eq(message.message, broadcast));
    }
    pl_arena_fini(&arena);
}

static void check_compact(struct pl_str data)
{
    struct pl_buf once;
    struct pl_buf twice;
    pl_buf_init(&once, LIMIT_BYTES);
    pl_buf_init(&twice, LIMIT_BYTES);
    pl_talo_message_write_compact(&once, data);
    PL_ASSERT(pl_json_validate(pl_buf_str(&once), PL_JSON_DEPTH_MAX, NULL) == 0);
    pl_talo_message_write_compact(&twice, pl_buf_str(&once));
    PL_ASSERT(pl_str_eq(pl_buf_str(&once), pl_buf_str(&twice)));
    pl_buf_fini(&once);
    pl_buf_fini(&twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pl_str text = pl_str_make((const char *)data, size);
    struct pl_talo_message message;
    bool has_line = size > 0 && data[0] == '1';
    if (size == 0) {
        return 0;
    }
    text = pl_str_from(text, 1);
    if (pl_talo_message_read(&message, text, has_line) == 0) {
        check_within(message.data, message.payload);
        read_data(message.data);
        check_compact(message.data);
    }
    check_within(message.payload, text);
    check_within(message.signature, text);
    PL_ASSERT(has_line || !message.has_signature);
    return 0;
}
