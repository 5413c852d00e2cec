/* Entities as JSON (spec talo, section 4), for REST and sockets alike.
 * Threads: any. */
#ifndef PL_DIALECT_TALO_WRITE_H
#define PL_DIALECT_TALO_WRITE_H

#include "codec/json_write.h"
#include "store/talo/entity.h"

enum {
    /* The full `auth` of this player: for answers to the player alone; others never see it. */
    PL_TALO_WITH_AUTH = 1,
    PL_TALO_WITH_ALIASES = 2,      /* Player: `aliases` */
    PL_TALO_WITH_MEMBER_COUNT = 4, /* GameChannel: `memberCount` */
};

void pl_talo_write_date(struct pl_json_writer *out, int64_t ms); /* "2025-03-01T09:30:00.000Z" */
void pl_talo_write_uuid(struct pl_json_writer *out, const struct pl_uuid *uuid);
void pl_talo_write_props(struct pl_json_writer *out, const struct pl_talo_props *props);
void pl_talo_write_player(struct pl_json_writer *out, const struct pl_talo_player *player,
                          unsigned flags);
void pl_talo_write_alias(struct pl_json_writer *out, const struct pl_talo_alias *alias,
                         unsigned flags);

/* PlayerPresence. alias: who changed it last; NULL: null. */
void pl_talo_write_presence(struct pl_json_writer *out, const struct pl_talo_presence *presence,
                            const struct pl_talo_alias *alias);
void pl_talo_write_channel(struct pl_json_writer *out, const struct pl_talo_channel *channel,
                           unsigned flags);
void pl_talo_write_storage_prop(struct pl_json_writer *out,
                                const struct pl_talo_storage_prop *prop);
void pl_talo_write_storage_props(struct pl_json_writer *out,
                                 const struct pl_talo_storage_props *props);
void pl_talo_write_subscription(struct pl_json_writer *out,
                                const struct pl_talo_subscription *subscription);
void pl_talo_write_rejected(struct pl_json_writer *out,
                            const struct pl_talo_rejected_props *rejected);

/* PlayerGroup. members: NULL where they are not visible. */
void pl_talo_write_group(struct pl_json_writer *out, const struct pl_talo_group *group,
                         const struct pl_talo_player *members, size_t member_count);

#endif
