/* The simulated world around a real hub and fan-out: a clock, randomness, connections with fast,
 * slow, stalled and polling peers, in one seed out of three on up to three I/O threads. Each
 * world_... call does one thing to the hub and to the model, and compares the answers. A difference
 * ends the run: world_fail does not return. */
#ifndef PL_SIM_WORLD_H
#define PL_SIM_WORLD_H

#include "base/fanout.h"
#include "base/rate.h"
#include "hub/hub.h"
#include "hub/port_rings.h"
#include "hub/session.h"
#include "model.h"
#include "rng.h"
#include "seeds.h"

#define SIM_ENCODINGS 3
#define SIM_THREADS_MAX 3
#define SIM_TRACE_LINES 24
#define SIM_TRACE_WIDTH 120
#define SIM_NESTING_MAX 2 /* how deep callbacks act on their own */

enum sim_peer {
    SIM_PEER_FAST,    /* takes everything at once */
    SIM_PEER_SLOW,    /* a few bytes now and then */
    SIM_PEER_STALLED, /* hardly ever anything */
    SIM_PEER_POLLING, /* everything, when a poll is waiting */
    SIM_PEER_COUNT,
};

struct sim_world;

/* What happens on one thread; number 0 is the hub's own. */
struct sim_thread {
    struct sim_world *world;
    struct pl_fanout fanout;
    struct pl_channel commands; /* from the hub */
    struct pl_sink_ids ids;     /* of its connections, given out by the hub */
};

/* A connection: the sink, and the network and peer behind it. */
struct sim_conn {
    struct pl_sink sink;
    struct sim_world *world;
    struct sim_thread *thread;
    struct pl_sink_id id; /* the sink has it once its thread has heard of it */
    uint32_t session;
    enum sim_peer peer;
    size_t window_bytes; /* what the network takes at the moment */
    size_t part_bytes;   /* sent of the first frame */
    bool is_paused;
    bool has_overflowed; /* to be closed when the turn ends */
    bool has_ended;      /* its session is closed: what is on its way to it no longer counts */
};

struct sim_session {
    struct sim_world *world;
    struct pl_session *session; /* NULL: not open */
    struct pl_session_id id;
    struct sim_conn *conn; /* NULL: detached, or lost */
    struct pl_timer resume_timer;
    struct pl_rate rate;
    uint32_t index;
    uint32_t received_count; /* numbers the client's messages */
};

/* A frame that some queue may hold; the world holds one reference more, to look at the count. */
struct sim_track {
    struct pl_frame *frame; /* NULL: place is free */
    uint32_t queued_count;  /* scratch of the check */
};

struct sim_options {
    uint64_t seed;
    bool has_trace;
    uint32_t session_max;
    uint32_t step_count;
    uint32_t thread_count;
};

struct sim_world {
    struct sim_options options;
    struct sim_rng rng;
    struct model model;
    struct pl_hub *hub;
    struct sim_thread threads[SIM_THREADS_MAX + 1];
    uint32_t thread_count; /* besides the hub's; 0: the inline port */
    struct pl_port_rings port;
    struct pl_timers timers;
    struct sim_session *sessions;
    uint32_t open_count;
    uint32_t stream_max;
    uint32_t limit_bytes; /* of a sink */
    uint32_t rate_per_second;
    uint32_t rate_burst;
    int64_t now_ms;
    int64_t unix_us;
    int64_t last_stamp_us;
    uint32_t message_count; /* numbers the messages sent */
    uint32_t meta_count;
    size_t metas_alive;
    uint32_t nesting;
    uint64_t hash; /* of all outputs, in order */
    uint64_t step;
    uint64_t publishes_expected;
    uint64_t encodes_expected;
    uint64_t overflows_expected;
    uint64_t delivered_count;
    struct sim_track *tracks;
    uint32_t *free_tracks;
    uint32_t track_count;
    uint32_t track_cap;
    uint32_t free_track_count;
    char trace[SIM_TRACE_LINES][SIM_TRACE_WIDTH];
    uint64_t trace_count;
};

/* What a run counted, for the curious. */
/* One whole run. */
struct seeds_result sim_run(const struct sim_options *options);

/* --- world.c --- */
void world_init(struct sim_world *world, const struct sim_options *options);
void world_fini(struct sim_world *world);
PL_NORETURN void world_fail(struct sim_world *world, const char *fmt, ...) PL_PRINTF(2, 3);
void world_trace(struct sim_world *world, const char *fmt, ...) PL_PRINTF(2, 3);
void world_hash(struct sim_world *world, uint64_t value);

/* The key of stream `index`; texts are written to `text`. */
struct pl_stream_key world_key(uint32_t index, char text[static 32]);

/* One frame of a message for an encoding: number, track, encoding, then as many bytes as the number
 * says. */
struct pl_frame *world_encode(struct sim_world *world, uint32_t number, uint8_t encoding);
uint32_t world_frame_len(uint32_t number, uint8_t encoding);
uint32_t world_frame_number(const struct pl_frame *frame);
uint32_t world_frame_track(const struct pl_frame *frame);

/* --- thread.c --- */
void thread_init(struct sim_world *world, uint32_t number);
void thread_fini(struct sim_thread *thread);
void thread_run(struct sim_thread *thread, uint32_t count); /* so many commands, or fewer */
void thread_catch_up(struct sim_thread *thread);
void world_catch_up(struct sim_world *world); /* all of them: nothing is on its way */
void world_run_threads(struct sim_world *world);
void world_flush(struct sim_world *world);

/* --- conn.c --- */
struct sim_conn *conn_create(struct sim_world *world, uint32_t session, uint8_t encoding,
                             enum sim_peer peer);
void conn_destroy(struct sim_conn *conn); /* NULL is fine */

/* The network takes `bytes` more. */
void conn_open_window(struct sim_conn *conn, size_t bytes);

/* --- act.c: things that can happen to one session --- */
void world_connect(struct sim_world *world, uint32_t session);
void world_close(struct sim_world *world, uint32_t session);
void world_drop(struct sim_world *world,
                uint32_t session); /* the connection breaks; the hub is not told */
void world_detach(struct sim_world *world, uint32_t session); /* it breaks, and the session waits */
void world_recover(struct sim_world *world, uint32_t session);
void world_move(struct sim_world *world,
                uint32_t session); /* to another connection, nothing missed */
void world_join(struct sim_world *world, uint32_t session, uint32_t stream);
void world_leave(struct sim_world *world, uint32_t session, uint32_t stream);
void world_receive(struct sim_world *world, uint32_t session);
void world_suspend(struct sim_world *world, uint32_t session);
void world_resume(struct sim_world *world, uint32_t session);
void world_presence(void *user, struct pl_stream *stream, struct pl_member *member, bool left);

/* --- send.c --- */
void world_publish(struct sim_world *world, const struct model_publish *publish);
void world_publish_any(struct sim_world *world);
void world_unicast(struct sim_world *world, uint32_t session);

/* --- check.c --- */
void check_session(struct sim_world *world, uint32_t session);
void check_stream(struct sim_world *world, uint32_t stream);
void check_counts(struct sim_world *world);
void check_all(struct sim_world *world);

#endif
