/* Patterns of namespaces: "/room/{id}" and "/files/{*rest}".
 * Source: shared spec socketio.md 3.10. Threads: any. */
#ifndef PL_DIALECT_SOCKETIO_PATTERN_H
#define PL_DIALECT_SOCKETIO_PATTERN_H

#include "base/error.h"
#include "base/str.h"

struct pl_pattern;

/* Read a pattern: segments behind slashes, none of them empty, each of them literal text or {name}
 * or, at the end only, {*name}; at least one is not literal and no name stands twice. PL_E_INVALID
 * with the reason. */
PL_MUST_CHECK int pl_pattern_create(struct pl_pattern **out, struct pl_str text,
                                    struct pl_error *err);
void pl_pattern_destroy(struct pl_pattern *pattern);

struct pl_str pl_pattern_text(const struct pl_pattern *pattern);

/* Whether two patterns stand for the same names, whatever their parts are called. */
bool pl_pattern_eq(const struct pl_pattern *a, const struct pl_pattern *b);

bool pl_pattern_matches(const struct pl_pattern *pattern, struct pl_str name);

/* The part of `name`, which matches, that stands for {param} or {*param}. False when there is no
 * such. */
PL_MUST_CHECK bool pl_pattern_find(struct pl_str *out, const struct pl_pattern *pattern,
                                   struct pl_str name, struct pl_str param);

#endif
