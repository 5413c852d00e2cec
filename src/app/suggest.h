/* "Did you mean ...?": the nearest of the names that are known. Threads: any. No allocation. */
#ifndef PL_APP_SUGGEST_H
#define PL_APP_SUGGEST_H

#include "base/str.h"

struct pl_suggest {
    struct pl_str wanted;
    struct pl_str best; /* empty while none is near enough */
    size_t best_distance;
};

/* Texts are borrowed as long as the struct is used. */
void pl_suggest_init(struct pl_suggest *suggest, struct pl_str wanted);

/* Look at one known name. Near is: a third of its letters may be wrong, missing or too many. */
void pl_suggest_offer(struct pl_suggest *suggest, struct pl_str known);

/* Room for the longest hint. */
#define PL_SUGGEST_HINT_MAX 96

/* "; did you mean 'NAME'?" or "", in `out` of PL_SUGGEST_HINT_MAX bytes. Returns out. */
const char *pl_suggest_hint(char *out, const struct pl_suggest *suggest);

#endif
