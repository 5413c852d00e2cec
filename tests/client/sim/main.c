/* `client-sim`: runs the client from seeds and says which one fails. A range of seeds runs in a child
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

struct arguments {
    const char *program;
    uint64_t seed;
    uint64_t from;
    uint64_t count; /* 0: the one seed */
    bool has_trace;
};

static void print_help(void)
{
    printf("usage: client-sim --seed N [--trace]\n"
           "       client-sim --seeds COUNT [--from FIRST]\n"
           "\n"
           "Runs the client library over a simulated network against a model of a server.\n"
           "\n"
           "  --seed N     one run; prints its hash\n"
           "  --trace      print each step of it\n"
           "  --seeds N    that many runs; each %dth is done twice and must give the same hash\n"
           "  --from N     the first seed of them (1)\n",
           TWICE_EVERY);
}

static int run_range(const struct arguments *arguments, volatile uint64_t *current)
{
    struct world_result total = {0};
    for (uint64_t seed = arguments->from; seed < arguments->from + arguments->count; seed++) {
        struct world_options options = {.seed = seed};
        struct world_result result;
        *current = seed;
        result = world_run(&options);
        if (seed % TWICE_EVERY == 0 && world_run(&options).hash != result.hash) {
            fprintf(stderr, "client-sim: seed %" PRIu64 " gives two different hashes\n", seed);
            return EXIT_FAILURE;
        }
        total.hash = (total.hash ^ result.hash) * UINT64_C(0x100000001b3);
        total.delivered_count += result.delivered_count;
        total.upgrade_count += result.upgrade_count;
    }
    printf("client-sim: %" PRIu64 " seeds, %" PRIu64 " packets, %" PRIu64
           " upgrades, hash %016" PRIx64 "\n",
           arguments->count, total.delivered_count, total.upgrade_count, total.hash);
    return EXIT_SUCCESS;
}

static int run_in_child(const struct arguments *arguments)
{
    int status = 0;
    pid_t child = 0;
    volatile uint64_t *current =
        mmap(NULL, sizeof(*current), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (current == MAP_FAILED) {
        fprintf(stderr, "client-sim: no shared memory: %s\n", strerror(errno));
        return EXIT_FAILURE;
    }
    fflush(NULL);
    child = fork();
    if (child == 0) {
        exit(run_range(arguments, current));
    }
    if (child < 0 || waitpid(child, &status, 0) < 0) {
        fprintf(stderr, "client-sim: no child process: %s\n", strerror(errno));
        return EXIT_FAILURE;
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS) {
        return EXIT_SUCCESS;
    }
    fprintf(stderr,
            "client-sim: FAILED at seed %" PRIu64 "; replay it with:\n  %s --seed %" PRIu64
            " --trace\n",
            *current, arguments->program, *current);
    return EXIT_FAILURE;
}

static int run_one(const struct arguments *arguments)
{
    struct world_options options = {.seed = arguments->seed, .has_trace = arguments->has_trace};
    struct world_result result = world_run(&options);
    printf("client-sim: seed %" PRIu64 ": %" PRIu64 " packets, %" PRIu64
           " upgrades, hash %016" PRIx64 "\n",
           options.seed, result.delivered_count, result.upgrade_count, result.hash);
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
            fprintf(stderr, "client-sim: bad argument '%s'; see --help\n", argv[i]);
            return false;
        }
        i++;
    }
    if (has_seed == (out->count > 0) || (out->has_trace && !has_seed)) {
        fprintf(stderr, "client-sim: either --seed N [--trace] or --seeds COUNT; see --help\n");
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
