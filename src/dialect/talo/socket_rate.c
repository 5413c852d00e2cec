/* Counting the messages of one Talo socket. Who says nothing for 49.7 days and then comes in the right
 * minute goes on in his old window, which is no harm. A socket that identifies itself starts afresh; it never
 * comes back to the other allowance with a count that would matter. */
#include "dialect/talo/socket_rate.h"

#define WINDOW_MS 60000u
#define ALLOWANCE 300
#define ALLOWANCE_IDENTIFIED 3600
#define WARNINGS_MAX 3

static enum pl_talo_rate_verdict violate(struct pl_talo_rate *rate)
{
    rate->warnings++;
    return rate->warnings > WARNINGS_MAX ? PL_TALO_RATE_CLOSE : PL_TALO_RATE_WARN;
}

static void open_window(struct pl_talo_rate *rate, bool is_identified, int64_t now_ms)
{
    rate->since_ms = (uint32_t)now_ms;
    rate->count = 0;
    rate->is_blocked = false;
    rate->is_identified = is_identified;
}

enum pl_talo_rate_verdict pl_talo_rate_take(struct pl_talo_rate *rate, bool is_identified,
                                            int64_t now_ms)
{
    uint16_t allowance = is_identified ? ALLOWANCE_IDENTIFIED : ALLOWANCE;
    if (rate->count == 0 || rate->is_identified != is_identified ||
        (uint32_t)now_ms - rate->since_ms >= WINDOW_MS) {
        open_window(rate, is_identified, now_ms);
    }
    if (rate->is_blocked) {
        return violate(rate);
    }
    rate->count++;
    if (rate->count > allowance) {
        rate->is_blocked = true;
        rate->since_ms = (uint32_t)now_ms;
        return violate(rate);
    }
    return PL_TALO_RATE_OK;
}

void pl_talo_rate_decay(struct pl_talo_rate *rate)
{
    if (rate->warnings > 0) {
        rate->warnings--;
    }
}
