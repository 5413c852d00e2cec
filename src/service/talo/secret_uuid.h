/* UUIDs that are secrets: tickets and tokens, compared with what somebody claims.
 * Threads: any. */
#ifndef PL_SERVICE_TALO_SECRET_UUID_H
#define PL_SERVICE_TALO_SECRET_UUID_H

#include "base/alloc.h"
#include "base/uuid.h"

/* Whether `text` is the text of `uuid`, in lower case; in constant time. */
static inline bool pl_talo_secret_uuid_eq(const struct pl_uuid *uuid, struct pl_str text)
{
    char own[PL_UUID_TEXT_LEN + 1];
    bool is_equal = false;
    pl_uuid_format(own, uuid);
    is_equal = pl_secret_eq(pl_str_make(own, PL_UUID_TEXT_LEN), text);
    pl_wipe(own, sizeof(own));
    return is_equal;
}

#endif
