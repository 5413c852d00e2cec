/* Intrusive doubly linked list with a head node. An unlinked node points at itself or is zeroed.
 * Threads: one at a time. */
#ifndef PL_BASE_LIST_H
#define PL_BASE_LIST_H

#include "base/defs.h"

struct pl_list {
    struct pl_list *next;
    struct pl_list *prev;
};

static inline void pl_list_init(struct pl_list *node)
{
    node->next = node;
    node->prev = node;
}

static inline bool pl_list_is_empty(const struct pl_list *head)
{
    return head->next == head;
}

/* Whether a node that was initialised or zeroed is on some list. */
static inline bool pl_list_is_linked(const struct pl_list *node)
{
    return node->next != NULL && node->next != node;
}

static inline void pl_list_push_back(struct pl_list *head, struct pl_list *node)
{
    node->next = head;
    node->prev = head->prev;
    head->prev->next = node;
    head->prev = node;
}

/* Removing a node that is on no list does nothing. */
static inline void pl_list_remove(struct pl_list *node)
{
    if (node->next != NULL) {
        node->next->prev = node->prev;
        node->prev->next = node->next;
    }
    pl_list_init(node);
}

/* The first node taken off, or NULL. */
static inline struct pl_list *pl_list_pop_front(struct pl_list *head)
{
    struct pl_list *node = head->next;
    if (node == head) {
        return NULL;
    }
    pl_list_remove(node);
    return node;
}

/* Move all nodes of `from` to the end of `to`; `from` is then empty. */
static inline void pl_list_splice_back(struct pl_list *to, struct pl_list *from)
{
    if (pl_list_is_empty(from)) {
        return;
    }
    from->next->prev = to->prev;
    to->prev->next = from->next;
    from->prev->next = to;
    to->prev = from->prev;
    pl_list_init(from);
}

/* The loop's own node may be removed in its body; others may not. */
#define PL_LIST_EACH(node, head)                                                                   \
    for (struct pl_list *node = (head)->next, *node##_next = node->next; node != (head);           \
         node = node##_next, node##_next = node->next)

#endif
