/* parley-load: the load generator. It opens connections in one of several dialects (dialect.c),
 * does one measurement (mode_*.c) and prints a line of JSON on standard output and one of text on
 * standard error. */
#include "mode.h"

#include "proc.h"

#include <arpa/inet.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>

static const char usage[] =
    "Usage: parley-load MODE [--url URL] [OPTION...] [-- COMMAND...]\n"
    "\n"
    "  idle       open connections, hold them, measure the server's memory\n"
    "  connect    open connections as fast as it goes\n"
    "  broadcast  publish to all connections\n"
    "  echo       open loop at a fixed rate, latency from the intended time\n"
    "  rate       closed loop, the highest echo rate\n"
    "  handshake  TLS handshakes, one after the other\n"
    "  slowloris  echo alone and beside connections that never end a request\n"
    "  deaf       broadcast to members of whom some never read\n"
    "  start      start COMMAND, with {port} replaced, until it answers\n"
    "\n"
    "  --url URL          http://ADDRESS:PORT, or https://... for TLS with any certificate\n"
    "  --dialect NAME     " PL_LOAD_DIALECT_NAMES " (socketio)\n"
    "  --count N[,N...]   connections; mode idle has stages; max: all that the file limit allows\n"
    "                     the server, less 64 (1000)\n"
    "  --pid PID          the server's process: measure its CPU and memory\n"
    "  --payload BYTES    of a message, without the WebSocket header (128)\n"
    "  --window N         broadcasts outstanding; 1 is one at a time (1)\n"
    "  --publishers N     connections that publish in turn (1)\n"
    "  --audience N       the first N connections are those that get broadcasts (all)\n"
    "  --logins FILE      a line per connection: target of its upgrade request, a tab, its\n"
    "                     answer to the server's greeting\n"
    "  --rate N           requests or broadcasts a second, modes echo, slowloris, deaf (1000)\n"
    "  --attackers N      connections that never end a request, or members that never read (100)\n"
    "  --send-limit BYTES socketio.send_buffer_bytes of the server, mode deaf (4194304)\n"
    "  --depth N          requests outstanding per connection, mode rate (1)\n"
    "  --tls12            TLS 1.2 in place of 1.3, mode handshake\n"
    "  --resume           resumed by a ticket, mode handshake\n"
    "  --warmup-ms MS     not measured (300)\n"
    "  --duration-ms MS   measured; in mode idle: held (1000)\n"
    "  --timeout-ms MS    for opening connections and for a start (30000)\n"
    "  --empty-bytes N    private memory of the server before there was anybody, mode idle\n"
    "                     (what it has when the mode begins)\n"
    "  --rounds N         starts, or turns of modes slowloris and deaf (5)\n"
    "  --sources N        connections come from 127.0.0.1 to 127.0.0.N (8)\n"
    "  --targets N        and go to N addresses from the server's on (1)\n"
    "  --head NAME        whose request head: chromium, node (chromium)\n";

enum option_id {
    OPTION_URL = 1,
    OPTION_DIALECT,
    OPTION_COUNT,
    OPTION_PID,
    OPTION_PAYLOAD,
    OPTION_WINDOW,
    OPTION_PUBLISHERS,
    OPTION_AUDIENCE,
    OPTION_LOGINS,
    OPTION_RATE,
    OPTION_ATTACKERS,
    OPTION_SEND_LIMIT,
    OPTION_DEPTH,
    OPTION_WARMUP,
    OPTION_DURATION,
    OPTION_TIMEOUT,
    OPTION_EMPTY_BYTES,
    OPTION_ROUNDS,
    OPTION_SOURCES,
    OPTION_TARGETS,
    OPTION_HEAD,
    OPTION_TLS12,
    OPTION_RESUME,
    OPTION_HELP,
};

static const struct option long_options[] = {
    {"url", required_argument, NULL, OPTION_URL},
    {"dialect", required_argument, NULL, OPTION_DIALECT},
    {"count", required_argument, NULL, OPTION_COUNT},
    {"pid", required_argument, NULL, OPTION_PID},
    {"payload", required_argument, NULL, OPTION_PAYLOAD},
    {"window", required_argument, NULL, OPTION_WINDOW},
    {"publishers", required_argument, NULL, OPTION_PUBLISHERS},
    {"audience", required_argument, NULL, OPTION_AUDIENCE},
    {"logins", required_argument, NULL, OPTION_LOGINS},
    {"rate", required_argument, NULL, OPTION_RATE},
    {"attackers", required_argument, NULL, OPTION_ATTACKERS},
    {"send-limit", required_argument, NULL, OPTION_SEND_LIMIT},
    {"depth", required_argument, NULL, OPTION_DEPTH},
    {"warmup-ms", required_argument, NULL, OPTION_WARMUP},
    {"duration-ms", required_argument, NULL, OPTION_DURATION},
    {"timeout-ms", required_argument, NULL, OPTION_TIMEOUT},
    {"empty-bytes", required_argument, NULL, OPTION_EMPTY_BYTES},
    {"rounds", required_argument, NULL, OPTION_ROUNDS},
    {"sources", required_argument, NULL, OPTION_SOURCES},
    {"targets", required_argument, NULL, OPTION_TARGETS},
    {"head", required_argument, NULL, OPTION_HEAD},
    {"tls12", no_argument, NULL, OPTION_TLS12},
    {"resume", no_argument, NULL, OPTION_RESUME},
    {"help", no_argument, NULL, OPTION_HELP},
    {NULL, 0, NULL, 0},
};

static const struct {
    const char *name;
    int (*run)(const struct pl_load_options *options, struct pl_error *err);
} modes[] = {
    {"idle", pl_mode_idle},           {"connect", pl_mode_connect},
    {"broadcast", pl_mode_broadcast}, {"echo", pl_mode_echo},
    {"rate", pl_mode_rate},           {"start", pl_mode_start},
    {"handshake", pl_mode_handshake}, {"slowloris", pl_mode_slowloris},
    {"deaf", pl_mode_deaf},
};

static bool parse_number(uint64_t *out, const char *text, uint64_t min, uint64_t max)
{
    return pl_str_to_u64(out, pl_str_of_cstr(text), max) && *out >= min;
}

static bool parse_url(struct pl_swarm_way *out, const char *url)
{
    char address[64];
    unsigned port = 0;
    out->is_secure = strncmp(url, "https:", 6) == 0;
    if (sscanf(url, out->is_secure ? "https://%63[0-9.]:%u" : "http://%63[0-9.]:%u", address,
               &port) != 2 ||
        port == 0 || port > 65535) {
        return false;
    }
    out->server.sin_family = AF_INET;
    out->server.sin_port = htons((uint16_t)port);
    return inet_pton(AF_INET, address, &out->server.sin_addr) == 1;
}

/* "1000,10000,max" */
static bool parse_counts(struct pl_load_options *options, const char *text)
{
    enum { SERVER_OWN_FILES = 64 };
    struct pl_str rest = pl_str_of_cstr(text);
    options->count_len = 0;
    while (rest.ptr != NULL && options->count_len < PL_LOAD_STAGES_MAX) {
        uint64_t count = options->file_limit - SERVER_OWN_FILES;
        struct pl_str word = pl_str_split(&rest, ',');
        if (!pl_str_eq(word, PL_STR("max")) &&
            (!pl_str_to_u64(&count, word, 10000000) || count == 0)) {
            return false;
        }
        options->counts[options->count_len++] = (size_t)count;
    }
    return rest.ptr == NULL;
}

static bool parse_head(enum pl_load_head *out, const char *text)
{
    *out = strcmp(text, "node") == 0 ? PL_LOAD_HEAD_NODE : PL_LOAD_HEAD_CHROMIUM;
    return *out == PL_LOAD_HEAD_NODE || strcmp(text, "chromium") == 0;
}

static bool parse_option(struct pl_load_options *options, enum option_id id, const char *text)
{
    const uint64_t ms_max = 600000;
    uint64_t number = 0;
    bool is_good = false;
    switch (id) {
    case OPTION_URL:
        return parse_url(&options->way, text);
    case OPTION_DIALECT:
        options->way.dialect = pl_load_dialect_find(text);
        return options->way.dialect != NULL;
    case OPTION_COUNT:
        return parse_counts(options, text);
    case OPTION_HEAD:
        return parse_head(&options->way.head, text);
    case OPTION_PID:
        is_good = parse_number(&number, text, 1, INT32_MAX);
        options->server_pid = (pid_t)number;
        return is_good;
    case OPTION_PAYLOAD:
        is_good = parse_number(&number, text, 1, 65536);
        options->payload_bytes = (size_t)number;
        return is_good;
    case OPTION_WINDOW:
        is_good = parse_number(&number, text, 1, 4096);
        options->window = (size_t)number;
        return is_good;
    case OPTION_PUBLISHERS:
        is_good = parse_number(&number, text, 1, 4096);
        options->publishers = (size_t)number;
        return is_good;
    case OPTION_AUDIENCE:
        is_good = parse_number(&number, text, 1, 1000000);
        options->audience = (size_t)number;
        return is_good;
    case OPTION_LOGINS:
        return pl_load_logins_read(&options->way.logins, text, NULL) == 0;
    case OPTION_RATE:
        is_good = parse_number(&number, text, 1, 10000000);
        options->rate_per_s = (double)number;
        return is_good;
    case OPTION_ATTACKERS:
        is_good = parse_number(&number, text, 1, 100000);
        options->attackers = (size_t)number;
        return is_good;
    case OPTION_SEND_LIMIT:
        is_good = parse_number(&number, text, 4096, 1 << 30);
        options->send_limit_bytes = (size_t)number;
        return is_good;
    case OPTION_DEPTH:
        is_good = parse_number(&number, text, 1, 1024);
        options->depth = (size_t)number;
        return is_good;
    case OPTION_WARMUP:
        is_good = parse_number(&number, text, 0, ms_max);
        options->warmup_ms = (int64_t)number;
        return is_good;
    case OPTION_DURATION:
        is_good = parse_number(&number, text, 1, ms_max);
        options->duration_ms = (int64_t)number;
        return is_good;
    case OPTION_TIMEOUT:
        is_good = parse_number(&number, text, 1, ms_max);
        options->timeout_ms = (int64_t)number;
        return is_good;
    case OPTION_EMPTY_BYTES:
        is_good = parse_number(&number, text, 0, INT64_MAX);
        options->empty_bytes = (int64_t)number;
        return is_good;
    case OPTION_ROUNDS:
        is_good = parse_number(&number, text, 1, 1000);
        options->rounds = (size_t)number;
        return is_good;
    case OPTION_SOURCES:
        is_good = parse_number(&number, text, 1, 250);
        options->way.source_count = (unsigned)number;
        return is_good;
    case OPTION_TARGETS:
        is_good = parse_number(&number, text, 1, 250);
        options->way.target_count = (unsigned)number;
        return is_good;
    case OPTION_TLS12:
        options->is_tls12 = true;
        return true;
    case OPTION_RESUME:
        options->resumes = true;
        return true;
    case OPTION_HELP:
        break;
    }
    return false;
}

static struct pl_load_options default_options(void)
{
    return (struct pl_load_options){
        .way = {.dialect = pl_load_dialect_find("socketio"), .source_count = 8, .target_count = 1},
        .counts = {1000},
        .count_len = 1,
        .file_limit = pl_proc_raise_file_limit(),
        .payload_bytes = 128,
        .window = 1,
        .publishers = 1,
        .depth = 1,
        .rate_per_s = 1000,
        .attackers = 100,
        .send_limit_bytes = 4194304,
        .warmup_ms = 300,
        .duration_ms = 1000,
        .timeout_ms = 30000,
        .empty_bytes = -1,
        .rounds = 5,
    };
}

/* Returns 0, or the exit status plus one when the program ends here. */
static int parse_arguments(struct pl_load_options *options, int argc, char **argv)
{
    int id;
    while ((id = getopt_long(argc, argv, "+", long_options, NULL)) != -1) {
        if (id == OPTION_HELP) {
            fputs(usage, stdout);
            return 1;
        }
        if (id == '?') {
            return 3;
        }
        if (!parse_option(options, (enum option_id)id, optarg)) {
            fprintf(stderr, "parley-load: bad value '%s'\n", optarg);
            return 3;
        }
    }
    options->command = argv + optind;
    return 0;
}

int main(int argc, char **argv)
{
    struct pl_error err = {0};
    struct pl_load_options options = default_options();
    signal(SIGPIPE, SIG_IGN);
    if (argc < 2 || strcmp(argv[1], "--help") == 0) {
        fputs(usage, argc < 2 ? stderr : stdout);
        return argc < 2 ? 2 : 0;
    }
    int stop = parse_arguments(&options, argc - 1, argv + 1);
    if (stop != 0) {
        return stop - 1;
    }
    for (size_t i = 0; i < PL_ARRAY_LEN(modes); i++) {
        if (strcmp(modes[i].name, argv[1]) != 0) {
            continue;
        }
        int rc = modes[i].run(&options, &err);
        if (rc < 0) {
            fprintf(stderr, "parley-load: %s: %s\n", pl_error_name(rc), err.text);
        }
        return rc < 0 ? 1 : 0;
    }
    fprintf(stderr, "parley-load: no mode '%s'\n", argv[1]);
    return 2;
}
