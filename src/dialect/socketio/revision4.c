/* Socket.IO revision 4, which the clients of Engine.IO 3 speak (spec 2.12): everybody is in `/`
 * from the start, ids are made from the session's, auth is the query of the namespace's name. */
#include "dialect/socketio/revision4.h"

#include "base/utf8.h"
#include "codec/http_url.h"
#include "codec/json_write.h"
#include "dialect/socketio/conn.h"
#include "dialect/socketio/connect.h"
#include "dialect/socketio/engine.h"
#include "dialect/socketio/names.h"
#include "dialect/socketio/namespace.h"

void pl_sio_revision4_open(struct pl_sio_conn *conn)
{
    struct pl_sio_packet root = {.type = PL_SIO_CONNECT, .nsp = PL_STR("/")};
    pl_sio_connect(conn, &root);
}

/* --- CONNECT --- */

/* "a=1&b=2" as {"a":"1","b":"2"}; what is not UTF-8 is left out. */
static int write_auth(struct pl_buf *out, struct pl_str query, struct pl_arena *arena)
{
    struct pl_http_query_pair pair;
    bool is_first = true;
    pl_buf_add_char(out, '{');
    while (pl_http_query_next(&pair, &query)) {
        int rc = pl_http_form_decode(&pair.name, pair.name, arena, NULL);
        if (rc == 0) {
            rc = pl_http_form_decode(&pair.value, pair.value, arena, NULL);
        }
        if (rc < 0) {
            return rc;
        }
        if (!pl_utf8_is_valid(pair.name) || !pl_utf8_is_valid(pair.value)) {
            continue;
        }
        pl_buf_add_str(out, is_first ? PL_STR("") : PL_STR(","));
        pl_json_write_string(out, pair.name);
        pl_buf_add_char(out, ':');
        pl_json_write_string(out, pair.value);
        is_first = false;
    }
    pl_buf_add_char(out, '}');
    return 0;
}

int pl_sio_revision4_read_connect(struct pl_sio_packet *packet, struct pl_arena *arena)
{
    size_t name_len = pl_str_find_char(packet->nsp, '?');
    struct pl_str query = pl_str_from(packet->nsp, name_len + 1);
    struct pl_buf auth;
    int rc = 0;
    packet->nsp = pl_str_first(packet->nsp, name_len);
    packet->payload = (struct pl_str){0};
    if (query.len == 0) {
        return 0;
    }
    pl_buf_init(&auth, query.len * 6 + 64);
    rc = write_auth(&auth, query, arena);
    if (rc == 0 &&
        (pl_buf_failed(&auth) || !pl_arena_copy(&packet->payload, arena, pl_buf_str(&auth)))) {
        rc = PL_E_TOO_BIG;
    }
    pl_buf_fini(&auth);
    return rc;
}

/* --- sockets --- */

bool pl_sio_revision4_make_id(struct pl_buf *out, const struct pl_sio_ns *ns,
                              const struct pl_sio_conn *conn)
{
    struct pl_str name = pl_sio_name_str(ns->name);
    if (!pl_sio_conn_is_revision4(conn)) {
        return false;
    }
    if (!pl_str_eq(name, PL_STR("/"))) {
        pl_buf_add_str(out, name);
        pl_buf_add_char(out, '#');
    }
    pl_buf_add_str(out, pl_eio_session_sid(conn->eio));
    return !pl_buf_failed(out);
}
