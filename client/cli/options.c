/* The options as rows, and how words of the command line meet them. */
#include "client/cli/options.h"

#include "client/cli/help.h"
#include "client/cli/memory.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

const struct pl_cli_option pl_cli_option_rows[] = {
    {"--auth", "JSON", PL_CLI_SOCKETIO, PL_OPTION_AUTH, "an object for the server's middlewares"},
    {"--namespace", "NS", PL_CLI_SOCKETIO, PL_OPTION_NAMESPACE,
     "the namespace; also the path of the URL"},
    {"--emit", "'EVENT [JSON, ...]'", PL_CLI_SOCKETIO, PL_OPTION_EMIT,
     "emit this once connected; may be repeated"},
    {"--ack", NULL, PL_CLI_SOCKETIO, PL_OPTION_ACK,
     "ask for an acknowledgement of what is emitted, and print it"},
    {"--on", "EVENT", PL_CLI_SOCKETIO | PL_CLI_TALO, PL_OPTION_ON,
     "print and count this event (message) alone; may be repeated"},
    {"--send", "TEXT", PL_CLI_WEBSOCKET, PL_OPTION_EMIT,
     "send this once connected; may be repeated"},
    {"--protocol", "NAMES", PL_CLI_WEBSOCKET, PL_OPTION_PROTOCOL,
     "Sec-WebSocket-Protocol: \"a, b\""},
    {"--key", "KEY", PL_CLI_TALO, PL_OPTION_KEY,
     "the game's access key; also from TALO_ACCESS_KEY"},
    {"--player", "SERVICE:NAME", PL_CLI_TALO, PL_OPTION_PLAYER,
     "play as this one: username:ada; made where there is none"},
    {"--password", "TEXT", PL_CLI_TALO, PL_OPTION_PASSWORD,
     "of a player talo:NAME; also from TALO_PASSWORD"},
    {"--do", "'COMMAND'", PL_CLI_TALO, PL_OPTION_EMIT,
     "a line of input, once connected; may be repeated"},
    {"--sign", "VERSION:KEY", PL_CLI_TALO, PL_OPTION_SIGN, "sign with this verification key"},
    {"--socket", "URL", PL_CLI_TALO, PL_OPTION_SOCKET,
     "where the socket is: wss://...; else where the API is"},
    {"--dev", NULL, PL_CLI_TALO, PL_OPTION_DEV, "be a dev build, and see dev players"},
    {"--count", "N", PL_CLI_ALL, PL_OPTION_COUNT, "end after N events (messages)"},
    {"--timeout", "S", PL_CLI_ALL, PL_OPTION_TIMEOUT, "end after S seconds"},
    {"--json", NULL, PL_CLI_ALL, PL_OPTION_JSON, "print one JSON object a line, for scripts"},
    {"--reconnect", NULL, PL_CLI_ALL, PL_OPTION_RECONNECT,
     "connect again when it fails or is lost"},
    {"--retries", "N", PL_CLI_SOCKETIO, PL_OPTION_RETRIES,
     "send again, N times, what is not acknowledged in time"},
    {"--transport", "KIND", PL_CLI_SOCKETIO, PL_OPTION_TRANSPORT,
     "polling, websocket, or upgrade (the default: the one, then the other)"},
    {"--path", "PATH", PL_CLI_SOCKETIO, PL_OPTION_PATH, "where the server is: /socket.io/"},
    {"--query", "Q", PL_CLI_SOCKETIO, PL_OPTION_QUERY,
     "more of the query: name=value; may be repeated"},
    {"--header", "'NAME: VALUE'", PL_CLI_ALL, PL_OPTION_HEADER,
     "a request header; may be repeated"},
    {"--ca", "FILE", PL_CLI_ALL, PL_OPTION_CA, "trust the certificates in this PEM file alone"},
    {"--pin", "sha256//KEY", PL_CLI_ALL, PL_OPTION_PIN,
     "demand this public key in the chain; may be repeated"},
    {"--insecure", NULL, PL_CLI_ALL, PL_OPTION_INSECURE, "verify no certificate: for tests alone"},
    {"--proxy", "URL", PL_CLI_ALL, PL_OPTION_PROXY, "go through http://[user:password@]host:port"},
    {"--help", NULL, PL_CLI_ALL, PL_OPTION_HELP, "this text"},
    {"--version", NULL, PL_CLI_ALL, PL_OPTION_VERSION, "the version"},
};
const size_t pl_cli_option_count = sizeof(pl_cli_option_rows) / sizeof(pl_cli_option_rows[0]);

const char *pl_cli_protocol_name(enum pl_cli_protocol protocol)
{
    return protocol == PL_CLI_SOCKETIO ? "socketio"
           : protocol == PL_CLI_TALO   ? "talo"
                                       : "websocket";
}

static void list_add(struct pl_cli_list *list, const char *item)
{
    list->items = pl_cli_grow(list->items, (list->count + 1) * sizeof(*list->items));
    list->items[list->count++] = item;
}

/* The items with `between` between them; NULL for none. */
static char *list_join(const struct pl_cli_list *list, char between)
{
    size_t len = 0;
    char *text = NULL;
    char *end = NULL;
    if (list->count == 0) {
        return NULL;
    }
    for (size_t i = 0; i < list->count; i++) {
        len += strlen(list->items[i]) + 1;
    }
    end = text = pl_cli_grow(NULL, len);
    for (size_t i = 0; i < list->count; i++) {
        end = stpcpy(end, list->items[i]);
        *end++ = between;
    }
    end[-1] = '\0';
    return text;
}

static bool refuse(const char *name, const char *why)
{
    fprintf(stderr, "parley-client: %s: %s\n", name, why);
    return false;
}

static bool read_number(long *out, const char *name, const char *value, long least)
{
    char *end = NULL;
    errno = 0;
    *out = strtol(value, &end, 10);
    if (errno != 0 || end == value || *end != '\0' || *out < least || *out > 1000000000) {
        fprintf(stderr, "parley-client: %s takes a whole number from %ld on, not '%s'\n", name,
                least, value);
        return false;
    }
    return true;
}

static bool read_auth(struct pl_cli_options *out, const char *value)
{
    parley_val_unref(out->auth);
    out->auth = parley_val_parse(value, strlen(value));
    if (parley_val_kind(out->auth) != PARLEY_KIND_OBJECT) {
        return refuse("--auth", "is a JSON object, as in '{\"token\":\"secret\"}'");
    }
    return true;
}

static bool read_transport(struct pl_cli_options *out, const char *value)
{
    if (strcmp(value, "polling") == 0) {
        out->transports = PARLEY_SIO_POLLING_ONLY;
    } else if (strcmp(value, "websocket") == 0) {
        out->transports = PARLEY_SIO_WEBSOCKET_ONLY;
    } else if (strcmp(value, "upgrade") == 0) {
        out->transports = PARLEY_SIO_POLLING_THEN_WEBSOCKET;
    } else {
        return refuse("--transport", "is polling, websocket or upgrade");
    }
    return true;
}

static bool apply(struct pl_cli_options *out, const struct pl_cli_option *row, const char *value)
{
    switch (row->id) {
    case PL_OPTION_AUTH:
        return read_auth(out, value);
    case PL_OPTION_NAMESPACE:
        out->name_space = value;
        return true;
    case PL_OPTION_EMIT:
        list_add(&out->emits, value);
        return true;
    case PL_OPTION_ACK:
        out->wants_acks = true;
        return true;
    case PL_OPTION_ON:
        list_add(&out->names, value);
        return true;
    case PL_OPTION_PROTOCOL:
        out->protocols = value;
        return true;
    case PL_OPTION_KEY:
        out->key = value;
        return true;
    case PL_OPTION_PLAYER:
        out->player = value;
        return true;
    case PL_OPTION_PASSWORD:
        out->password = value;
        return true;
    case PL_OPTION_SIGN:
        out->sign = value;
        return true;
    case PL_OPTION_SOCKET:
        out->socket_url = value;
        return true;
    case PL_OPTION_DEV:
        out->is_dev = true;
        return true;
    case PL_OPTION_COUNT:
        return read_number(&out->count, row->name, value, 1);
    case PL_OPTION_TIMEOUT:
        return read_number(&out->timeout_s, row->name, value, 1);
    case PL_OPTION_JSON:
        out->is_json = true;
        return true;
    case PL_OPTION_RECONNECT:
        out->reconnects = true;
        return true;
    case PL_OPTION_RETRIES:
        return read_number(&out->retries, row->name, value, 0);
    case PL_OPTION_TRANSPORT:
        return read_transport(out, value);
    case PL_OPTION_PATH:
        out->path = value;
        return true;
    case PL_OPTION_QUERY:
        list_add(&out->query_list, value);
        return true;
    case PL_OPTION_HEADER:
        list_add(&out->header_list, value);
        return true;
    case PL_OPTION_CA:
        out->ca_file = value;
        return true;
    case PL_OPTION_PIN:
        list_add(&out->pin_list, value);
        return true;
    case PL_OPTION_INSECURE:
        out->is_insecure = true;
        return true;
    case PL_OPTION_PROXY:
        out->proxy = value;
        return true;
    case PL_OPTION_HELP:
    case PL_OPTION_VERSION:
        return true; /* answered before */
    }
    return true;
}

/* The row of `--name` or `--name=value`, with the value found, or NULL. */
static const struct pl_cli_option *find_row(const char *word, const char **value)
{
    size_t len = strcspn(word, "=");
    *value = word[len] == '=' ? word + len + 1 : NULL;
    if (strcmp(word, "-h") == 0) {
        word = "--help";
        len = strlen(word);
    }
    for (size_t i = 0; i < pl_cli_option_count; i++) {
        const struct pl_cli_option *row = &pl_cli_option_rows[i];
        if (strlen(row->name) == len && strncmp(row->name, word, len) == 0) {
            return row;
        }
    }
    return NULL;
}

/* One option, with its value behind it or in the next word, which is then taken. */
static bool read_option(struct pl_cli_options *out, char **words, int *i)
{
    const char *value = NULL;
    const struct pl_cli_option *row = find_row(words[*i], &value);
    if (row == NULL) {
        return refuse(words[*i], "there is no such option; parley-client --help lists all");
    }
    if ((row->protocols & (int)out->protocol) == 0) {
        fprintf(stderr, "parley-client: %s: is not for %s\n", row->name,
                pl_cli_protocol_name(out->protocol));
        return false;
    }
    if (row->value == NULL) {
        return value == NULL ? apply(out, row, NULL) : refuse(row->name, "takes no value");
    }
    if (value == NULL) {
        value = words[*i + 1];
        *i += 1;
    }
    if (value == NULL) {
        fprintf(stderr, "parley-client: %s needs a value: %s %s\n", row->name, row->name,
                row->value);
        return false;
    }
    return apply(out, row, value);
}

static const char *example_of(enum pl_cli_protocol protocol)
{
    switch (protocol) {
    case PL_CLI_WEBSOCKET:
        return "name a URL, as in parley-client websocket ws://127.0.0.1:7350/";
    case PL_CLI_TALO:
        return "name a URL, as in parley-client talo http://127.0.0.1:7350 --key KEY";
    case PL_CLI_SOCKETIO:
    case PL_CLI_ALL:
        break;
    }
    return "name a URL, as in parley-client socketio http://127.0.0.1:7350";
}

static bool read_words(struct pl_cli_options *out, int argc, char **words)
{
    bool has_options = true;
    for (int i = 0; i < argc; i++) {
        if (has_options && strcmp(words[i], "--") == 0) {
            has_options = false;
        } else if (has_options && words[i][0] == '-' && words[i][1] != '\0') {
            if (!read_option(out, words, &i)) {
                return false;
            }
        } else if (out->url != NULL) {
            return refuse(words[i], "one URL is enough; quote what belongs together");
        } else {
            out->url = words[i];
        }
    }
    if (out->url == NULL) {
        return refuse("where to", example_of(out->protocol));
    }
    return true;
}

/* Help or version, wherever it stands. */
static bool answer_questions(int argc, char **argv)
{
    const char *value = NULL;
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
        const struct pl_cli_option *row = find_row(argv[i], &value);
        if (row != NULL && row->id == PL_OPTION_HELP) {
            pl_cli_help_print(stdout);
            return true;
        }
        if (row != NULL && row->id == PL_OPTION_VERSION) {
            printf("parley-client %s\n", PARLEY_VERSION);
            return true;
        }
        i += row != NULL && row->value != NULL && value == NULL ? 1 : 0;
    }
    return false;
}

enum pl_cli_answer pl_cli_options_read(struct pl_cli_options *out, int argc, char **argv)
{
    *out = (struct pl_cli_options){.count = -1, .timeout_s = -1, .path = "/socket.io/"};
    if (answer_questions(argc, argv)) {
        return PL_CLI_SHOWN;
    }
    if (argc > 1 && strcmp(argv[1], "socketio") == 0) {
        out->protocol = PL_CLI_SOCKETIO;
    } else if (argc > 1 && strcmp(argv[1], "websocket") == 0) {
        out->protocol = PL_CLI_WEBSOCKET;
    } else if (argc > 1 && strcmp(argv[1], "talo") == 0) {
        out->protocol = PL_CLI_TALO;
    } else {
        refuse(argc > 1 ? argv[1] : "what to do", "begin with socketio URL, websocket URL or talo "
                                                  "URL; parley-client --help has the rest");
        return PL_CLI_REFUSED;
    }
    if (!read_words(out, argc - 2, argv + 2)) {
        return PL_CLI_REFUSED;
    }
    out->headers = list_join(&out->header_list, '\n');
    out->query = list_join(&out->query_list, '&');
    out->pins = list_join(&out->pin_list, ';');
    return PL_CLI_RUN;
}

void pl_cli_options_fini(struct pl_cli_options *options)
{
    parley_val_unref(options->auth);
    free(options->emits.items);
    free(options->names.items);
    free(options->header_list.items);
    free(options->query_list.items);
    free(options->pin_list.items);
    free(options->headers);
    free(options->query);
    free(options->pins);
    *options = (struct pl_cli_options){0};
}
