/* An intrusive hash table of the hub: links inside the objects, no allocation per entry. The owner
 * compares keys; the table only chains by hash. Iteration is not offered: nothing may rest on its
 * order.
 * Threads: the hub's. */
#ifndef PL_HUB_TABLE_H
#define PL_HUB_TABLE_H

#include "base/defs.h"

struct pl_table_link {
    struct pl_table_link *next;
    uint64_t hash;
};

struct pl_table {
    struct pl_table_link **buckets; /* NULL until the first entry */
    size_t bucket_count;            /* a power of two */
    size_t count;
};

/* A zeroed table is empty. The entries are the caller's. */
void pl_table_fini(struct pl_table *table);

void pl_table_add(struct pl_table *table, struct pl_table_link *link, uint64_t hash);
void pl_table_remove(struct pl_table *table, struct pl_table_link *link);

/* The first link with this hash, and the next one: the caller compares the keys. NULL ends. */
struct pl_table_link *pl_table_first(const struct pl_table *table, uint64_t hash);
struct pl_table_link *pl_table_next(const struct pl_table_link *link);

#endif
