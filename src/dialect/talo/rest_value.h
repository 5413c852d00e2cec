/* One field's value: read from JSON or text, or refused in the standard words (spec talo, 3.5).
 * Pure. Threads: any. */
#ifndef PL_DIALECT_TALO_REST_VALUE_H
#define PL_DIALECT_TALO_REST_VALUE_H

#include "dialect/talo/rest_fields.h"

enum pl_talo_input_kind {
    PL_TALO_INPUT_ABSENT,
    PL_TALO_INPUT_JSON,  /* raw */
    PL_TALO_INPUT_TEXTS, /* texts: more than one is what JavaScript has as an array */
};

struct pl_talo_input {
    enum pl_talo_input_kind kind;
    struct pl_str raw;
    struct pl_str *texts; /* decoded; any bytes */
    size_t text_count;
    bool has_numbers; /* texts may stand for numbers */
};

/* Fill in *value, or add what is wrong to `errors`. Returns 0, or PL_E_TOO_BIG at the arena's cap. */
PL_MUST_CHECK int pl_talo_value_read(struct pl_talo_value *value, const struct pl_talo_field *field,
                                     const struct pl_talo_input *input, struct pl_arena *arena,
                                     struct pl_talo_field_errors *errors);

#endif
