/* Intrusive hash table with chained links; the buckets double when there are more entries than
 * buckets. */
#include "hub/table.h"

#include "base/alloc.h"

#define FIRST_BUCKETS 16

void pl_table_fini(struct pl_table *table)
{
    pl_free(table->buckets);
    *table = (struct pl_table){0};
}

static struct pl_table_link **bucket_of(const struct pl_table *table, uint64_t hash)
{
    return &table->buckets[hash & (table->bucket_count - 1)];
}

static void grow(struct pl_table *table)
{
    struct pl_table old = *table;
    table->bucket_count = old.bucket_count == 0 ? FIRST_BUCKETS : old.bucket_count * 2;
    table->buckets = pl_alloc_array(table->bucket_count, sizeof(struct pl_table_link *));
    for (size_t i = 0; i < old.bucket_count; i++) {
        struct pl_table_link *link = old.buckets[i];
        while (link != NULL) {
            struct pl_table_link *next = link->next;
            struct pl_table_link **bucket = bucket_of(table, link->hash);
            link->next = *bucket;
            *bucket = link;
            link = next;
        }
    }
    pl_free(old.buckets);
}

void pl_table_add(struct pl_table *table, struct pl_table_link *link, uint64_t hash)
{
    struct pl_table_link **bucket = NULL;
    if (table->count >= table->bucket_count) {
        grow(table);
    }
    bucket = bucket_of(table, hash);
    link->hash = hash;
    link->next = *bucket;
    *bucket = link;
    table->count++;
}

void pl_table_remove(struct pl_table *table, struct pl_table_link *link)
{
    struct pl_table_link **at = bucket_of(table, link->hash);
    while (*at != link) {
        PL_ASSERT(*at != NULL);
        at = &(*at)->next;
    }
    *at = link->next;
    link->next = NULL;
    table->count--;
}

static struct pl_table_link *skip_to(struct pl_table_link *link, uint64_t hash)
{
    while (link != NULL && link->hash != hash) {
        link = link->next;
    }
    return link;
}

struct pl_table_link *pl_table_first(const struct pl_table *table, uint64_t hash)
{
    return table->count == 0 ? NULL : skip_to(*bucket_of(table, hash), hash);
}

struct pl_table_link *pl_table_next(const struct pl_table_link *link)
{
    return skip_to(link->next, link->hash);
}
