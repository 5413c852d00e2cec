/* What is done with a fan-out, as a message to the thread that has it. Each holds what it needs
 * until it is run: references to frames, copies of texts.
 * Threads: made by one, run or dropped by another, both once. */
#ifndef PL_BASE_FANOUT_COMMAND_H
#define PL_BASE_FANOUT_COMMAND_H

#include "base/fanout.h"

enum pl_fanout_command_kind {
    PL_FANOUT_SEND,
    PL_FANOUT_PUBLISH,
    PL_FANOUT_SUBSCRIBE,
    PL_FANOUT_UNSUBSCRIBE,
    PL_FANOUT_PAUSE,
    PL_FANOUT_RESUME,
    PL_FANOUT_CLOSE,
    PL_FANOUT_CALL, /* something that only its sender and the thread's owner know */
};

struct pl_publish_job;

struct pl_fanout_call {
    /* owner: of the thread, as given to pl_fanout_command_run. */
    void (*run)(void *owner, struct pl_sink_id sink, void *arg);
};

struct pl_fanout_command {
    uint8_t kind;  /* enum pl_fanout_command_kind */
    uint8_t flags; /* of SEND: PL_SEND_... */
    uint16_t code; /* of CLOSE */
    union {
        uint32_t stream;   /* of SUBSCRIBE, UNSUBSCRIBE */
        uint32_t audience; /* of PUBLISH: the sinks that it is for, at most */
    };
    struct pl_sink_id sink;
    union {
        struct pl_frame *frame;     /* of SEND; one reference */
        struct pl_publish_job *job; /* of PUBLISH; one reference */
        struct pl_blob *reason;     /* of CLOSE; owned, may be NULL */
        void *arg;                  /* of CALL */
    };
    const struct pl_fanout_call *call; /* of CALL; static */
};

/* A publish for `count` threads, each of which runs it once; what it borrows is copied, its frames
 * are counted once for all of them. */
struct pl_publish_job *pl_publish_job_create(const struct pl_fanout_publish *publish,
                                             uint32_t count);

struct pl_fanout_command pl_fanout_command_close(struct pl_sink_id sink, uint16_t code,
                                                 struct pl_str reason);

/* Memory that it keeps from being freed, and what its work comes to in the same measure: a place in a
 * queue for each of its audience. */
size_t pl_fanout_command_cost(const struct pl_fanout_command *command);

/* Do it. A sink that is gone is no error. */
void pl_fanout_command_run(const struct pl_fanout_command *command, struct pl_fanout *fanout,
                           void *owner);

#endif
