/* An intrusive hash table of the hub: links inside the objects, no allocation per entry. The owner
 * compares keys; the table only chains by hash. To look at all entries means to look at all buckets;
 * nothing may rest on that order.
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

/* The first link of bucket 0 to bucket_count - 1; its `next` leads on. NULL: it is empty. Growing
 * moves the entries. */
static inline struct pl_table_link *pl_table_bucket(const struct pl_table *table, size_t bucket)
{
    return table->buckets[bucket];
}

#endif
