/* POST /v1/players/merge (spec talo, 3.8). */
#include "dialect/talo/rest_routes.h"

#include "dialect/talo/write.h"
#include "store/talo/players.h"

enum { MERGE_PLAYER_1, MERGE_PLAYER_2 };
static const struct pl_talo_field merge_body[] = {
    [MERGE_PLAYER_1] = {.name = "playerId1", .kind = PL_TALO_FIELD_UUID},
    [MERGE_PLAYER_2] = {.name = "playerId2", .kind = PL_TALO_FIELD_UUID},
    {0},
};

/* What the deployed service says (spec 3.8), by refusal; %s is the player's id. */
static const struct {
    int refusal;
    int status;
    int player; /* whose id it names: 1, 2, or 0 */
    const char *before;
    const char *after;
} merge_refusals[] = {
    {PL_TALO_MERGE_SAME, 400, 0, "Cannot merge a player into themselves", ""},
    {PL_TALO_MERGE_NO_PLAYER_1, 404, 1, "Player ", " does not exist"},
    {PL_TALO_MERGE_NO_PLAYER_2, 404, 2, "Player ", " does not exist"},
    {PL_TALO_MERGE_NOT_INITIATOR, 403, 1, "This merge must be initiated by player ", ""},
    {PL_TALO_MERGE_HAS_AUTH, 400, 2, "Player ", " has authentication enabled and cannot be merged"},
    {PL_TALO_MERGE_HAS_STEAM, 400, 2, "Player ", " has a Steam alias and cannot be merged"},
    {PL_TALO_MERGE_HAS_GOOGLE, 400, 2, "Player ",
     " has a Google Play Games alias and cannot be merged"},
};

static void refuse_merge(struct pl_talo_request *request,
                         const struct pl_talo_op_player_merge *merge)
{
    char ids[3][PL_UUID_TEXT_LEN + 1] = {""};
    pl_uuid_format(ids[1], &merge->player1_id);
    pl_uuid_format(ids[2], &merge->player2_id);
    for (size_t i = 0; i < PL_ARRAY_LEN(merge_refusals); i++) {
        if (merge_refusals[i].refusal == merge->op.refusal) {
            pl_talo_answer_error(request, merge_refusals[i].status, NULL, "%s%s%s",
                                 merge_refusals[i].before, ids[merge_refusals[i].player],
                                 merge_refusals[i].after);
            return;
        }
    }
    if (merge->op.refusal == PL_TALO_MERGE_SERVICES) {
        pl_talo_answer_error(request, 400, NULL,
                             "Cannot merge players: both players have aliases with the following "
                             "service(s): " PL_STR_FMT,
                             PL_STR_ARG(merge->services));
    } else if (merge->op.refusal == PL_TALO_PLAYER_TOO_MANY_PROPS) {
        pl_talo_answer_too_many_props(request);
    } else {
        pl_talo_answer_no_player(request);
    }
}

static void on_merged(struct pl_talo_request *request, struct pl_store_op *op)
{
    const struct pl_talo_op_player_merge *merge = (const struct pl_talo_op_player_merge *)op;
    if (op->rc != 0) {
        refuse_merge(request, merge);
        return;
    }
    struct pl_json_writer *out = pl_talo_answer_begin(request);
    pl_json_key(out, PL_STR("player"));
    pl_talo_write_player(out, merge->player, PL_TALO_WITH_ALIASES);
    pl_talo_answer_end(request, 200);
}

static void merge(struct pl_talo_request *request)
{
    struct pl_store_op *op = pl_talo_request_op(request, &pl_talo_op_player_merge_type);
    struct pl_talo_op_player_merge *merge = (struct pl_talo_op_player_merge *)op;
    merge->game_id = request->game_id;
    merge->acting_alias_id = request->alias_id;
    merge->player1_id = request->body[MERGE_PLAYER_1].uuid;
    merge->player2_id = request->body[MERGE_PLAYER_2].uuid;
    merge->now_ms = pl_talo_now_ms(request->talo);
    pl_talo_request_submit(request, op, on_merged);
}

const struct pl_talo_route pl_talo_merge_routes[] = {
    {.method = PL_HTTP_POST,
     .pattern = "/v1/players/merge",
     .scopes = PL_TALO_READ_PLAYERS | PL_TALO_WRITE_PLAYERS,
     .flags = PL_TALO_NEEDS_ALIAS_HEADER,
     .body = merge_body,
     .handler = merge},
    {0},
};
