/* Workers and their parent talk through one shared mapping: the parent writes a worker's goal, the
 * worker writes what it reached. A worker whose parent died ends by itself (PR_SET_PDEATHSIG). */
#include "fleet.h"

#include "base/alloc.h"
#include "proc.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    WORKERS_MAX = 256,
    WORKER_TICK_MS = 1, /* while a goal may change at any time */
    PARENT_TICK_US = 500,
};

/* Lies in memory that parent and worker share. */
struct worker {
    _Atomic size_t goal;             /* parent -> worker: connections to try */
    _Atomic size_t identified_count; /* worker -> parent, as all below */
    _Atomic size_t failed_count;
    _Atomic int64_t last_identified_ns;
    struct pl_error first_error; /* written before the first failed_count */
    size_t capacity;             /* set before the fork */
    pid_t pid;
};

struct pl_fleet {
    struct worker *workers; /* shared mapping, owned */
    size_t worker_count;
    size_t per_process;
};

static void publish_state(struct worker *worker, const struct pl_swarm *swarm)
{
    if (swarm->failed_count > 0 && worker->failed_count == 0) {
        worker->first_error = swarm->first_error;
    }
    worker->last_identified_ns = swarm->last_identified_ns;
    worker->identified_count = swarm->identified_count;
    worker->failed_count = swarm->failed_count;
}

PL_NORETURN static void worker_main(struct worker *worker, const struct pl_swarm_way *way)
{
    struct pl_swarm swarm;
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (pl_swarm_init(&swarm, way, worker->capacity, &worker->first_error) < 0) {
        worker->failed_count = worker->capacity;
        _exit(1);
    }
    for (;;) { /* until the parent's SIGTERM */
        pl_swarm_open_some(&swarm, worker->goal);
        pl_swarm_pump(&swarm, WORKER_TICK_MS);
        publish_state(worker, &swarm);
    }
}

/* In a child: its part of the logins. */
static _Noreturn void run_worker(struct worker *worker, const struct pl_swarm_way *way,
                                 size_t before)
{
    struct pl_swarm_way own = *way;
    own.logins = pl_load_logins_from(way->logins, before);
    worker_main(worker, &own);
}

static int start_workers(struct pl_fleet *fleet, const struct pl_swarm_way *way, size_t capacity,
                         struct pl_error *err)
{
    size_t wanted = (capacity + fleet->per_process - 1) / fleet->per_process;
    for (size_t i = 0; i < wanted; i++) {
        struct worker *worker = &fleet->workers[i];
        worker->capacity = pl_size_min(fleet->per_process, capacity - i * fleet->per_process);
        pid_t pid = fork(); /* not into the shared mapping at once: the child would write its 0 */
        if (pid == 0) {
            run_worker(worker, way, i * fleet->per_process);
        }
        if (pid < 0) {
            return pl_error_set(err, PL_E_IO, "fork: %s", strerror(errno));
        }
        worker->pid = pid;
        fleet->worker_count++;
    }
    return 0;
}

int pl_fleet_create(struct pl_fleet **out, const struct pl_swarm_way *way, size_t capacity,
                    size_t per_process, struct pl_error *err)
{
    if (capacity / per_process >= WORKERS_MAX) {
        return pl_error_set(err, PL_E_TOO_BIG, "%zu connections need more than %d processes",
                            capacity, WORKERS_MAX);
    }
    struct pl_fleet *fleet = pl_alloc(sizeof(*fleet));
    fleet->per_process = per_process;
    fleet->workers = mmap(NULL, WORKERS_MAX * sizeof(struct worker), PROT_READ | PROT_WRITE,
                          MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (fleet->workers == MAP_FAILED) {
        pl_free(fleet);
        return pl_error_set(err, PL_E_IO, "mmap: %s", strerror(errno));
    }
    int rc = start_workers(fleet, way, capacity, err);
    if (rc < 0) {
        pl_fleet_destroy(fleet);
        return rc;
    }
    *out = fleet;
    return 0;
}

struct pl_fleet_state pl_fleet_state(const struct pl_fleet *fleet)
{
    struct pl_fleet_state state = {0};
    for (size_t i = 0; i < fleet->worker_count; i++) {
        const struct worker *worker = &fleet->workers[i];
        size_t failed_count = worker->failed_count;
        if (failed_count > 0 && state.failed_count == 0) {
            state.first_error = worker->first_error;
        }
        state.failed_count += failed_count;
        state.identified_count += worker->identified_count;
        if (worker->last_identified_ns > state.last_identified_ns) {
            state.last_identified_ns = worker->last_identified_ns;
        }
    }
    return state;
}

bool pl_fleet_open(struct pl_fleet *fleet, size_t target_count, int64_t deadline_ns,
                   struct pl_fleet_state *out)
{
    for (size_t i = 0; i < fleet->worker_count; i++) {
        size_t before = i * fleet->per_process;
        size_t wanted = target_count > before ? target_count - before : 0;
        fleet->workers[i].goal = pl_size_min(wanted, fleet->workers[i].capacity);
    }
    for (;;) {
        *out = pl_fleet_state(fleet);
        if (out->identified_count + out->failed_count >= target_count) {
            return true;
        }
        if (pl_proc_now_ns() > deadline_ns) {
            return false;
        }
        pl_proc_sleep_us(PARENT_TICK_US);
    }
}

size_t pl_fleet_process_count(const struct pl_fleet *fleet)
{
    return fleet->worker_count;
}

void pl_fleet_destroy(struct pl_fleet *fleet)
{
    if (fleet == NULL) {
        return;
    }
    for (size_t i = 0; i < fleet->worker_count; i++) {
        kill(fleet->workers[i].pid, SIGTERM);
    }
    for (size_t i = 0; i < fleet->worker_count; i++) {
        while (waitpid(fleet->workers[i].pid, NULL, 0) < 0 && errno == EINTR) {
        }
    }
    munmap(fleet->workers, WORKERS_MAX * sizeof(struct worker));
    pl_free(fleet);
}
