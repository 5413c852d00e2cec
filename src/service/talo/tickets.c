/* Tickets in a table by their id. The ids are our own randomness, so they are their own hash. */
#include "service/talo/tickets.h"

#include "base/alloc.h"
#include "service/talo/secret_uuid.h"

struct entry {
    struct pl_table_link link;
    struct pl_talo_expiring expiring;
    struct pl_uuid id;
    struct pl_talo_ticket ticket;
};

static uint64_t hash_of(const struct pl_uuid *id)
{
    uint64_t hash = 0;
    memcpy(&hash, id->bytes + 8, sizeof(hash));
    return hash;
}

static void on_expired(struct pl_talo_expiring *expiring, void *user)
{
    struct pl_talo_tickets *tickets = user;
    struct entry *entry = PL_CONTAINER_OF(expiring, struct entry, expiring);
    pl_table_remove(&tickets->by_id, &entry->link);
    pl_wipe(entry, sizeof(*entry));
    pl_free(entry);
}

void pl_talo_tickets_init(struct pl_talo_tickets *tickets, struct pl_hub *hub)
{
    *tickets = (struct pl_talo_tickets){0};
    pl_talo_expiry_init(&tickets->expiry, hub, PL_TALO_TICKET_MS, on_expired, tickets);
}

void pl_talo_tickets_fini(struct pl_talo_tickets *tickets)
{
    pl_talo_expiry_fini(&tickets->expiry);
    pl_table_fini(&tickets->by_id);
}

void pl_talo_tickets_add(struct pl_talo_tickets *tickets, const struct pl_uuid *id,
                         const struct pl_talo_ticket *ticket)
{
    struct entry *entry = pl_alloc(sizeof(*entry));
    if (tickets->expiry.count >= PL_TALO_TICKETS_MAX) {
        pl_talo_expiry_drop_oldest(&tickets->expiry);
    }
    entry->id = *id;
    entry->ticket = *ticket;
    pl_table_add(&tickets->by_id, &entry->link, hash_of(id));
    pl_talo_expiry_add(&tickets->expiry, &entry->expiring);
}

static void drop(struct pl_talo_tickets *tickets, struct entry *entry)
{
    pl_talo_expiry_remove(&tickets->expiry, &entry->expiring);
    on_expired(&entry->expiring, tickets);
}

static struct entry *find(const struct pl_talo_tickets *tickets, struct pl_str text)
{
    struct pl_uuid id;
    struct pl_table_link *link = NULL;
    if (!pl_uuid_parse(&id, text)) {
        return NULL;
    }
    for (link = pl_table_first(&tickets->by_id, hash_of(&id)); link != NULL;
         link = pl_table_next(link)) {
        struct entry *entry = PL_CONTAINER_OF(link, struct entry, link);
        if (pl_talo_secret_uuid_eq(&entry->id, text)) {
            return entry;
        }
    }
    return NULL;
}

bool pl_talo_tickets_take(struct pl_talo_ticket *out, struct pl_talo_tickets *tickets,
                          struct pl_str text)
{
    struct entry *entry = find(tickets, text);
    bool is_good = false;
    if (entry == NULL) {
        return false;
    }
    is_good = !pl_talo_expiry_is_over(&tickets->expiry, &entry->expiring);
    *out = entry->ticket;
    drop(tickets, entry);
    return is_good;
}

void pl_talo_tickets_drop(struct pl_talo_tickets *tickets,
                          bool (*matches)(const struct pl_talo_ticket *ticket, void *user),
                          void *user)
{
    struct pl_list *node = tickets->expiry.oldest_first.next;
    while (node != &tickets->expiry.oldest_first) {
        struct pl_talo_expiring *expiring = PL_CONTAINER_OF(node, struct pl_talo_expiring, node);
        struct entry *entry = PL_CONTAINER_OF(expiring, struct entry, expiring);
        node = node->next;
        if (matches(&entry->ticket, user)) {
            drop(tickets, entry);
        }
    }
}
