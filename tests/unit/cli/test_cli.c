/* The command line, whole: parley_main with a server that only remembers what it was
 * asked to do. */
#include "app/server.h"
#include "base/version.h"
#include "cli/cli.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

/* What pl_server_run got. Of this test alone: the real one is not linked. */
static struct {
    int count;
    int rc;
    char listen[64];
    int64_t ping_interval_ms;
    const struct parley_app_hooks *hooks;
} served;

int pl_server_run(struct pl_settings *settings, const struct pl_settings_sources *sources,
                  const struct parley_app_hooks *hooks, struct pl_inheritance *inheritance,
                  struct pl_error *err)
{
    struct pl_settings again;
    assert_false(inheritance->is_there);
    assert_int_equal(pl_settings_load(&again, sources, NULL), 0); /* as a reload does */
    assert_true(pl_str_eq(again.listen, settings->listen));
    pl_settings_fini(&again);
    served.count++;
    served.hooks = hooks;
    served.ping_interval_ms = settings->socketio.ping_interval_ms;
    snprintf(served.listen, sizeof(served.listen), PL_STR_FMT, PL_STR_ARG(settings->listen));
    if (served.rc < 0) {
        return pl_error_set(err, served.rc, "the port is in use");
    }
    return 0;
}

struct run {
    int status;
    char out[32 * 1024];
    char err[4096];
};

static int redirect(int fd, char *path)
{
    int saved = dup(fd);
    int file = mkstemp(path);
    assert_true(saved >= 0 && file >= 0);
    unlink(path);
    dup2(file, fd);
    close(file);
    return saved;
}

static void restore(int fd, int saved, char *text, size_t size)
{
    ssize_t got = pread(fd, text, size - 1, 0);
    text[got < 0 ? 0 : got] = 0;
    dup2(saved, fd);
    close(saved);
}

/* Run a command line, split at spaces ("\x01" stands for a space inside a word). */
static const struct run *parley_with(const struct parley_app_hooks *hooks, const char *line)
{
    static struct run run;
    char copy[512];
    char *argv[32] = {copy};
    int argc = 1;
    char out_path[] = "/tmp/parley-test-out-XXXXXX";
    char err_path[] = "/tmp/parley-test-err-XXXXXX";
    snprintf(copy, sizeof(copy), "parley%s%s", line[0] != 0 ? " " : "", line);
    for (char *at = copy; *at != 0; at++) {
        if (*at == ' ') {
            *at = 0;
            argv[argc++] = at + 1;
        } else if (*at == '\x01') {
            *at = ' ';
        }
    }
    fflush(NULL);
    int saved_out = redirect(STDOUT_FILENO, out_path);
    int saved_err = redirect(STDERR_FILENO, err_path);
    run.status = parley_main(argc, argv, hooks);
    fflush(NULL);
    restore(STDOUT_FILENO, saved_out, run.out, sizeof(run.out));
    restore(STDERR_FILENO, saved_err, run.err, sizeof(run.err));
    return &run;
}

static const struct run *parley(const char *line)
{
    return parley_with(NULL, line);
}

static int reset(void **state)
{
    (void)state;
    memset(&served, 0, sizeof(served));
    return 0;
}

static void test_cli_mistakes_are_one_line_and_status_2(void **state)
{
    static const struct {
        const char *line;
        const char *expected;
    } rows[] = {
        {"", "parley: a command is wanted (parley --help lists them)\n"},
        {"serv", "parley: no command 'serv'; did you mean 'serve'? (parley --help lists them)\n"},
        {"dance", "parley: no command 'dance' (parley --help lists them)\n"},
        {"serve --lisen 1", "parley: serve: unknown flag --lisen; did you mean 'listen'? (parley "
                            "help serve)\n"},
        {"serve -x", "parley: serve: unknown flag -x (parley help serve)\n"},
        {"serve --json", "parley: serve: unknown flag --json (parley help serve)\n"},
        {"serve --listen", "parley: --listen wants ADDRESS:PORT (parley help serve)\n"},
        {"serve --listen --data x", "parley: --listen wants ADDRESS:PORT (parley help serve)\n"},
        {"serve --set x", "parley: --set wants NAME=VALUE, not 'x' (parley help serve)\n"},
        {"serve --set =x", "parley: --set wants NAME=VALUE, not '=x' (parley help serve)\n"},
        {"serve --help=yes", "parley: --help takes no value (parley help serve)\n"},
        {"serve stray", "parley: serve: unexpected 'stray' (parley help serve)\n"},
        {"serve -- --listen", "parley: serve: unexpected '--listen' (parley help serve)\n"},
        {"serve --set io_threads=64",
         "parley: --set: io_threads: \"64\" is not allowed: 0 to 63\n"},
        {"serve --listen nowhere", "parley: --listen: listen: \"nowhere\" is not allowed: "
                                   "write ADDRESS:PORT, as 127.0.0.1:7350 or [::1]:0\n"},
        {"serve --config /nonexistent.yaml",
         "parley: /nonexistent.yaml: No such file or directory\n"},
        {"check --set a=b", "parley: --set: no setting \"a\"\n"},
        {"clock", "parley: clock wants: advance MS (parley help clock)\n"},
        {"clock advance soon", "parley: clock wants: advance MS (0 to 31536000000)\n"},
        {"clock retreat 5", "parley: clock wants: advance MS (0 to 31536000000)\n"},
        {"new", "parley: new wants: NAME (parley help new)\n"},
        {"new a b", "parley: new: unexpected 'b' (parley help new)\n"},
        {"new test", "parley: new: 'test' cannot be a project's name: Meson has a target of that "
                     "name\n"},
        {"new a/b.c/", "parley: new: 'b.c' cannot be a project's name: 1 to 64 letters, digits, - "
                       "and _ of ASCII, a letter first\n"},
        {"help dance", "parley: no command 'dance' (parley help lists them)\n"},
    };
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        const struct run *run = parley(rows[i].line);
        assert_string_equal(run->err, rows[i].expected);
        assert_string_equal(run->out, "");
        assert_int_equal(run->status, PL_EXIT_USAGE);
    }
    assert_int_equal(served.count, 0);
}

static void test_cli_help_names_every_command_and_flag(void **state)
{
    const struct run *run = parley("--help");
    (void)state;
    assert_int_equal(run->status, PL_EXIT_OK);
    for (size_t i = 0; i < pl_command_count; i++) {
        assert_non_null(strstr(run->out, pl_commands[i].summary));
        for (const char *const *flag = pl_commands[i].flags; *flag != NULL; flag++) {
            assert_non_null(pl_flag_find(*flag, strlen(*flag)));
        }
    }
    run = parley("serve --help");
    assert_int_equal(run->status, PL_EXIT_OK);
    assert_non_null(strstr(run->out, "--listen ADDRESS:PORT"));
    char first[sizeof(run->out)];
    memcpy(first, run->out, sizeof(first));
    assert_string_equal(parley("help serve")->out, first);
    assert_string_equal(parley("serve -h")->out, first);
    assert_int_equal(served.count, 0);
}

static void test_cli_help_as_json_has_the_rows(void **state)
{
    const struct run *run = parley("help --json");
    (void)state;
    assert_int_equal(run->status, PL_EXIT_OK);
    assert_memory_equal(run->out, "{\"version\":\"", 12);
    for (size_t i = 0; i < pl_command_count; i++) {
        char wanted[64];
        snprintf(wanted, sizeof(wanted), "{\"name\":\"%s\"", pl_commands[i].name);
        assert_non_null(strstr(run->out, wanted));
    }
    run = parley("help new --json");
    assert_non_null(strstr(run->out, "{\"name\":\"--no-page\",\"value\":null,\"setting\":null,"));
    assert_null(strstr(run->out, "\"serve\""));
}

static void test_cli_version_is_told(void **state)
{
    char expected[64];
    (void)state;
    snprintf(expected, sizeof(expected), "parley %s\n", pl_version());
    assert_string_equal(parley("version")->out, expected);
    assert_string_equal(parley("--version")->out, expected);
}

static void test_cli_serve_hands_the_settings_on(void **state)
{
    const struct run *run =
        parley("serve --listen 127.0.0.1:0 --set=socketio.ping_interval_ms=300 --data=/tmp/x");
    (void)state;
    assert_string_equal(run->err, "");
    assert_int_equal(run->status, PL_EXIT_OK);
    assert_int_equal(served.count, 1);
    assert_string_equal(served.listen, "127.0.0.1:0");
    assert_int_equal(served.ping_interval_ms, 300);
    assert_null(served.hooks);
}

static void test_cli_the_last_flag_of_a_name_counts(void **state)
{
    (void)state;
    parley("serve --listen 127.0.0.1:1 --set socketio.ping_interval_ms=1s --listen=127.0.0.1:2");
    assert_string_equal(served.listen, "127.0.0.1:2");
    assert_int_equal(served.ping_interval_ms, 1000);
}

static void test_cli_failure_of_the_server_is_one_line_and_status_1(void **state)
{
    served.rc = PL_E_EXISTS;
    (void)state;
    const struct run *run = parley("serve");
    assert_int_equal(run->status, PL_EXIT_FAILURE);
    assert_string_equal(run->err, "parley: the port is in use\n");
}

static void test_cli_application_that_does_not_load_is_status_1(void **state)
{
    (void)state;
    const struct run *run = parley("serve --app /nonexistent.so");
    assert_int_equal(run->status, PL_EXIT_FAILURE);
    assert_non_null(strstr(run->err, "parley: application /nonexistent.so does not load: "));
    assert_int_equal(served.count, 0);
    assert_int_equal(parley("check --app /nonexistent.so")->status, PL_EXIT_FAILURE);
}

static void test_cli_built_in_application_is_served_and_no_other(void **state)
{
    static const struct parley_app_hooks hooks = {.abi = PARLEY_ABI, .name = "own"};
    (void)state;
    assert_int_equal(parley_with(&hooks, "serve")->status, PL_EXIT_OK);
    assert_ptr_equal(served.hooks, &hooks);
    const struct run *run = parley_with(&hooks, "serve --app x.so");
    assert_int_equal(run->status, PL_EXIT_USAGE);
    assert_string_equal(run->err, "parley: --app: this program has an application of its own\n");
}

static void test_cli_check_shows_settings_in_three_forms(void **state)
{
    (void)state;
    assert_string_equal(parley("check")->out, "The configuration is right.\n");
    const struct run *run = parley("check --print --set log.level=warn");
    assert_int_equal(run->status, PL_EXIT_OK);
    assert_memory_equal(run->out, "SETTING ", 8);
    assert_non_null(strstr(run->out, "--set "));
    assert_memory_equal(parley("check --json")->out, "[{\"name\":\"listen\"", 17);
    assert_memory_equal(parley("check --markdown")->out, "| setting |", 11);
}

static void test_cli_asking_without_a_server_is_status_3(void **state)
{
    (void)state;
    const struct run *run = parley("status --control /nonexistent/control.sock");
    assert_int_equal(run->status, PL_EXIT_NO_SERVER);
    assert_string_equal(run->err, "parley: status: no server answers at "
                                  "/nonexistent/control.sock: No such file or directory\n");
    run = parley("drain --data /nonexistent");
    assert_int_equal(run->status, PL_EXIT_NO_SERVER);
    assert_non_null(strstr(run->err, "/nonexistent/control.sock: No such file or directory; if it "
                                     "runs with another data directory, name that"));
    assert_int_equal(parley("reload --data /nonexistent")->status, PL_EXIT_NO_SERVER);
    assert_int_equal(parley("clock advance 10 --data /nonexistent")->status, PL_EXIT_NO_SERVER);
    assert_int_equal(parley("status --data /nonexistent --set listen=x")->status, PL_EXIT_USAGE);
}

#define ROW(test) cmocka_unit_test_setup(test, reset)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ROW(test_cli_mistakes_are_one_line_and_status_2),
        ROW(test_cli_help_names_every_command_and_flag),
        ROW(test_cli_help_as_json_has_the_rows),
        ROW(test_cli_version_is_told),
        ROW(test_cli_serve_hands_the_settings_on),
        ROW(test_cli_the_last_flag_of_a_name_counts),
        ROW(test_cli_failure_of_the_server_is_one_line_and_status_1),
        ROW(test_cli_application_that_does_not_load_is_status_1),
        ROW(test_cli_built_in_application_is_served_and_no_other),
        ROW(test_cli_check_shows_settings_in_three_forms),
        ROW(test_cli_asking_without_a_server_is_status_3),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
