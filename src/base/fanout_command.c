/* Commands for a fan-out: made on one thread, run on another. */
#include "base/fanout_command.h"

#include "base/alloc.h"
#include "base/blob.h"

#define BYTES_PER_DELIVERY 16

struct pl_publish_job {
    _Atomic uint32_t refs;
    struct pl_fanout_publish publish; /* its streams are in `streams`, its frames here */
    struct pl_frame *frames[PL_ENCODING_MAX];
    size_t cost_bytes;
    uint32_t streams[]; /* include, then exclude */
};

static size_t hold_frames(struct pl_publish_job *job, struct pl_frame *const *frames)
{
    size_t bytes = 0;
    for (size_t i = 0; i < PL_ENCODING_MAX; i++) {
        job->frames[i] = frames[i];
        if (frames[i] != NULL) {
            pl_frame_ref(frames[i], 1);
            bytes += frames[i]->len;
        }
    }
    return bytes;
}

struct pl_publish_job *pl_publish_job_create(const struct pl_fanout_publish *publish,
                                             uint32_t count)
{
    size_t stream_count = publish->include_count + publish->exclude_count;
    size_t size = sizeof(struct pl_publish_job) + stream_count * sizeof(uint32_t);
    struct pl_publish_job *job = pl_alloc(size);
    uint32_t *exclude = job->streams + publish->include_count;
    atomic_init(&job->refs, count);
    job->publish = *publish;
    job->publish.frames = job->frames;
    job->publish.include = job->streams;
    job->publish.exclude = exclude;
    memcpy(job->streams, publish->include, publish->include_count * sizeof(uint32_t));
    if (publish->exclude_count > 0) {
        memcpy(exclude, publish->exclude, publish->exclude_count * sizeof(uint32_t));
    }
    job->cost_bytes = size + hold_frames(job, publish->frames);
    return job;
}

static void job_unref(struct pl_publish_job *job)
{
    if (atomic_fetch_sub_explicit(&job->refs, 1, memory_order_acq_rel) != 1) {
        return;
    }
    for (size_t i = 0; i < PL_ENCODING_MAX; i++) {
        pl_frame_unref(&job->frames[i]);
    }
    pl_free(job);
}

struct pl_fanout_command pl_fanout_command_close(struct pl_sink_id sink, uint16_t code,
                                                 struct pl_str reason)
{
    return (struct pl_fanout_command){.kind = PL_FANOUT_CLOSE,
                                      .sink = sink,
                                      .code = code,
                                      .reason = reason.len == 0 ? NULL : pl_blob_copy(reason)};
}

size_t pl_fanout_command_cost(const struct pl_fanout_command *command)
{
    switch ((enum pl_fanout_command_kind)command->kind) {
    case PL_FANOUT_SEND:
        return command->frame->len;
    case PL_FANOUT_PUBLISH:
        return command->job->cost_bytes + (size_t)command->audience * BYTES_PER_DELIVERY;
    case PL_FANOUT_CLOSE:
        return command->reason == NULL ? 0 : command->reason->len;
    case PL_FANOUT_SUBSCRIBE:
    case PL_FANOUT_UNSUBSCRIBE:
    case PL_FANOUT_PAUSE:
    case PL_FANOUT_RESUME:
    case PL_FANOUT_CALL:
        return 0;
    }
    return 0;
}

static void run_on_sink(const struct pl_fanout_command *command, struct pl_fanout *fanout,
                        struct pl_sink *sink)
{
    switch ((enum pl_fanout_command_kind)command->kind) {
    case PL_FANOUT_SEND:
        pl_frame_ref(command->frame, 1);
        pl_fanout_send(fanout, sink, command->frame, command->flags);
        break;
    case PL_FANOUT_SUBSCRIBE:
        pl_fanout_subscribe(fanout, sink, command->stream);
        break;
    case PL_FANOUT_UNSUBSCRIBE:
        pl_fanout_unsubscribe(fanout, sink, command->stream);
        break;
    case PL_FANOUT_PAUSE:
        sink->ops->pause(sink);
        break;
    case PL_FANOUT_RESUME:
        sink->ops->resume(sink);
        break;
    case PL_FANOUT_CLOSE:
        sink->ops->close(sink, command->code,
                         command->reason == NULL ? PL_STR("") : pl_blob_str(command->reason));
        break;
    case PL_FANOUT_PUBLISH:
    case PL_FANOUT_CALL:
        PL_ASSERT(false);
    }
}

/* What it held. */
static void give_back(const struct pl_fanout_command *command)
{
    struct pl_frame *frame = command->frame;
    struct pl_blob *reason = command->reason;
    switch ((enum pl_fanout_command_kind)command->kind) {
    case PL_FANOUT_SEND:
        pl_frame_unref(&frame);
        break;
    case PL_FANOUT_PUBLISH:
        job_unref(command->job);
        break;
    case PL_FANOUT_CLOSE:
        pl_blob_unref(&reason);
        break;
    case PL_FANOUT_CALL:
    case PL_FANOUT_SUBSCRIBE:
    case PL_FANOUT_UNSUBSCRIBE:
    case PL_FANOUT_PAUSE:
    case PL_FANOUT_RESUME:
        break;
    }
}

void pl_fanout_command_run(const struct pl_fanout_command *command, struct pl_fanout *fanout,
                           void *owner)
{
    struct pl_sink *sink = NULL;
    if (command->kind == PL_FANOUT_CALL) {
        command->call->run(owner, command->sink, command->arg);
        return;
    }
    if (command->kind == PL_FANOUT_PUBLISH) {
        pl_fanout_publish(fanout, &command->job->publish);
    } else if ((sink = pl_fanout_find(fanout, command->sink)) != NULL) {
        run_on_sink(command, fanout, sink);
    }
    give_back(command);
}
