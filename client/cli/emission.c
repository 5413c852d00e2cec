/* A word or a quoted string, and then a list of JSON. */
#include "client/cli/emission.h"

#include "client/cli/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SPACE " \t"

struct parley_args *pl_cli_args_read(const char *text)
{
    size_t size = strlen(text) + 3;
    char *list = pl_cli_grow(NULL, size);
    struct parley_val *array = NULL;
    struct parley_args *args = NULL;
    snprintf(list, size, "[%s]", text);
    array = parley_val_parse(list, size - 1);
    free(list);
    if (parley_val_kind(array) != PARLEY_KIND_ARRAY) {
        return NULL;
    }
    args = parley_args_new();
    for (size_t i = 0; i < parley_val_count(array); i++) {
        if (parley_args_add(args, parley_val_ref(parley_val_at(array, i))) < 0) {
            parley_args_unref(args);
            args = NULL;
            break;
        }
    }
    parley_val_unref(array);
    return args;
}

/* Where the quoted string at the front of `text` ends; 0 when it does not. */
static size_t quoted_len(const char *text)
{
    for (size_t i = 1; text[i] != '\0'; i++) {
        if (text[i] == '\\' && text[i + 1] != '\0') {
            i++;
        } else if (text[i] == '"') {
            return i + 1;
        }
    }
    return 0;
}

static char *copy(const char *text, size_t len)
{
    char *made = pl_cli_grow(NULL, len + 1);
    memcpy(made, text, len);
    made[len] = '\0';
    return made;
}

/* Returns what it took of `text`; 0 when there is no name. */
static size_t read_name(char **out, const char *text)
{
    size_t len = text[0] == '"' ? quoted_len(text) : strcspn(text, SPACE);
    struct parley_val *val = NULL;
    if (len == 0 || text[0] != '"') {
        *out = len == 0 ? NULL : copy(text, len);
        return len;
    }
    val = parley_val_parse(text, len);
    if (parley_val_kind(val) == PARLEY_KIND_STRING) {
        size_t size = 0;
        const char *name = parley_val_str(val, &size);
        *out = strlen(name) == size ? copy(name, size) : NULL;
    }
    parley_val_unref(val);
    return *out == NULL ? 0 : len;
}

const char *pl_cli_emission_read(struct pl_cli_emission *out, const char *text)
{
    size_t len = 0;
    *out = (struct pl_cli_emission){0};
    text += strspn(text, SPACE);
    len = read_name(&out->event, text);
    if (len == 0) {
        return "it begins with the name of an event: EVENT [JSON, ...]";
    }
    out->args = pl_cli_args_read(text + len);
    return out->args != NULL
               ? NULL
               : "what follows the event is no JSON, with commas between (text in \"quotes\")";
}

void pl_cli_emission_fini(struct pl_cli_emission *emission)
{
    free(emission->event);
    parley_args_unref(emission->args);
    *emission = (struct pl_cli_emission){0};
}
