/* `sim`: runs the hub from seeds and says which one fails. A range of seeds runs in a child
 * process, so that a crash is told with its seed as well. */
#include "world.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define TWICE_EVERY 20
#define LARGE_EVERY 50

struct arguments {
    const char *program;
    uint64_t seed;
    uint64_t from;
    uint64_t count; /* 0: the one seed */
    bool has_trace;
};

static void print_help(void)
{
    printf("usage: sim --seed N [--trace]\n"
           "       sim --seeds COUNT [--from FIRST]\n"
           "\n"
           "Runs the real hub and fan-out in a simulated world and compares them with a model.\n"
           "\n"
           "  --seed N     one run; prints its hash\n"
           "  --trace      print each step of it\n"
           "  --seeds N    that many runs; each %dth is done twice and must give the same hash\n"
           "  --from N     the first seed of them (1)\n",
           TWICE_EVERY);
}

/* Sizes follow from the seed alone: most worlds are small and checked closely. */
static struct sim_options options_of(uint64_t seed, bool has_trace)
{
    struct sim_rng rng = {.state = ~seed};
    struct sim_options options = {.seed = seed, .has_trace = has_trace};
    options.thread_count = seed % 3 == 2 ? sim_between(&rng, 1, SIM_THREADS_MAX) : 0;
    if (seed % LARGE_EVERY == 0) {
        options.session_max = 3000;
        options.step_count = 30000;
    } else if (seed % 4 == 1) {
        options.session_max = sim_between(&rng, 2, 12);
        options.step_count = sim_between(&rng, 500, 3000);
    } else {
        options.session_max = sim_between(&rng, 20, 300);
        options.step_count = sim_between(&rng, 1000, 4000);
    }
    return options;
}

static int run_range(const struct arguments *arguments, volatile uint64_t *current)
{
    struct sim_result total = {0};
    for (uint64_t seed = arguments->from; seed < arguments->from + arguments->count; seed++) {
        struct sim_options options = options_of(seed, false);
        struct sim_result result;
        *current = seed;
        result = sim_run(&options);
        if (seed % TWICE_EVERY == 0 && sim_run(&options).hash != result.hash) {
            fprintf(stderr, "sim: seed %" PRIu64 " gives two different hashes\n", seed);
            return EXIT_FAILURE;
        }
        total.hash = (total.hash ^ result.hash) * UINT64_C(0x100000001b3);
        total.delivered_count += result.delivered_count;
        total.publish_count += result.publish_count;
    }
    printf("sim: %" PRIu64 " seeds, %" PRIu64 " publishes, %" PRIu64
           " messages delivered, hash %016" PRIx64 "\n",
           arguments->count, total.publish_count, total.delivered_count, total.hash);
    return EXIT_SUCCESS;
}

static int run_in_child(const struct arguments *arguments)
{
    int status = 0;
    pid_t child = 0;
    volatile uint64_t *current =
        mmap(NULL, sizeof(*current), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (current == MAP_FAILED) {
        fprintf(stderr, "sim: no shared memory: %s\n", strerror(errno));
        return EXIT_FAILURE;
    }
    fflush(NULL);
    child = fork();
    if (child == 0) {
        exit(run_range(arguments, current));
    }
    if (child < 0 || waitpid(child, &status, 0) < 0) {
        fprintf(stderr, "sim: no child process: %s\n", strerror(errno));
        return EXIT_FAILURE;
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS) {
        return EXIT_SUCCESS;
    }
    fprintf(stderr,
            "sim: FAILED at seed %" PRIu64 "; replay it with:\n  %s --seed %" PRIu64 " --trace\n",
            *current, arguments->program, *current);
    return EXIT_FAILURE;
}

static int run_one(const struct arguments *arguments)
{
    struct sim_options options = options_of(arguments->seed, arguments->has_trace);
    struct sim_result result = sim_run(&options);
    printf("sim: seed %" PRIu64 ": %u sessions, %u threads, %u steps, %" PRIu64
           " publishes, %" PRIu64 " messages delivered, hash %016" PRIx64 "\n",
           options.seed, options.session_max, options.thread_count, options.step_count,
           result.publish_count, result.delivered_count, result.hash);
    return EXIT_SUCCESS;
}

static bool read_number(uint64_t *out, const char *text)
{
    return text != NULL && pl_str_to_u64(out, pl_str_of_cstr(text), INT64_MAX);
}

static bool read_arguments(struct arguments *out, int argc, char **argv)
{
    bool has_seed = false;
    for (int i = 1; i < argc; i++) {
        const char *value = i + 1 < argc ? argv[i + 1] : NULL;
        if (strcmp(argv[i], "--trace") == 0) {
            out->has_trace = true;
            continue;
        }
        if (strcmp(argv[i], "--seed") == 0 && read_number(&out->seed, value)) {
            has_seed = true;
        } else if (!(strcmp(argv[i], "--seeds") == 0 && read_number(&out->count, value)) &&
                   !(strcmp(argv[i], "--from") == 0 && read_number(&out->from, value))) {
            fprintf(stderr, "sim: bad argument '%s'; see --help\n", argv[i]);
            return false;
        }
        i++;
    }
    if (has_seed == (out->count > 0) || (out->has_trace && !has_seed)) {
        fprintf(stderr, "sim: either --seed N [--trace] or --seeds COUNT; see --help\n");
        return false;
    }
    return true;
}

int main(int argc, char **argv)
{
    struct arguments arguments = {.program = argv[0], .from = 1};
    if (argc == 2 && strcmp(argv[1], "--help") == 0) {
        print_help();
        return EXIT_SUCCESS;
    }
    if (!read_arguments(&arguments, argc, argv)) {
        return 2;
    }
    return arguments.count > 0 ? run_in_child(&arguments) : run_one(&arguments);
}
