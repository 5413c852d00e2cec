/* The commands of talo about a channel: the one that was entered last. */
#include "client/cli/talo_channel.h"

#include "client/cli/talo_wait.h"

#include <string.h>

/* The channel of the result is the one that texts go to. */
static void on_entered(struct parley_talo *talo, const struct parley_talo_result *result,
                       void *user)
{
    struct pl_cli_talo_wait *wait = user;
    (void)talo;
    if (result->channel != NULL) {
        wait->run->channel_id = result->channel->id;
    }
    pl_cli_talo_wait_show(wait, result);
}

static void on_left(struct parley_talo *talo, const struct parley_talo_result *result, void *user)
{
    struct pl_cli_talo_wait *wait = user;
    (void)talo;
    if (result->error == 0) {
        wait->run->channel_id = 0;
    }
    pl_cli_talo_wait_show(wait, result);
}

/* The first whose name is the one looked for. */
static void on_found(struct parley_talo *talo, const struct parley_talo_result *result, void *user)
{
    struct pl_cli_talo_wait *wait = user;
    struct pl_cli_talo_run *run = wait->run;
    for (size_t i = 0; i < result->channel_count; i++) {
        if (strcmp(result->channels[i].name, wait->text) == 0) {
            run->pending--;
            if (pl_cli_talo_asked(wait, parley_talo_channel_join(talo, result->channels[i].id,
                                                                 on_entered, wait)) < 0) {
                pl_cli_talo_fail(run);
            }
            return;
        }
    }
    if (result->error == 0) {
        run->pending--;
        pl_cli_show_error(&run->session.show, "there is no channel '%s': /create makes one",
                          wait->text);
        pl_cli_talo_fail(run);
        pl_cli_talo_wait_drop(wait);
        return;
    }
    pl_cli_talo_wait_show(wait, result);
}

int pl_cli_talo_take_join(struct pl_cli_talo_run *run, const char *command, const char *rest)
{
    const struct parley_talo_channel_query query = {.search = rest};
    struct pl_cli_talo_wait *wait = NULL;
    int64_t id = 0;
    if (rest[0] == '\0') {
        return pl_cli_talo_refuse(run, command,
                                  "a channel's number or name is needed; /channels lists them");
    }
    wait = pl_cli_talo_wait_for(run, command, rest);
    return pl_cli_talo_asked(wait, pl_cli_talo_id(&id, rest)
                                       ? parley_talo_channel_join(run->talo, id, on_entered, wait)
                                       : parley_talo_channels(run->talo, &query, on_found, wait));
}

int pl_cli_talo_take_create(struct pl_cli_talo_run *run, const char *command, const char *rest)
{
    const struct parley_talo_channel_setup setup = {.name = rest};
    struct pl_cli_talo_wait *wait = pl_cli_talo_wait_for(run, command, "");
    return pl_cli_talo_asked(wait, parley_talo_channel_create(run->talo, &setup, on_entered, wait));
}

int pl_cli_talo_take_channels(struct pl_cli_talo_run *run, const char *command, const char *rest)
{
    const struct parley_talo_channel_query query = {.search = rest[0] == '\0' ? NULL : rest};
    struct pl_cli_talo_wait *wait = pl_cli_talo_wait_for(run, command, "");
    return pl_cli_talo_asked(wait,
                             parley_talo_channels(run->talo, &query, pl_cli_talo_wait_done, wait));
}

int pl_cli_talo_need_channel(struct pl_cli_talo_run *run, const char *command)
{
    return run->channel_id != 0
               ? 0
               : pl_cli_talo_refuse(run, command, "/join or /create a channel first");
}

int pl_cli_talo_take_leave(struct pl_cli_talo_run *run, const char *command, const char *rest)
{
    struct pl_cli_talo_wait *wait = NULL;
    (void)rest;
    if (pl_cli_talo_need_channel(run, command) < 0) {
        return PARLEY_E_INVALID;
    }
    wait = pl_cli_talo_wait_for(run, command, "");
    return pl_cli_talo_asked(wait,
                             parley_talo_channel_leave(run->talo, run->channel_id, on_left, wait));
}

int pl_cli_talo_take_members(struct pl_cli_talo_run *run, const char *command, const char *rest)
{
    struct pl_cli_talo_wait *wait = NULL;
    (void)rest;
    if (pl_cli_talo_need_channel(run, command) < 0) {
        return PARLEY_E_INVALID;
    }
    wait = pl_cli_talo_wait_for(run, command, "");
    return pl_cli_talo_asked(wait, parley_talo_channel_members(run->talo, run->channel_id, NULL,
                                                               pl_cli_talo_wait_done, wait));
}

int pl_cli_talo_take_invite(struct pl_cli_talo_run *run, const char *command, const char *rest)
{
    struct pl_cli_talo_wait *wait = NULL;
    int64_t id = 0;
    if (pl_cli_talo_need_channel(run, command) < 0) {
        return PARLEY_E_INVALID;
    }
    if (!pl_cli_talo_id(&id, rest)) {
        return pl_cli_talo_refuse(run, command, "the number of an alias is needed");
    }
    wait = pl_cli_talo_wait_for(run, command, "");
    return pl_cli_talo_asked(wait, parley_talo_channel_invite(run->talo, run->channel_id, id,
                                                              pl_cli_talo_wait_done, wait));
}

int pl_cli_talo_take_get(struct pl_cli_talo_run *run, const char *command, const char *rest)
{
    struct pl_cli_talo_wait *wait = NULL;
    if (pl_cli_talo_need_channel(run, command) < 0) {
        return PARLEY_E_INVALID;
    }
    wait = pl_cli_talo_wait_for(run, command, "");
    return pl_cli_talo_asked(wait, parley_talo_storage_get(run->talo, run->channel_id, rest,
                                                           pl_cli_talo_wait_done, wait));
}

int pl_cli_talo_take_set(struct pl_cli_talo_run *run, const char *command, const char *rest)
{
    char key[PL_CLI_TALO_WORD_MAX];
    struct pl_cli_talo_wait *wait = NULL;
    if (pl_cli_talo_need_channel(run, command) < 0) {
        return PARLEY_E_INVALID;
    }
    if (!pl_cli_talo_word(key, &rest)) {
        return pl_cli_talo_refuse(run, command, "a key is needed");
    }
    const struct parley_talo_prop prop = {.key = key, .value = rest[0] == '\0' ? NULL : rest};
    wait = pl_cli_talo_wait_for(run, command, "");
    return pl_cli_talo_asked(wait, parley_talo_storage_set(run->talo, run->channel_id, &prop, 1,
                                                           pl_cli_talo_wait_done, wait));
}
