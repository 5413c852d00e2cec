/* Lines in, lines out. A client is not read while an answer of its waits to be sent, so that what
 * is kept for it stays small: one line of request, and the answers to what one read brought. */
#include "app/control.h"

#include "base/alloc.h"
#include "codec/json_number.h"
#include "codec/json_read.h"
#include "codec/json_string.h"

#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum {
    ANSWER_MAX = 4 * 1024 * 1024,
    READ_MAX = 4096,
    DEPTH_MAX = 8,
};

struct client {
    struct pl_watch watch;
    struct pl_list in_control;
    struct pl_deferred free;
    struct pl_control *control;
    struct pl_buf in;
    struct pl_buf out;
    bool is_ending; /* no more input: close when `out` is empty */
    struct pl_control_later
        *later; /* NULL unless an answer is to come: until then nothing is read */
};

struct pl_control_later {
    struct client *client; /* NULL: it has gone */
};

struct pl_control {
    struct pl_watch watch; /* the listening socket */
    struct pl_loop *loop;
    const struct pl_log *log;
    struct pl_list clients;
    size_t client_count;
    struct pl_control_command commands[PL_CONTROL_COMMANDS_MAX];
    size_t command_count;
    bool owns_path;
    char path[sizeof(((struct sockaddr_un *)NULL)->sun_path)];
};

/* --- requests --- */

/* The value of the member `key` of the request's outermost object. */
static bool find_member(struct pl_json_token *out, struct pl_str json, struct pl_str key)
{
    struct pl_json_reader reader;
    struct pl_json_token token;
    struct pl_str raw;
    pl_json_reader_init(&reader, json, DEPTH_MAX);
    if (pl_json_next(&token, &reader, NULL) < 0 || token.kind != PL_JSON_OBJECT_BEGIN) {
        return false;
    }
    while (pl_json_next(&token, &reader, NULL) == 0 && token.kind == PL_JSON_KEY) {
        bool is_wanted = pl_json_token_equals(&token, key);
        if (pl_json_next(&token, &reader, NULL) < 0) {
            return false;
        }
        if (is_wanted) {
            *out = token;
            return true;
        }
        if (pl_json_skip(&raw, &reader, &token, NULL) < 0) {
            return false;
        }
    }
    return false;
}

bool pl_control_get_i64(int64_t *out, const struct pl_control_request *request, struct pl_str key)
{
    struct pl_json_token token;
    return find_member(&token, request->json, key) && token.kind == PL_JSON_NUMBER &&
           pl_json_number_to_i64(out, token.raw);
}

bool pl_control_get_text(char *out, size_t out_size, const struct pl_control_request *request,
                         struct pl_str key)
{
    struct pl_json_token token;
    if (!find_member(&token, request->json, key) || token.kind != PL_JSON_STRING ||
        token.raw.len > out_size) {
        return false;
    }
    ptrdiff_t len = pl_json_string_copy(out, token.raw);
    if (len < 0 || memchr(out, 0, (size_t)len) != NULL) {
        return false;
    }
    out[len] = 0; /* the raw text is longer by its quotes: there is room */
    return true;
}

static const struct pl_control_command *find_command(const struct pl_control *control,
                                                     const char *name)
{
    for (size_t i = 0; i < control->command_count; i++) {
        if (strcmp(control->commands[i].name, name) == 0) {
            return &control->commands[i];
        }
    }
    return NULL;
}

static void answer_error(struct pl_buf *out, const char *reason)
{
    pl_buf_addf(out, "{\"ok\":false,\"error\":");
    pl_json_write_string(out, pl_str_of_cstr(reason));
    pl_buf_addf(out, "}\n");
}

static void answer_result(struct pl_buf *out, struct pl_str result)
{
    pl_buf_addf(out, "{\"ok\":true,\"result\":");
    pl_buf_add_str(out, result);
    pl_buf_addf(out, "}\n");
}

static int run_command(struct client *client, struct pl_str line, struct pl_buf *result,
                       struct pl_error *err)
{
    struct pl_control_request request = {line, client};
    struct pl_json_writer json;
    char name[64];
    int rc = pl_json_validate(line, DEPTH_MAX, err);
    if (rc < 0) {
        return rc;
    }
    if (!pl_control_get_text(name, sizeof(name), &request, PL_STR("command"))) {
        return pl_error_set(err, PL_E_INVALID, "no command in the request");
    }
    const struct pl_control_command *command = find_command(client->control, name);
    if (command == NULL) {
        return pl_error_set(err, PL_E_NOT_FOUND, "the server has no command '%s'", name);
    }
    pl_json_writer_init(&json, result);
    pl_json_object_begin(&json);
    rc = command->run(command->user, &request, &json, err);
    if (rc < 0) {
        return rc;
    }
    pl_json_object_end(&json);
    return pl_buf_failed(result) ? pl_error_set(err, PL_E_TOO_BIG, "the answer is too big") : 0;
}

static void answer_line(struct client *client, struct pl_str line)
{
    struct pl_error err = {0};
    struct pl_buf result;
    pl_buf_init(&result, ANSWER_MAX / 2);
    if (run_command(client, line, &result, &err) < 0) {
        answer_error(&client->out, err.text);
    } else if (client->later == NULL) {
        answer_result(&client->out, pl_buf_str(&result));
    }
    pl_buf_fini(&result);
}

/* --- clients --- */

static void client_free(struct pl_deferred *deferred)
{
    struct client *client = PL_CONTAINER_OF(deferred, struct client, free);
    pl_buf_fini(&client->in);
    pl_buf_fini(&client->out);
    pl_free(client);
}

static void client_close(struct client *client)
{
    struct pl_loop *loop = client->control->loop;
    if (client->watch.fd < 0) {
        return;
    }
    if (client->later != NULL) {
        client->later->client = NULL;
    }
    pl_watch_stop(loop, &client->watch);
    close(client->watch.fd);
    client->watch.fd = -1;
    pl_list_remove(&client->in_control);
    client->control->client_count--;
    pl_loop_defer(loop, &client->free);
}

/* Send what waits; then read on, or close where there is nothing more to come. */
static void client_flush(struct client *client)
{
    while (client->out.len > 0) {
        ssize_t sent =
            send(client->watch.fd, client->out.ptr, client->out.len, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0 && errno == EINTR) {
            continue;
        }
        if (sent < 0 && errno == EAGAIN) {
            pl_watch_set(client->control->loop, &client->watch, PL_READY_WRITE);
            return;
        }
        if (sent < 0) {
            client_close(client);
            return;
        }
        pl_buf_consume(&client->out, (size_t)sent);
    }
    if (client->later != NULL) {
        pl_watch_set(client->control->loop, &client->watch, PL_READY_HANGUP);
    } else if (client->is_ending) {
        client_close(client);
    } else {
        pl_watch_set(client->control->loop, &client->watch, PL_READY_READ);
    }
}

/* Answer every whole line that is there, until one is to be answered later. */
static void client_take_lines(struct client *client)
{
    struct pl_str rest = pl_buf_str(&client->in);
    size_t taken = 0;
    while (client->later == NULL) {
        size_t len = pl_str_find_char(rest, '\n');
        if (len == rest.len) {
            break;
        }
        answer_line(client, pl_str_first(rest, len));
        taken += len + 1;
        rest = pl_str_from(rest, len + 1);
    }
    pl_buf_consume(&client->in, taken);
}

static void client_read(struct client *client)
{
    uint8_t piece[READ_MAX];
    ssize_t got = recv(client->watch.fd, piece, sizeof(piece), MSG_DONTWAIT);
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) {
        return;
    }
    if (got <= 0) {
        client->is_ending = true;
    } else {
        pl_buf_add(&client->in, piece, (size_t)got);
        if (pl_buf_failed(&client->in)) {
            answer_error(&client->out, "the request is too long");
            client->is_ending = true;
        } else {
            client_take_lines(client);
        }
    }
    if (pl_buf_failed(&client->out)) {
        client_close(client);
        return;
    }
    client_flush(client);
}

static void client_on_ready(struct pl_watch *watch, unsigned ready)
{
    struct client *client = PL_CONTAINER_OF(watch, struct client, watch);
    if (client->out.len > 0) {
        client_flush(client);
    } else if (client->later != NULL) {
        client_close(client); /* nobody waits for the answer any more */
    } else if ((ready & (PL_READY_READ | PL_READY_HANGUP)) != 0) {
        client_read(client);
    }
}

static void client_open(struct pl_control *control, int fd)
{
    struct client *client = pl_alloc(sizeof(*client));
    client->control = control;
    client->watch = (struct pl_watch){.fd = fd, .on_ready = client_on_ready};
    client->free.run = client_free;
    pl_buf_init(&client->in, PL_CONTROL_LINE_MAX);
    pl_buf_init(&client->out, ANSWER_MAX);
    struct pl_error err = {0};
    if (pl_watch_start(control->loop, &client->watch, PL_READY_READ, &err) < 0) {
        pl_log(control->log, PL_LOG_ERROR, "control.watch_failed", "reason=\"%s\"", err.text);
        close(fd);
        pl_free(client);
        return;
    }
    pl_list_push_back(&control->clients, &client->in_control);
    control->client_count++;
}

/* --- the socket --- */

static void control_on_ready(struct pl_watch *watch, unsigned ready)
{
    static const char busy[] = "{\"ok\":false,\"error\":\"too many control connections\"}\n";
    struct pl_control *control = PL_CONTAINER_OF(watch, struct pl_control, watch);
    (void)ready;
    for (;;) {
        int fd = accept4(watch->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd < 0) {
            return; /* none waits, or no descriptor is left: the loop tells again */
        }
        if (control->client_count < PL_CONTROL_CLIENTS_MAX) {
            client_open(control, fd);
            continue;
        }
        (void)!send(fd, busy, sizeof(busy) - 1, MSG_NOSIGNAL | MSG_DONTWAIT);
        close(fd);
    }
}

/* A listening socket at control->path that only its owner may open from the first moment on. */
static int listen_at(const struct pl_control *control, struct pl_error *err)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    memcpy(address.sun_path, control->path, sizeof(address.sun_path));
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) {
        return pl_error_set(err, PL_E_IO, "control socket: %s", strerror(errno));
    }
    unlink(control->path);
    if (fchmod(fd, 0600) < 0 || bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0 ||
        chmod(control->path, 0600) < 0 || listen(fd, PL_CONTROL_CLIENTS_MAX) < 0) {
        int rc =
            pl_error_set(err, PL_E_IO, "control socket %s: %s", control->path, strerror(errno));
        close(fd);
        return rc;
    }
    return fd;
}

static void unlink_own(const struct pl_control *control)
{
    if (control->owns_path) {
        unlink(control->path);
    }
}

/* fd: listens already; -1: a socket has to be made. */
static int create(struct pl_control **out, struct pl_loop *loop, const char *path, int fd,
                  const struct pl_log *log, struct pl_error *err)
{
    struct pl_control *control = pl_alloc(sizeof(*control));
    int rc = 0;
    *out = NULL;
    control->loop = loop;
    control->log = log;
    control->owns_path = fd < 0;
    pl_list_init(&control->clients);
    memcpy(control->path, path, strlen(path) + 1);
    rc = fd >= 0 ? fd : listen_at(control, err);
    control->watch = (struct pl_watch){.fd = rc, .on_ready = control_on_ready};
    if (rc >= 0) {
        rc = pl_watch_start(loop, &control->watch, PL_READY_READ, err);
    }
    if (rc < 0) {
        if (control->watch.fd >= 0) {
            close(control->watch.fd);
            unlink_own(control);
        }
        pl_free(control);
        return rc;
    }
    *out = control;
    return 0;
}

static int check_path(const char *path, struct pl_error *err)
{
    if (strlen(path) >= sizeof(((struct pl_control *)NULL)->path)) {
        return pl_error_set(err, PL_E_TOO_BIG, "the path of the control socket is too long: %s",
                            path);
    }
    return 0;
}

int pl_control_create(struct pl_control **out, struct pl_loop *loop, const char *path,
                      const struct pl_log *log, struct pl_error *err)
{
    *out = NULL;
    int rc = check_path(path, err);
    return rc < 0 ? rc : create(out, loop, path, -1, log, err);
}

int pl_control_adopt(struct pl_control **out, struct pl_loop *loop, const char *path, int fd,
                     const struct pl_log *log, struct pl_error *err)
{
    *out = NULL;
    int rc = check_path(path, err);
    if (rc < 0) {
        close(fd);
        return rc;
    }
    return create(out, loop, path, fd, log, err);
}

void pl_control_own(struct pl_control *control)
{
    control->owns_path = true;
}

int pl_control_fd(const struct pl_control *control)
{
    return control->watch.fd;
}

void pl_control_leave(struct pl_control *control)
{
    if (control->watch.fd >= 0) {
        pl_watch_stop(control->loop, &control->watch);
        close(control->watch.fd);
        control->watch.fd = -1;
    }
    control->owns_path = false;
}

void pl_control_destroy(struct pl_control *control)
{
    if (control == NULL) {
        return;
    }
    PL_LIST_EACH(node, &control->clients)
    {
        client_close(PL_CONTAINER_OF(node, struct client, in_control));
    }
    if (control->watch.fd >= 0) {
        pl_watch_stop(control->loop, &control->watch);
        close(control->watch.fd);
    }
    unlink_own(control);
    pl_free(control);
}

/* --- answers that come later --- */

struct pl_control_later *pl_control_defer(const struct pl_control_request *request)
{
    struct pl_control_later *later = pl_alloc(sizeof(*later));
    later->client = request->client;
    PL_ASSERT(later->client->later == NULL);
    later->client->later = later;
    return later;
}

void pl_control_finish(struct pl_control_later **later, struct pl_str result,
                       const struct pl_error *err)
{
    struct client *client = *later == NULL ? NULL : (*later)->client;
    pl_free(*later);
    *later = NULL;
    if (client == NULL) {
        return;
    }
    client->later = NULL;
    if (err != NULL) {
        answer_error(&client->out, err->text);
    } else {
        answer_result(&client->out, result);
    }
    client_take_lines(client);
    client_flush(client);
}

void pl_control_add(struct pl_control *control, const struct pl_control_command *command)
{
    PL_ASSERT(control->command_count < PL_CONTROL_COMMANDS_MAX);
    PL_ASSERT(find_command(control, command->name) == NULL);
    control->commands[control->command_count++] = *command;
}
