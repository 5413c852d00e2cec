/* Opening and closing connections, and finding them. */
#include "service/talo/conns.h"

#include "base/alloc.h"
#include "service/talo/request.h"
#include "service/talo/streams.h"
#include "service/talo/talo_internal.h"

#include <stdlib.h>

void pl_talo_conns_init(struct pl_talo_conns *conns)
{
    *conns = (struct pl_talo_conns){0};
    pl_list_init(&conns->all);
}

void pl_talo_conns_fini(struct pl_talo_conns *conns)
{
    pl_table_fini(&conns->by_alias);
    pl_table_fini(&conns->by_player);
    pl_table_fini(&conns->identifying);
}

void pl_talo_conns_identify(struct pl_talo_conn *conn, int64_t alias_id,
                            const struct pl_uuid *player_id)
{
    struct pl_talo *talo = conn->talo;
    if (conn->alias_id != 0) {
        pl_table_remove(&talo->conns.by_alias, &conn->by_alias);
        pl_table_remove(&talo->conns.by_player, &conn->by_player);
    }
    conn->alias_id = alias_id;
    if (alias_id != 0) {
        conn->player_id = *player_id;
        pl_table_add(&talo->conns.by_alias, &conn->by_alias, pl_talo_hash_id(talo, alias_id));
        pl_table_add(&talo->conns.by_player, &conn->by_player, pl_talo_hash_uuid(talo, player_id));
    }
}

void pl_talo_conn_open(struct pl_talo *talo, struct pl_talo_conn *conn)
{
    pl_hub_assert_thread(talo->config.hub);
    conn->talo = talo;
    conn->alias_id = 0;
    conn->request = NULL;
    conn->number = ++talo->conns.last_number;
    conn->is_open = true;
    pl_list_push_back(&talo->conns.all, &conn->in_world);
    pl_talo_stream_join(conn, PL_TALO_STREAM_CONFIG, conn->game_id);
}

void pl_talo_conn_close(struct pl_talo_conn *conn)
{
    struct pl_talo_absence absence = {
        .game_id = conn->game_id, .alias_id = conn->alias_id, .player_id = conn->player_id};
    if (!conn->is_open) {
        return;
    }
    pl_hub_assert_thread(conn->talo->config.hub);
    conn->is_open = false;
    pl_list_remove(&conn->in_world);
    pl_talo_conn_request_detach(conn);
    pl_talo_stream_leave_all(conn);
    if (absence.alias_id != 0) {
        pl_talo_conns_identify(conn, 0, NULL);
        pl_talo_absences_add(&conn->talo->absences, &absence);
    }
}

/* The callbacks may close any of them. key_id 0: all of the game. */
static void revoke(struct pl_talo *talo, int64_t game_id, int64_t key_id)
{
    struct pl_list closing;
    struct pl_list *node = NULL;
    pl_list_init(&closing);
    PL_LIST_EACH(each, &talo->conns.all)
    {
        const struct pl_talo_conn *conn = PL_CONTAINER_OF(each, struct pl_talo_conn, in_world);
        if (conn->game_id == game_id && (key_id == 0 || conn->key_id == key_id)) {
            pl_list_remove(each);
            pl_list_push_back(&closing, each);
        }
    }
    while ((node = pl_list_pop_front(&closing)) != NULL) {
        struct pl_talo_conn *conn = PL_CONTAINER_OF(node, struct pl_talo_conn, in_world);
        pl_list_push_back(&talo->conns.all, node); /* where closing expects it */
        talo->config.on_revoked(conn);
    }
}

void pl_talo_conns_revoke(struct pl_talo *talo, const struct pl_talo_key *key)
{
    revoke(talo, key->game_id, key->id);
}

void pl_talo_conns_revoke_game(struct pl_talo *talo, int64_t game_id)
{
    revoke(talo, game_id, 0);
}

/* --- lists --- */

static void begin(struct pl_talo_conn_list *list)
{
    *list = (struct pl_talo_conn_list){.cap = PL_ARRAY_LEN(list->few)};
    list->items = list->few;
}

void pl_talo_conn_list_fini(struct pl_talo_conn_list *list)
{
    if (list->items != list->few) {
        pl_free(list->items);
    }
}

static void add(struct pl_talo_conn_list *list, struct pl_talo_conn *conn)
{
    if (list->count == list->cap) {
        struct pl_talo_conn **grown = pl_alloc_array(list->cap * 2, sizeof(struct pl_talo_conn *));
        memcpy(grown, list->items, list->count * sizeof(struct pl_talo_conn *));
        pl_talo_conn_list_fini(list);
        list->items = grown;
        list->cap *= 2;
    }
    list->items[list->count++] = conn;
}

static int compare_numbers(const void *a, const void *b)
{
    const struct pl_talo_conn *first = *(struct pl_talo_conn *const *)a;
    const struct pl_talo_conn *second = *(struct pl_talo_conn *const *)b;
    return (first->number > second->number) - (first->number < second->number);
}

static void sort(struct pl_talo_conn_list *list)
{
    if (list->count > 1) {
        qsort(list->items, list->count, sizeof(struct pl_talo_conn *), compare_numbers);
    }
}

void pl_talo_conns_of_alias(struct pl_talo_conn_list *out, struct pl_talo *talo, int64_t alias_id)
{
    struct pl_table_link *link =
        pl_table_first(&talo->conns.by_alias, pl_talo_hash_id(talo, alias_id));
    begin(out);
    for (; link != NULL; link = pl_table_next(link)) {
        struct pl_talo_conn *conn = PL_CONTAINER_OF(link, struct pl_talo_conn, by_alias);
        if (conn->alias_id == alias_id) {
            add(out, conn);
        }
    }
    sort(out);
}

void pl_talo_conns_of_player(struct pl_talo_conn_list *out, struct pl_talo *talo,
                             const struct pl_uuid *player_id)
{
    struct pl_table_link *link =
        pl_table_first(&talo->conns.by_player, pl_talo_hash_uuid(talo, player_id));
    begin(out);
    for (; link != NULL; link = pl_table_next(link)) {
        struct pl_talo_conn *conn = PL_CONTAINER_OF(link, struct pl_talo_conn, by_player);
        if (pl_uuid_eq(&conn->player_id, player_id)) {
            add(out, conn);
        }
    }
    sort(out);
}

struct pl_talo_conn *pl_talo_conns_first(struct pl_talo *talo, const struct pl_uuid *player_id)
{
    struct pl_table_link *link =
        pl_table_first(&talo->conns.by_player, pl_talo_hash_uuid(talo, player_id));
    struct pl_talo_conn *first = NULL;
    for (; link != NULL; link = pl_table_next(link)) {
        struct pl_talo_conn *conn = PL_CONTAINER_OF(link, struct pl_talo_conn, by_player);
        if (pl_uuid_eq(&conn->player_id, player_id) &&
            (first == NULL || conn->number < first->number)) {
            first = conn;
        }
    }
    return first;
}

bool pl_talo_conns_has(struct pl_talo *talo, const struct pl_uuid *player_id)
{
    struct pl_table_link *link =
        pl_table_first(&talo->conns.by_player, pl_talo_hash_uuid(talo, player_id));
    while (
        link != NULL &&
        !pl_uuid_eq(&PL_CONTAINER_OF(link, struct pl_talo_conn, by_player)->player_id, player_id)) {
        link = pl_table_next(link);
    }
    return link != NULL;
}
