/* Each copy is made twice by the same code: once without memory, to see how much it takes, once
 * into that much. */
#include "service/talo/entity_copy.h"

#include "base/alloc.h"

struct packer {
    char *base; /* NULL: only measures */
    size_t used;
};

/* The next `size` bytes; NULL while measuring. */
static void *take(struct packer *packer, size_t size)
{
    void *at = packer->base == NULL ? NULL : packer->base + packer->used;
    packer->used += (size + 7) & ~(size_t)7;
    return at;
}

static struct pl_str pack_text(struct packer *packer, struct pl_str text)
{
    char *at = take(packer, text.len);
    if (at != NULL && text.len > 0) {
        memcpy(at, text.ptr, text.len);
    }
    return pl_str_make(text.len == 0 ? "" : at, text.len);
}

static struct pl_talo_props pack_props(struct packer *packer, const struct pl_talo_props *props)
{
    struct pl_talo_prop *items = take(packer, props->count * sizeof(*items));
    for (size_t i = 0; i < props->count; i++) {
        struct pl_talo_prop item = {pack_text(packer, props->items[i].key),
                                    pack_text(packer, props->items[i].value)};
        if (items != NULL) {
            items[i] = item;
        }
    }
    return (struct pl_talo_props){items, props->count};
}

static struct pl_talo_group_ref *pack_groups(struct packer *packer,
                                             const struct pl_talo_player *player)
{
    struct pl_talo_group_ref *groups = take(packer, player->group_count * sizeof(*groups));
    for (size_t i = 0; i < player->group_count; i++) {
        struct pl_str name = pack_text(packer, player->groups[i].name);
        if (groups != NULL) {
            groups[i] = (struct pl_talo_group_ref){player->groups[i].id, name};
        }
    }
    return groups;
}

static struct pl_talo_player *pack_player(struct packer *packer,
                                          const struct pl_talo_player *player)
{
    struct pl_talo_player *at = take(packer, sizeof(*at));
    struct pl_talo_player copy = *player;
    copy.props = pack_props(packer, &player->props);
    copy.groups = pack_groups(packer, player);
    copy.auth = (struct pl_talo_auth){0};
    copy.presence.custom_status = pack_text(packer, player->presence.custom_status);
    copy.aliases = NULL;
    copy.alias_count = 0;
    if (at != NULL) {
        *at = copy;
    }
    return at;
}

static struct pl_talo_alias *pack_alias(struct packer *packer, const struct pl_talo_alias *alias)
{
    struct pl_talo_alias *at = take(packer, sizeof(*at));
    struct pl_talo_alias copy = *alias;
    copy.service = pack_text(packer, alias->service);
    copy.identifier = pack_text(packer, alias->identifier);
    copy.display_name = pack_text(packer, alias->display_name);
    copy.player = pack_player(packer, alias->player);
    if (at != NULL) {
        *at = copy;
    }
    return at;
}

static struct pl_talo_channel *pack_channel(struct packer *packer,
                                            const struct pl_talo_channel *channel)
{
    struct pl_talo_channel *at = take(packer, sizeof(*at));
    struct pl_talo_channel copy = *channel;
    copy.name = pack_text(packer, channel->name);
    copy.props = pack_props(packer, &channel->props);
    copy.owner = channel->owner == NULL ? NULL : pack_alias(packer, channel->owner);
    if (at != NULL) {
        *at = copy;
    }
    return at;
}

struct pl_talo_alias *pl_talo_alias_copy(size_t *size, const struct pl_talo_alias *alias)
{
    struct packer packer = {0};
    (void)pack_alias(&packer, alias);
    *size = packer.used;
    packer = (struct packer){.base = pl_alloc(packer.used)};
    return pack_alias(&packer, alias);
}

struct pl_talo_channel *pl_talo_channel_copy(size_t *size, const struct pl_talo_channel *channel)
{
    struct packer packer = {0};
    (void)pack_channel(&packer, channel);
    *size = packer.used;
    packer = (struct packer){.base = pl_alloc(packer.used)};
    return pack_channel(&packer, channel);
}

static struct pl_talo_props *pack_config(struct packer *packer, const struct pl_talo_props *props)
{
    struct pl_talo_props *at = take(packer, sizeof(*at));
    struct pl_talo_props copy = pack_props(packer, props);
    if (at != NULL) {
        *at = copy;
    }
    return at;
}

struct pl_talo_props *pl_talo_props_copy(const struct pl_talo_props *props)
{
    struct packer packer = {0};
    (void)pack_config(&packer, props);
    packer = (struct packer){.base = pl_alloc(packer.used)};
    return pack_config(&packer, props);
}
