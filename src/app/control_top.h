/* The control command "top": counters as they are, for whoever asks again to make rates of, and what
 * a survey found: the slowest consumers and the largest streams. It is answered when the survey is
 * over.
 * Threads: the loop's. */
#ifndef PL_APP_CONTROL_TOP_H
#define PL_APP_CONTROL_TOP_H

#include "app/control_status.h"
#include "app/survey.h"

/* Who waits for the survey under way. */
struct pl_control_top_waiter {
    struct pl_control_later *later;
    size_t row_count;
};

struct pl_control_top {
    struct pl_survey *survey;               /* borrowed; NULL: there will be none any more */
    const struct pl_control_status *status; /* borrowed */
    struct pl_control_top_waiter waiters[PL_CONTROL_CLIENTS_MAX];
    size_t waiter_count;
};

/* Add it. `top` is borrowed as long as the control socket lives. */
void pl_control_add_top(struct pl_control *control, struct pl_control_top *top);

/* The survey is over. */
void pl_control_top_answer(struct pl_control_top *top, const struct pl_survey_result *result);

/* Nobody gets an answer any more: before the I/O threads and the control socket go. Zeroed is fine.
 */
void pl_control_top_stop(struct pl_control_top *top);

#endif
