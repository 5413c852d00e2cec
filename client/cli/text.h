/* What came from a server, as text for people and for scripts: nothing in it moves the cursor or
 * changes a colour. */
#ifndef PL_CLIENT_CLI_TEXT_H
#define PL_CLIENT_CLI_TEXT_H

#include "parley/value.h"

#include <stdbool.h>
#include <stdio.h>

/* How bytes inside of values are written. */
enum pl_cli_style {
    PL_CLI_PEOPLE, /* <4 bytes: 01020304> */
    PL_CLI_JSON,   /* {"base64":"AQIDBA=="} */
};

/* Write UTF-8, but control characters, those that turn the direction of writing, and what is no
 * UTF-8 as \uXXXX. */
void pl_cli_write_safe(FILE *out, const char *text, size_t len);

/* Write a string as JSON has it, and safe. */
void pl_cli_write_string(FILE *out, const char *text, size_t len);

/* Write a value, in JSON but for its bytes; and the arguments of an event, ", " between them (JSON:
 * an array). */
void pl_cli_write_value(FILE *out, const struct parley_val *val, enum pl_cli_style style);
void pl_cli_write_args(FILE *out, const struct parley_args *args, enum pl_cli_style style);
void pl_cli_write_bytes(FILE *out, const void *bytes, size_t len, enum pl_cli_style style);

/* Whether an event's name can be typed without quotes. */
bool pl_cli_is_word(const char *name);

#endif
