/* Sessions of register, login, verify and refresh. */
#include "dialect/talo/auth_entry.h"

#include "dialect/talo/write.h"

#define TOKEN_BYTES_MAX 4096

struct pl_talo_entry *pl_talo_entry_begin(struct pl_talo_request *request, bool has_refresh)
{
    struct pl_talo_entry *entry = pl_arena_alloc(&request->arena, sizeof(*entry));
    if (entry == NULL) {
        pl_talo_answer_failed(request);
        return NULL;
    }
    entry->has_refresh = has_refresh;
    request->state = entry;
    return entry;
}

void pl_talo_entry_set_session(struct pl_talo_request *request)
{
    struct pl_talo_entry *entry = request->state;
    entry->session_key = pl_talo_new_uuid(request->talo);
    entry->now_ms = pl_talo_now_ms(request->talo);
}

void pl_talo_entry_submit_login(struct pl_talo_request *request, int64_t alias_id,
                                struct pl_str hash, pl_talo_request_done *on_done)
{
    const struct pl_talo_entry *entry = request->state;
    struct pl_store_op *op = pl_talo_request_op(request, &pl_talo_op_auth_login_type);
    struct pl_talo_op_auth_login *login = (struct pl_talo_op_auth_login *)op;
    pl_talo_entry_set_session(request);
    login->game_id = request->game_id;
    login->alias_id = alias_id;
    login->password_hash = hash;
    login->session_key = entry->session_key;
    login->now_ms = entry->now_ms;
    pl_talo_request_submit(request, op, on_done);
}

/* Frees the token. */
static void put_token(struct pl_json_writer *out, struct pl_str key, struct pl_buf *token)
{
    pl_json_key(out, key);
    pl_json_put_string(out, pl_buf_str(token));
    pl_buf_fini(token);
}

void pl_talo_entry_write_tokens(struct pl_json_writer *out, const struct pl_talo_session *session,
                                const struct pl_talo_entry *entry)
{
    struct pl_buf token;
    pl_buf_init(&token, TOKEN_BYTES_MAX);
    pl_talo_session_write(&token, session, entry->has_refresh, entry->now_ms);
    put_token(out, PL_STR("sessionToken"), &token);
    if (entry->has_refresh) {
        pl_talo_session_write_refresh(&token, session, entry->now_ms);
        put_token(out, PL_STR("refreshToken"), &token);
    }
}

void pl_talo_entry_answer(struct pl_talo_request *request, const struct pl_talo_alias *alias)
{
    const struct pl_talo_entry *entry = request->state;
    struct pl_uuid socket_token = pl_talo_issue_token(request->talo, alias->id);
    struct pl_talo_session session = {.alias_id = alias->id,
                                      .player_id = alias->player->id,
                                      .has_key = true,
                                      .key = entry->session_key};
    struct pl_json_writer *out = pl_talo_answer_begin(request);
    pl_json_key(out, PL_STR("alias"));
    pl_talo_write_alias(out, alias, PL_TALO_WITH_AUTH);
    pl_talo_entry_write_tokens(out, &session, entry);
    pl_json_key(out, PL_STR("socketToken"));
    pl_talo_write_uuid(out, &socket_token);
    pl_talo_answer_end(request, 200);
}
