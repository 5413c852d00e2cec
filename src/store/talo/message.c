/* Sender and channel in one transaction. */
#include "store/talo/message.h"

#include "store/talo/channel_load.h"
#include "store/talo/load.h"

static int run(struct pl_store_op *op, struct pl_sql *sql)
{
    struct pl_talo_op_message_load *load = (struct pl_talo_op_message_load *)(void *)op;
    int rc = 0;
    load->channel = NULL;
    rc = pl_talo_load_alias(&load->alias, sql, load->game_id, load->alias_id, &op->arena,
                            &op->error);
    if (rc == 0 && load->channel_id != 0) {
        rc = pl_talo_load_channel(&load->channel, sql, load->game_id, load->channel_id, &op->arena,
                                  &op->error);
    }
    return rc;
}

const struct pl_store_op_type pl_talo_op_message_load_type = {
    .name = "message.load",
    .is_write = true,
    .size = sizeof(struct pl_talo_op_message_load),
    .run = run,
};
