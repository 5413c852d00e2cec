/* Players, groups and live config over REST; tickets, and anything else. Source: shared spec talo.md
 * 3.7, 3.8, 3.10, 3.14. */
#include "client/talo_internal.h"

#include "client/request.h"
#include "value/wire.h"

/* --- anything --- */

static int check_request(struct parley_talo *talo, const char *method, const char *path)
{
    static const char *const methods[] = {"GET", "POST", "PUT", "PATCH", "DELETE"};
    bool is_known = false;
    for (size_t i = 0; i < PL_ARRAY_LEN(methods); i++) {
        is_known = is_known || (method != NULL && strcmp(method, methods[i]) == 0);
    }
    if (!is_known) {
        return pl_client_fail(talo->client, PL_E_INVALID,
                              "the method is GET, POST, PUT, PATCH or DELETE");
    }
    if (path == NULL || path[0] != '/') {
        return pl_client_fail(talo->client, PL_E_INVALID, "the path begins with a slash");
    }
    for (const char *at = path; *at != '\0'; at++) {
        if (*at <= ' ' || *at > '~') {
            return pl_client_fail(talo->client, PL_E_INVALID,
                                  "the path is printable ASCII: other characters are escaped");
        }
    }
    return 0;
}

static const char *literal_of(const char *method) /* the caller's memory is not ours */
{
    switch (method[0]) {
    case 'G':
        return "GET";
    case 'D':
        return "DELETE";
    default:
        return strcmp(method, "POST") == 0 ? "POST" : strcmp(method, "PUT") == 0 ? "PUT" : "PATCH";
    }
}

int parley_talo_request(struct parley_talo *talo, const char *method, const char *path,
                        const struct parley_val *body, parley_talo_done *done, void *user)
{
    struct pl_talo_call *call = NULL;
    struct pl_bin_list bins = {0};
    int rc = pl_talo_enter(talo);
    rc = rc < 0 ? rc : check_request(talo, method, path);
    if (rc < 0) {
        return rc;
    }
    call = pl_talo_call_for(literal_of(method), done, user, "%s", path);
    if (call != NULL && body != NULL) {
        pl_val_write(&call->body, &bins, body);
        call->body.has_failed = call->body.has_failed || bins.has_failed;
        rc = bins.count > 0
                 ? pl_client_fail(talo->client, PL_E_INVALID, "a request cannot hold bytes")
                 : 0;
        pl_bin_list_fini(&bins);
    }
    if (rc < 0) {
        pl_talo_call_destroy(call);
        return rc;
    }
    return pl_talo_call_make(talo, call);
}

/* --- tickets and tokens --- */

int parley_talo_health(struct parley_talo *talo, parley_talo_done *done, void *user)
{
    int rc = pl_talo_enter(talo);
    return rc < 0
               ? rc
               : pl_talo_call_make(talo, pl_talo_call_for("GET", done, user, "/v1/health-check"));
}

int parley_talo_create_ticket(struct parley_talo *talo, parley_talo_done *done, void *user)
{
    int rc = pl_talo_enter(talo);
    return rc < 0 ? rc
                  : pl_talo_call_make(talo,
                                      pl_talo_call_for("POST", done, user, "/v1/socket-tickets"));
}

int parley_talo_create_socket_token(struct parley_talo *talo, parley_talo_done *done, void *user)
{
    int rc = pl_talo_enter_as_player(talo);
    return rc < 0 ? rc
                  : pl_talo_call_make(
                        talo, pl_talo_call_for("POST", done, user, "/v1/players/socket-token"));
}

/* --- players --- */

/* What has that id, which is the last segment of its target. `page`: of a group's members. */
static int find(struct parley_talo *talo, const char *target, const char *what, const char *id,
                const int *page, parley_talo_done *done, void *user)
{
    struct pl_talo_call *call = NULL;
    int rc = pl_talo_enter(talo);
    rc = rc < 0 ? rc : pl_talo_check_text(talo, what, id);
    if (rc < 0) {
        return rc;
    }
    call = pl_talo_call_for("GET", done, user, "%s", target);
    if (call != NULL) {
        pl_client_request_escape(&call->target, pl_str_of_cstr(id));
    }
    if (call != NULL && page != NULL) {
        pl_talo_write_query_int(&call->target, "membersPage", *page);
    }
    return pl_talo_call_make(talo, call);
}

int parley_talo_identify(struct parley_talo *talo, const char *service, const char *identifier,
                         parley_talo_done *done, void *user)
{
    struct pl_talo_call *call = NULL;
    int rc = pl_talo_enter(talo);
    rc = rc < 0 ? rc : pl_talo_check_text(talo, "the service", service);
    rc = rc < 0 ? rc : pl_talo_check_text(talo, "the identifier", identifier);
    if (rc < 0) {
        return rc;
    }
    call = pl_talo_call_for("GET", done, user, "/v1/players/identify");
    if (call != NULL) {
        call->after = pl_talo_after_identity;
        pl_talo_write_query(&call->target, "service", service);
        pl_talo_write_query(&call->target, "identifier", identifier);
    }
    return pl_talo_call_make(talo, call);
}

int parley_talo_player_find(struct parley_talo *talo, const char *player_id, parley_talo_done *done,
                            void *user)
{
    return find(talo, "/v1/players/", "the player's id", player_id, NULL, done, user);
}

int parley_talo_player_search(struct parley_talo *talo, const char *query, parley_talo_done *done,
                              void *user)
{
    struct pl_talo_call *call = NULL;
    int rc = pl_talo_enter(talo);
    rc = rc < 0 ? rc : pl_talo_check_text(talo, "the query", query);
    if (rc < 0) {
        return rc;
    }
    call = pl_talo_call_for("GET", done, user, "/v1/players/search");
    if (call != NULL) {
        pl_talo_write_query(&call->target, "query", query);
    }
    return pl_talo_call_make(talo, call);
}

int parley_talo_player_update(struct parley_talo *talo, const struct parley_talo_prop *props,
                              size_t count, parley_talo_done *done, void *user)
{
    struct pl_json_writer writer;
    struct pl_talo_call *call = NULL;
    int rc = pl_talo_enter_as_player(talo);
    rc = rc < 0 ? rc : pl_talo_check_props(talo, props, count);
    if (rc < 0) {
        return rc;
    }
    call = pl_talo_call_for("PATCH", done, user, "/v1/players/");
    if (call != NULL) {
        pl_client_request_escape(&call->target, pl_str_of_cstr(talo->alias->player.id));
        pl_json_writer_init(&writer, &call->body);
        pl_json_object_begin(&writer);
        pl_talo_put_props(&writer, props, count);
        pl_json_object_end(&writer);
    }
    return pl_talo_call_make(talo, call);
}

int parley_talo_player_merge(struct parley_talo *talo, const char *kept_id, const char *merged_id,
                             parley_talo_done *done, void *user)
{
    struct pl_json_writer writer;
    struct pl_talo_call *call = NULL;
    int rc = pl_talo_enter_as_player(talo);
    rc = rc < 0 ? rc : pl_talo_check_text(talo, "the player's id", kept_id);
    rc = rc < 0 ? rc : pl_talo_check_text(talo, "the other player's id", merged_id);
    if (rc < 0) {
        return rc;
    }
    call = pl_talo_call_for("POST", done, user, "/v1/players/merge");
    if (call != NULL) {
        pl_json_writer_init(&writer, &call->body);
        pl_json_object_begin(&writer);
        pl_talo_put_text(&writer, "playerId1", kept_id);
        pl_talo_put_text(&writer, "playerId2", merged_id);
        pl_json_object_end(&writer);
    }
    return pl_talo_call_make(talo, call);
}

/* --- presence --- */

int parley_talo_presence_get(struct parley_talo *talo, const char *player_id,
                             parley_talo_done *done, void *user)
{
    return find(talo, "/v1/players/presence/", "the player's id", player_id, NULL, done, user);
}

int parley_talo_presence_update(struct parley_talo *talo, bool is_online, const char *custom_status,
                                parley_talo_done *done, void *user)
{
    struct pl_json_writer writer;
    struct pl_talo_call *call = NULL;
    int rc = pl_talo_enter_as_player(talo);
    rc = rc < 0 ? rc : pl_talo_check_optional(talo, "the status", custom_status);
    if (rc < 0) {
        return rc;
    }
    call = pl_talo_call_for("PUT", done, user, "/v1/players/presence");
    if (call != NULL) {
        pl_json_writer_init(&writer, &call->body);
        pl_json_object_begin(&writer);
        pl_talo_put_bool(&writer, "online", is_online);
        pl_talo_put_text(&writer, "customStatus", custom_status);
        pl_json_object_end(&writer);
    }
    return pl_talo_call_make(talo, call);
}

/* --- live config, groups --- */

int parley_talo_live_config(struct parley_talo *talo, parley_talo_done *done, void *user)
{
    int rc = pl_talo_enter(talo);
    return rc < 0 ? rc
                  : pl_talo_call_make(talo, pl_talo_call_for("GET", done, user, "/v1/game-config"));
}

int parley_talo_group_find(struct parley_talo *talo, const char *group_id, int page,
                           parley_talo_done *done, void *user)
{
    return find(talo, "/v1/player-groups/", "the group's id", group_id, &page, done, user);
}
