/* Edit distance, one row at a time. */
#include "app/suggest.h"

#include <stdio.h>

enum {
    NAME_MAX_LEN = 64, /* longer names are not compared */
};

/* Levenshtein's distance of two texts of at most NAME_MAX_LEN bytes. */
static size_t distance_of(struct pl_str a, struct pl_str b)
{
    size_t row[NAME_MAX_LEN + 1];
    for (size_t j = 0; j <= b.len; j++) {
        row[j] = j;
    }
    for (size_t i = 1; i <= a.len; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b.len; j++) {
            size_t replaced = diagonal + (a.ptr[i - 1] != b.ptr[j - 1]);
            diagonal = row[j];
            row[j] = pl_size_min(replaced, pl_size_min(row[j], row[j - 1]) + 1);
        }
    }
    return row[b.len];
}

void pl_suggest_init(struct pl_suggest *suggest, struct pl_str wanted)
{
    *suggest = (struct pl_suggest){.wanted = wanted, .best_distance = SIZE_MAX};
}

void pl_suggest_offer(struct pl_suggest *suggest, struct pl_str known)
{
    if (known.len > NAME_MAX_LEN || suggest->wanted.len > NAME_MAX_LEN) {
        return;
    }
    size_t distance = distance_of(suggest->wanted, known);
    if (distance <= (known.len + 2) / 3 && distance < suggest->best_distance) {
        suggest->best = known;
        suggest->best_distance = distance;
    }
}

const char *pl_suggest_hint(char *out, const struct pl_suggest *suggest)
{
    out[0] = 0;
    if (suggest->best.len > 0) {
        snprintf(out, PL_SUGGEST_HINT_MAX, "; did you mean '" PL_STR_FMT "'?",
                 PL_STR_ARG(suggest->best));
    }
    return out;
}
