/* parley drain and clock: ask a running server through its control socket. */
#include "cli/cli.h"

#include "codec/json_read.h"

#include <inttypes.h>
#include <stdio.h>

enum {
    DEPTH_MAX = 32,
};

#define YEAR_MS (UINT64_C(365) * 24 * 3600 * 1000)

/* "a.b: value" per line: objects are opened, everything else is shown as it is. */
static void write_lines(struct pl_buf *out, struct pl_str json)
{
    struct pl_json_reader reader;
    struct pl_json_token token;
    struct pl_str names[DEPTH_MAX];
    size_t depth = 0;
    pl_json_reader_init(&reader, json, DEPTH_MAX);
    while (pl_json_next(&token, &reader, NULL) == 0 && token.kind != PL_JSON_END) {
        struct pl_str raw = token.raw;
        if (token.kind == PL_JSON_OBJECT_BEGIN) {
            depth++;
            continue;
        }
        if (token.kind == PL_JSON_OBJECT_END) {
            depth--;
            continue;
        }
        if (token.kind == PL_JSON_KEY) {
            names[depth - 1] = pl_str_make(raw.ptr + 1, raw.len - 2);
            continue;
        }
        if (depth == 0 || pl_json_skip(&raw, &reader, &token, NULL) < 0) {
            return;
        }
        for (size_t i = 0; i < depth; i++) {
            pl_buf_addf(out, "%s" PL_STR_FMT, i == 0 ? "" : ".", PL_STR_ARG(names[i]));
        }
        pl_buf_addf(out, ": ");
        pl_buf_add_str(out,
                       token.kind == PL_JSON_STRING ? pl_str_make(raw.ptr + 1, raw.len - 2) : raw);
        pl_buf_add_char(out, '\n');
    }
}

static void write_drain(struct pl_buf *out, struct pl_str json)
{
    (void)json;
    pl_buf_addf(out, "The server leaves: it ends when its last connection has gone, at the latest "
                     "after\nshutdown.delay_ms and shutdown.grace_ms together.\n");
}

int pl_cmd_drain(struct pl_cli *cli)
{
    return pl_cli_ask_and_print(cli, PL_STR("{\"command\":\"drain\"}"), write_drain);
}

int pl_cmd_clock(struct pl_cli *cli)
{
    char request[96];
    uint64_t ms = 0;
    if (strcmp(cli->words[0], "advance") != 0 ||
        !pl_str_to_u64(&ms, pl_str_of_cstr(cli->words[1]), YEAR_MS)) {
        return pl_cli_fail(PL_EXIT_USAGE, "clock wants: advance MS (0 to %" PRIu64 ")", YEAR_MS);
    }
    int len = snprintf(request, sizeof(request),
                       "{\"command\":\"clock\",\"advance_ms\":%" PRIu64 "}", ms);
    return pl_cli_ask_and_print(cli, pl_str_make(request, (size_t)len), write_lines);
}
