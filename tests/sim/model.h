/* The reference model: what the hub should do, written naively and apart from it. Sessions and
 * streams are plain numbers here. Every function answers, or changes, what is expected; it never
 * looks at the hub. */
#ifndef PL_SIM_MODEL_H
#define PL_SIM_MODEL_H

#include "base/defs.h"

#define MODEL_NOBODY UINT32_MAX

enum {
    MODEL_SUBSCRIBER = 1,
    MODEL_PRESENCE = 2,
    MODEL_HIDDEN = 4,
};

/* A list of numbers. */
struct model_list {
    uint32_t *items;
    size_t count;
    size_t cap;
};

/* First in, first out: a message number and its bytes. */
struct model_item {
    uint32_t number;
    uint32_t len;
};

struct model_queue {
    struct model_item *items;
    size_t first;
    size_t count; /* behind first */
    size_t cap;
    size_t bytes;
};

struct model_member {
    uint32_t session;
    unsigned flags;
    uint32_t meta; /* 0: none */
};

struct model_stream {
    struct model_member *members; /* in the order of joining */
    size_t count;
    size_t cap;
    bool has_listener;
};

struct model_session {
    bool is_open;
    bool has_sink; /* as far as the hub knows */
    bool can_take; /* the sink is there and open */
    bool is_ready; /* its peer takes bytes at once */
    bool is_paused;
    uint8_t encoding;
    struct model_list streams;  /* in the order of joining */
    struct model_queue pending; /* queued in the sink, not yet delivered */
    struct model_queue inbound; /* received, not yet handled */
    uint32_t handler_depth;
    uint32_t suspend_count;
    int64_t rate_last_ms;
    uint64_t rate_millitokens;
};

/* A presence event that must come next. */
struct model_event {
    uint32_t stream;
    uint32_t session;
    bool left;
};

struct model {
    struct model_session *sessions;
    uint32_t session_max;
    struct model_stream *streams;
    uint32_t stream_max;
    struct model_event *events; /* the next one is the last */
    size_t event_count;
    size_t event_cap;
    uint8_t *seen; /* by session: a scratch set */
    size_t inbound_messages_max;
    size_t inbound_bytes_max;
    size_t streams_per_session_max;
};

struct model_publish {
    const uint32_t *include;
    size_t include_count;
    const uint32_t *exclude;
    size_t exclude_count;
    uint32_t except;
    bool is_volatile;
};

void model_init(struct model *model, uint32_t session_max, uint32_t stream_max);
void model_fini(struct model *model);

void model_open(struct model *model, uint32_t session, uint8_t encoding);

/* The session ends: memberships that nobody listens to are gone at once, the others with their
 * events. */
void model_close(struct model *model, uint32_t session);

/* What carries the session changes; what was pending stays unless dropped. */
void model_attach(struct model *model, uint32_t session, bool has_sink, uint8_t encoding);
void model_drop_pending(struct model *model, uint32_t session);
void model_keep_pending(struct model *model, uint32_t session,
                        size_t count); /* drop all but the oldest */

/* What a join returns: 1, 0, or -1 when the session is in too many streams. */
int model_join(struct model *model, uint32_t session, uint32_t stream, unsigned flags,
               uint32_t meta);

/* Whether it was a member. */
bool model_leave(struct model *model, uint32_t session, uint32_t stream);

struct model_member *model_find(const struct model *model, uint32_t session, uint32_t stream);

/* A presence event came: was it the expected one? A leave takes effect here. */
bool model_on_event(struct model *model, struct model_event event);

/* Who is reached, each once, in order, into out (session_max places). Returns how many. */
size_t model_audience(struct model *model, const struct model_publish *publish, uint32_t *out);

/* The encodings that the audience uses, as bits. */
unsigned model_encodings(const struct model *model, const uint32_t *audience, size_t count);

/* A message goes to a session: queued there if its sink takes it. */
void model_send(struct model *model, uint32_t session, struct model_item item, bool is_volatile);

/* A message arrived at the peer: was it the next one? */
bool model_delivered(struct model *model, uint32_t session, uint32_t number);

/* A client's message arrives. Returns whether it has to wait. */
bool model_must_wait(const struct model *model, uint32_t session);
void model_receive(struct model *model, uint32_t session, struct model_item item);

/* The handler starts: was it this one's turn? And ends. */
bool model_handle_begin(struct model *model, uint32_t session, struct model_item item);
void model_handle_end(struct model *model, uint32_t session);

/* A token bucket, refilled one millisecond at a time. */
bool model_rate_take(struct model_session *session, uint32_t per_second, uint32_t burst,
                     int64_t now_ms);

/* The one at `index` from the front. */
const struct model_item *model_queue_at(const struct model_queue *queue, size_t index);

#endif
