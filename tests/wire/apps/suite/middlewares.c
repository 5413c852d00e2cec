/* Middlewares of namespaces, the function that matches names, and the hook of the transport. */
#include "suite.h"

#include <stdlib.h>
#include <string.h>

static const struct parley_val *auth_of(const struct parley_socket *socket, const char *key)
{
    return parley_val_get(parley_val_get(parley_socket_handshake(socket), "auth"), key);
}

static void want_token(struct parley_socket *socket, struct parley_next *next, void *user)
{
    const char *token = parley_val_str(auth_of(socket, "token"), NULL);
    UNUSED(user);
    if (token != NULL && strcmp(token, "secret") == 0) {
        parley_next_accept(next);
    } else {
        size_t len = 0;
        const char *json = parley_val_str(auth_of(socket, "data"), &len);
        struct parley_val *data =
            json != NULL ? parley_val_parse(json, len) : parley_val_format("{\"retry\":%d}", 5);
        parley_next_refuse(next, "denied", data);
        parley_val_unref(data);
    }
}

static void refuse_second(struct parley_socket *socket, struct parley_next *next, void *user)
{
    UNUSED(user);
    if (parley_val_bool(auth_of(socket, "second"), false)) {
        parley_next_refuse(next, "second", NULL);
    } else {
        parley_next_accept(next);
    }
}

/* An answer that comes in a later turn. */
struct late {
    struct parley_next *next;
    bool is_denied;
};

static void answer_late(void *user)
{
    struct late *late = user;
    if (late->is_denied) {
        parley_next_refuse(late->next, "denied later", NULL);
    } else {
        parley_next_accept(late->next);
    }
    free(late);
}

static void decide_later(struct parley_socket *socket, struct parley_next *next, void *user)
{
    struct late *late = calloc(1, sizeof(*late));
    UNUSED(user);
    if (late == NULL) {
        parley_next_refuse(next, "no memory", NULL);
        return;
    }
    *late = (struct late){next, parley_val_bool(auth_of(socket, "deny"), false)};
    if (parley_post(parley_socket_app(socket), answer_late, late) < 0) {
        answer_late(late);
    }
}

void suite_match_fn(const char *name, const struct parley_val *auth, struct parley_next *next,
                    void *user)
{
    UNUSED(user);
    if (strncmp(name, "/fn-", 4) == 0 && parley_val_bool(parley_val_get(auth, "ok"), false)) {
        parley_next_accept(next);
    } else {
        parley_next_refuse(next, "no", NULL);
    }
}

static void allow_request(struct parley_request *request, struct parley_next *next, void *user)
{
    const char *refuse = parley_request_query(request, "refuse");
    UNUSED(user);
    if (refuse == NULL) {
        parley_next_accept(next);
    } else {
        parley_next_refuse(next, strcmp(refuse, "text") == 0 ? "no entry" : NULL, NULL);
    }
}

int suite_add_middlewares(struct parley_io *io)
{
    int rc = parley_ns_use(io, "/guarded", want_token, NULL);
    if (rc == 0) {
        rc = parley_ns_use(io, "/guarded", refuse_second, NULL);
    }
    if (rc == 0) {
        rc = parley_ns_use(io, "/later", decide_later, NULL);
    }
    parley_io_allow_request(io, allow_request, NULL);
    return rc;
}
