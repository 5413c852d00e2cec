/* parley status: what a running server is doing, on one screen. */
#include "cli/cli.h"

#include "cli/answer.h"
#include "cli/show.h"

#include <inttypes.h>
#include <time.h>

enum {
    TEXT_MAX = 512,
};

#define LABEL "%-16s"

static const char *bytes_of(char out[PL_SHOW_MAX], struct pl_str json, const char *path)
{
    return pl_show_bytes(out, pl_answer_double(json, path));
}

static const char *count_of(char out[PL_SHOW_MAX], struct pl_str json, const char *path)
{
    return pl_show_count(out, pl_answer_double(json, path));
}

static const char *us_of(char out[PL_SHOW_MAX], struct pl_str json, const char *path)
{
    return pl_show_us(out, pl_answer_double(json, path));
}

static void write_identity(struct pl_buf *out, struct pl_str json)
{
    char version[TEXT_MAX];
    char application[TEXT_MAX];
    char state[TEXT_MAX];
    char uptime[PL_SHOW_MAX];
    pl_answer_text(application, sizeof(application), json, PL_STR("application"));
    pl_buf_addf(out, "Parley %s, %s, up %s, process %" PRId64 "\n",
                pl_answer_text(version, sizeof(version), json, PL_STR("version")),
                pl_answer_text(state, sizeof(state), json, PL_STR("state")),
                pl_show_duration(uptime, pl_answer_i64(json, "uptime_ms")),
                pl_answer_i64(json, "pid"));
    pl_buf_addf(out, LABEL "%s\n", "application", application[0] != 0 ? application : "none");
}

static void write_listeners(struct pl_buf *out, struct pl_str json)
{
    struct pl_answer_array array;
    struct pl_str item;
    char url[TEXT_MAX];
    size_t count = 0;
    pl_answer_array_init(&array, pl_answer_member(json, PL_STR("listeners")));
    for (; pl_answer_array_next(&item, &array); count++) {
        int64_t max = pl_answer_i64(item, "connections_max");
        pl_buf_addf(out, LABEL "%s, %" PRId64 " connections", count == 0 ? "listening" : "",
                    pl_answer_text(url, sizeof(url), item, PL_STR("url")),
                    pl_answer_i64(item, "connections"));
        if (max > 0) {
            pl_buf_addf(out, " of %" PRId64, max);
        }
        pl_buf_add_char(out, '\n');
    }
    if (count == 0) {
        pl_buf_addf(out, LABEL "nothing: newcomers are refused\n", "listening");
    }
}

static void write_store(struct pl_buf *out, struct pl_str json)
{
    char url[TEXT_MAX];
    pl_answer_text(url, sizeof(url), pl_answer_member(json, PL_STR("store")), PL_STR("url"));
    if (url[0] == 0) {
        pl_buf_addf(out, LABEL "none\n", "store");
        return;
    }
    pl_buf_addf(out,
                LABEL "%s: %" PRId64 " reads, %" PRId64 " writes, %" PRId64 " failed, %" PRId64
                      " waiting\n",
                "store", url, pl_answer_i64(json, "store.reads"),
                pl_answer_i64(json, "store.writes"), pl_answer_i64(json, "store.failed"),
                pl_answer_i64(json, "store.waiting"));
}

static void write_figures(struct pl_buf *out, struct pl_str json)
{
    char one[PL_SHOW_MAX];
    char two[PL_SHOW_MAX];
    pl_buf_addf(out, LABEL "%" PRId64 " of %" PRId64 "\n", "connections",
                pl_answer_i64(json, "connections"), pl_answer_i64(json, "connections_max"));
    pl_buf_addf(out,
                LABEL "Socket.IO: %" PRId64 " by WebSocket, %" PRId64 " by polling, %" PRId64
                      " sockets\n",
                "sessions", pl_answer_i64(json, "sessions.socketio.websocket"),
                pl_answer_i64(json, "sessions.socketio.polling"),
                pl_answer_i64(json, "sessions.socketio.sockets"));
    pl_buf_addf(out, LABEL "Talo: %" PRId64 " by WebSocket\n", "",
                pl_answer_i64(json, "sessions.talo.websocket"));
    pl_buf_addf(out, LABEL "%" PRId64 ", with %" PRId64 " subscriptions\n", "streams",
                pl_answer_i64(json, "streams"), pl_answer_i64(json, "subscriptions"));
    pl_buf_addf(out, LABEL "%s to clients, %s from clients; %" PRId64 " slow consumers closed\n",
                "queued", bytes_of(one, json, "queue_bytes"), bytes_of(two, json, "inbound_bytes"),
                pl_answer_i64(json, "slow_consumers_closed"));
    write_store(out, json);
    pl_buf_addf(out, LABEL "%s\n", "memory", bytes_of(one, json, "memory_bytes"));
    pl_buf_addf(out, LABEL "%" PRId64 " of %" PRId64 "\n", "open files",
                pl_answer_i64(json, "open_files"), pl_answer_i64(json, "open_files_max"));
    pl_buf_addf(out, LABEL "%s\n", "processor time", us_of(one, json, "cpu_us"));
}

static void write_in_and_out(struct pl_buf *out, struct pl_str rates, const char *label,
                             const char *in_key, const char *out_key)
{
    char in[PL_SHOW_MAX];
    char sent[PL_SHOW_MAX];
    bool is_bytes = strcmp(in_key, "bytes_in") == 0;
    pl_buf_addf(out, "  %-22s%10s in  %10s out\n", label,
                is_bytes ? bytes_of(in, rates, in_key) : count_of(in, rates, in_key),
                is_bytes ? bytes_of(sent, rates, out_key) : count_of(sent, rates, out_key));
}

static void write_rates(struct pl_buf *out, struct pl_str json)
{
    struct pl_str rates = pl_answer_member(json, PL_STR("rates"));
    char texts[4][PL_SHOW_MAX];
    pl_buf_addf(out, "per second, over the last %s\n",
                pl_show_duration(texts[0], pl_answer_i64(rates, "over_ms")));
    write_in_and_out(out, rates, "Socket.IO messages", "socketio_messages_in",
                     "socketio_messages_out");
    write_in_and_out(out, rates, "Talo messages", "talo_messages_in", "talo_messages_out");
    write_in_and_out(out, rates, "WebSocket messages", "websocket_messages_in",
                     "websocket_messages_out");
    write_in_and_out(out, rates, "network", "bytes_in", "bytes_out");
    pl_buf_addf(out, "  publishes %s, deliveries %s, accepts %s, HTTP answers %s\n",
                count_of(texts[0], rates, "publishes"), count_of(texts[1], rates, "deliveries"),
                count_of(texts[2], rates, "accepts"), count_of(texts[3], rates, "http_responses"));
    pl_buf_addf(out, "  refusals %s, mistakes of peers %s\n", count_of(texts[0], rates, "refusals"),
                count_of(texts[1], rates, "protocol_errors"));
    pl_buf_addf(out, "  loop busy %.1f %%, turns p50 %s, p99 %s\n",
                pl_answer_double(rates, "busy_percent"), us_of(texts[0], rates, "turn_p50_us"),
                us_of(texts[1], rates, "turn_p99_us"));
}

static void write_reload(struct pl_buf *out, struct pl_str json)
{
    struct pl_str reload = pl_answer_member(json, PL_STR("reload"));
    char reason[TEXT_MAX];
    char when[64] = "";
    time_t at = (time_t)(pl_answer_i64(reload, "unix_ms") / 1000);
    struct tm utc;
    if (at == 0) {
        pl_buf_addf(out, LABEL "never\n", "last reload");
        return;
    }
    if (gmtime_r(&at, &utc) != NULL) {
        strftime(when, sizeof(when), "%Y-%m-%d %H:%M:%S UTC", &utc);
    }
    if (pl_answer_bool(reload, "ok")) {
        pl_buf_addf(out, LABEL "%s: %" PRId64 " settings changed, %" PRId64 " need a restart\n",
                    "last reload", when, pl_answer_i64(reload, "changed"),
                    pl_answer_i64(reload, "needs_restart"));
    } else {
        pl_buf_addf(out, LABEL "%s: FAILED, the old settings go on: %s\n", "last reload", when,
                    pl_answer_text(reason, sizeof(reason), reload, PL_STR("reason")));
    }
}

static void write_status(struct pl_buf *out, struct pl_str json)
{
    write_identity(out, json);
    write_listeners(out, json);
    write_figures(out, json);
    write_reload(out, json);
    write_rates(out, json);
}

int pl_cmd_status(struct pl_cli *cli)
{
    return pl_cli_ask_and_print(cli, PL_STR("{\"command\":\"status\"}"), write_status);
}
