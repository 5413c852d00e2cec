/* The hand-over: the input as messages. A payload that was read is written, and must then be read as
 * the same. */
#include "fuzz.h"

#include "codec/handover.h"

#define LIMIT_BYTES ((size_t)1 << 22)

/* One row per kind with fields: the payload as one of that kind, written to `out`. Whether it was
 * one. */
#define REWRITE(name)                                                                              \
    static bool rewrite_##name(struct pl_buf *out, struct pl_str payload, struct pl_arena *arena)  \
    {                                                                                              \
        struct pl_handover_##name fields;                                                          \
        (void)arena;                                                                               \
        if (READ(name) < 0) {                                                                      \
            return false;                                                                          \
        }                                                                                          \
        pl_handover_write_##name(out, &fields);                                                    \
        return true;                                                                               \
    }

#define READ(name) pl_handover_read_##name(&fields, payload, NULL)
REWRITE(hello)
REWRITE(ready)
REWRITE(state)
REWRITE(namespace)
REWRITE(connection)
#undef READ
#define READ(name) pl_handover_read_##name(&fields, payload, arena, NULL)
REWRITE(sids)
REWRITE(packet)
REWRITE(session)
#undef READ

static bool rewrite_listener(struct pl_buf *out, struct pl_str payload, struct pl_arena *arena)
{
    struct pl_str text;
    (void)arena;
    if (pl_handover_read_text(&text, payload, NULL) < 0) {
        return false;
    }
    pl_handover_write_text(out, PL_HANDOVER_LISTENER, 1, text);
    return true;
}

static bool rewrite(struct pl_buf *out, uint8_t kind, struct pl_str payload, struct pl_arena *arena)
{
    switch ((enum pl_handover_kind)kind) {
    case PL_HANDOVER_HELLO:
        return rewrite_hello(out, payload, arena);
    case PL_HANDOVER_READY:
        return rewrite_ready(out, payload, arena);
    case PL_HANDOVER_STATE:
        return rewrite_state(out, payload, arena);
    case PL_HANDOVER_NAMESPACE:
        return rewrite_namespace(out, payload, arena);
    case PL_HANDOVER_CONNECTION:
        return rewrite_connection(out, payload, arena);
    case PL_HANDOVER_SIDS:
        return rewrite_sids(out, payload, arena);
    case PL_HANDOVER_PACKET:
        return rewrite_packet(out, payload, arena);
    case PL_HANDOVER_SESSION:
        return rewrite_session(out, payload, arena);
    case PL_HANDOVER_LISTENER:
    case PL_HANDOVER_FAILED:
        return rewrite_listener(out, payload, arena);
    case PL_HANDOVER_LOCK:
    case PL_HANDOVER_CONTROL:
    case PL_HANDOVER_START:
    case PL_HANDOVER_NAMESPACE_END:
    case PL_HANDOVER_STATE_END:
    case PL_HANDOVER_TAKEN:
        break;
    }
    return false;
}

static void fuzz_message(const struct pl_handover_message *message)
{
    struct pl_handover_message again;
    struct pl_arena arena;
    struct pl_buf first;
    struct pl_buf second;
    pl_arena_init(&arena, LIMIT_BYTES);
    pl_buf_init(&first, LIMIT_BYTES);
    pl_buf_init(&second, LIMIT_BYTES);
    if (rewrite(&first, message->kind, message->payload, &arena)) {
        PL_ASSERT(!pl_buf_failed(&first));
        PL_ASSERT(pl_handover_read(&again, pl_buf_str(&first), NULL) == (ptrdiff_t)first.len);
        PL_ASSERT(again.payload.len <= message->payload.len); /* a newer process may say more */
        bool is_one = rewrite(&second, message->kind, again.payload, &arena);
        PL_ASSERT(is_one);
        PL_ASSERT(pl_str_eq(pl_buf_str(&first), pl_buf_str(&second)));
    }
    pl_buf_fini(&first);
    pl_buf_fini(&second);
    pl_arena_fini(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pl_str rest = pl_str_make((const char *)data, size);
    struct pl_handover_message message;
    ptrdiff_t len = 0;
    if (size > LIMIT_BYTES / 64) {
        return 0;
    }
    while ((len = pl_handover_read(&message, rest, NULL)) > 0) {
        fuzz_message(&message);
        rest = pl_str_from(rest, (size_t)len);
    }
    return 0;
}
