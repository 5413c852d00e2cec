/* The command line of a simulator. */
#include "sim/seeds.h"

#include "base/str.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define TWICE_EVERY 20 /* of a range: done again */

struct arguments {
    uint64_t seed;
    uint64_t from;
    uint64_t count; /* 0: the one seed */
    bool has_trace;
};

static void print_help(const struct seeds_program *program)
{
    printf("usage: %s --seed N [--trace]\n"
           "       %s --seeds COUNT [--from FIRST]\n"
           "\n"
           "%s\n"
           "\n"
           "  --seed N     one run; prints its hash\n"
           "  --trace      print each step of it\n"
           "  --seeds N    that many runs; each %dth is done twice and must give the same hash\n"
           "  --from N     the first seed of them (1)\n",
           program->name, program->name, program->about, TWICE_EVERY);
}

static void print_result(const struct seeds_program *program, const struct seeds_result *result)
{
    for (size_t i = 0; i < PL_ARRAY_LEN(result->counts); i++) {
        printf("%" PRIu64 " %s, ", result->counts[i], program->counted[i]);
    }
    printf("hash %016" PRIx64 "\n", result->hash);
}

static int run_one(const struct seeds_program *program, const struct arguments *arguments)
{
    struct seeds_result result = program->run(arguments->seed, arguments->has_trace);
    printf("%s: seed %" PRIu64 ": ", program->name, arguments->seed);
    print_result(program, &result);
    return EXIT_SUCCESS;
}

/* `current` is set to each seed before it runs. */
static int run_range(const struct seeds_program *program, const struct arguments *arguments,
                     volatile uint64_t *current)
{
    struct seeds_result total = {0};
    for (uint64_t i = 0; i < arguments->count; i++) {
        uint64_t seed = arguments->from + i;
        struct seeds_result result;
        *current = seed;
        result = program->run(seed, false);
        if (seed % TWICE_EVERY == 0 && program->run(seed, false).hash != result.hash) {
            fprintf(stderr, "%s: seed %" PRIu64 " gives two different hashes\n", program->name,
                    seed);
            return EXIT_FAILURE;
        }
        total.hash = (total.hash ^ result.hash) * UINT64_C(0x100000001b3);
        for (size_t at = 0; at < PL_ARRAY_LEN(total.counts); at++) {
            total.counts[at] += result.counts[at];
        }
    }
    printf("%s: %" PRIu64 " seeds, ", program->name, arguments->count);
    print_result(program, &total);
    return EXIT_SUCCESS;
}

static int run_in_child(const struct seeds_program *program, const struct arguments *arguments,
                        const char *path)
{
    int status = 0;
    pid_t child = 0;
    volatile uint64_t *current =
        mmap(NULL, sizeof(*current), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (current == MAP_FAILED) {
        fprintf(stderr, "%s: no shared memory: %s\n", program->name, strerror(errno));
        return EXIT_FAILURE;
    }
    fflush(NULL);
    child = fork();
    if (child == 0) {
        exit(run_range(program, arguments, current));
    }
    if (child < 0 || waitpid(child, &status, 0) < 0) {
        fprintf(stderr, "%s: no child process: %s\n", program->name, strerror(errno));
        return EXIT_FAILURE;
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS) {
        return EXIT_SUCCESS;
    }
    fprintf(stderr,
            "%s: FAILED at seed %" PRIu64 "; replay it with:\n  %s --seed %" PRIu64 " --trace\n",
            program->name, *current, path, *current);
    return EXIT_FAILURE;
}

static bool read_number(uint64_t *out, const char *text)
{
    return text != NULL && pl_str_to_u64(out, pl_str_of_cstr(text), INT64_MAX);
}

static bool read_arguments(struct arguments *out, const char *name, int argc, char **argv)
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
            fprintf(stderr, "%s: bad argument '%s'; see --help\n", name, argv[i]);
            return false;
        }
        i++;
    }
    if (has_seed == (out->count > 0) || (out->has_trace && !has_seed)) {
        fprintf(stderr, "%s: either --seed N [--trace] or --seeds COUNT; see --help\n", name);
        return false;
    }
    return true;
}

int seeds_main(const struct seeds_program *program, int argc, char **argv)
{
    struct arguments arguments = {.from = 1};
    if (argc == 2 && strcmp(argv[1], "--help") == 0) {
        print_help(program);
        return EXIT_SUCCESS;
    }
    if (!read_arguments(&arguments, program->name, argc, argv)) {
        return 2;
    }
    return arguments.count > 0 ? run_in_child(program, &arguments, argv[0])
                               : run_one(program, &arguments);
}
