/* What props.c and props_merge.c share. Threads: any. */
#ifndef PL_STORE_TALO_PROP_LIST_H
#define PL_STORE_TALO_PROP_LIST_H

#include "store/talo/props.h"

/* PL_E_TOO_BIG past PL_TALO_PROPS_BYTES_MAX. */
PL_MUST_CHECK int pl_talo_props_check_total(const struct pl_talo_props *props,
                                            struct pl_error *err);

#endif
