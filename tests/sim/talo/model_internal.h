/* What the files of the model share: who is told, and what each operation does.
 * Nothing outside of this folder includes it. */
#ifndef PL_SIM_TALO_MODEL_INTERNAL_H
#define PL_SIM_TALO_MODEL_INTERNAL_H

#include "model.h"
#include "store/talo/channels.h"
#include "store/talo/message.h"
#include "store/talo/players.h"
#include "store/talo/presence.h"
#include "store/talo/relationships.h"

#include <stdio.h>

/* --- model_conns.c: who receives, and what they follow --- */

bool model_reads(const struct model_conn *conn, uint32_t scope);
void model_tell_channel(struct model *model, int channel, const char *text);
void model_tell_alias(struct model *model, int alias, const char *text);
void model_tell_presence(struct model *model, int player, int online_changed, int status_changed);

#define MODEL_TEXT_MAX 128

#define MODEL_TELL_CHANNEL(model, channel, ...)                                                    \
    do {                                                                                           \
        char text[MODEL_TEXT_MAX];                                                                 \
        (void)snprintf(text, sizeof(text), __VA_ARGS__);                                           \
        model_tell_channel(model, channel, text);                                                  \
    } while (0)

#define MODEL_TELL_ALIAS(model, alias, ...)                                                        \
    do {                                                                                           \
        char text[MODEL_TEXT_MAX];                                                                 \
        (void)snprintf(text, sizeof(text), __VA_ARGS__);                                           \
        model_tell_alias(model, alias, text);                                                      \
    } while (0)

/* The connections of an alias do, or do not, follow a channel from now on. */
void model_follow(struct model *model, int channel, int alias, bool does_follow);
void model_hear(struct model *model, const struct model_subscription *subscription, bool does_hear);

/* It follows what its alias is a member of. */
void model_sync(struct model *model, struct model_conn *conn);

struct model_request *model_find_request(struct model_request *requests, size_t count,
                                         const struct pl_store_op *op);
void model_forget_request(struct model_request *requests, size_t *count,
                          const struct model_request *request);

/* --- model_channels.c --- */

/* NULL: there is none. */
struct model_channel *model_find_channel(struct model *model, int64_t id);
void model_leave_temporary(struct model *model, int alias, bool is_known);

/* --- operations, each where its noun is: false when it is to be refused --- */

bool model_complete_create(struct model *model, const struct pl_talo_op_channel_create *op,
                           struct model_outcome outcome);
bool model_complete_join(struct model *model, const struct pl_talo_op_channel_join *op,
                         struct model_outcome outcome);
bool model_complete_invite(struct model *model, const struct pl_talo_op_channel_invite *op,
                           struct model_outcome outcome);
bool model_complete_leave(struct model *model, const struct pl_talo_op_channel_leave *op,
                          struct model_outcome outcome);
bool model_complete_update(struct model *model, const struct pl_talo_op_channel_update *op,
                           struct model_outcome outcome);
bool model_complete_delete(struct model *model, const struct pl_talo_op_channel_delete *op,
                           struct model_outcome outcome);
bool model_complete_put(struct model *model, const struct pl_talo_op_presence_set *op,
                        struct model_outcome outcome, bool is_own);
bool model_complete_offline(struct model *model, const struct pl_talo_op_presence_offline *op,
                            struct model_outcome outcome);
bool model_complete_online(struct model *model, const struct pl_talo_op_presence_online *op,
                           struct model_outcome outcome);
bool model_complete_merge(struct model *model, const struct pl_talo_op_player_merge *op,
                          struct model_outcome outcome);
bool model_complete_load(struct model *model, const struct pl_talo_op_message_load *op,
                         struct model_outcome outcome);
bool model_complete_subscribe(struct model *model, const struct pl_talo_op_subscription_create *op,
                              struct model_outcome outcome);
bool model_complete_confirm(struct model *model, const struct pl_talo_op_subscription_confirm *op,
                            struct model_outcome outcome);
bool model_complete_unsubscribe(struct model *model,
                                const struct pl_talo_op_subscription_delete *op,
                                struct model_outcome outcome);

#endif
