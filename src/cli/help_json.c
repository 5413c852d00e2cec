/* The rows of commands and flags as JSON, for what is made of them: manual pages, completion. */
#include "cli/cli.h"

#include "base/version.h"
#include "codec/json_write.h"

#include <stdio.h>

#define NOTES_BYTES_MAX ((size_t)64 * 1024)

static void put_member(struct pl_json_writer *json, const char *key, const char *value)
{
    pl_json_key(json, pl_str_of_cstr(key));
    if (value == NULL) {
        pl_json_put_null(json);
    } else {
        pl_json_put_string(json, pl_str_of_cstr(value));
    }
}

static void put_flag(struct pl_json_writer *json, const struct pl_flag *flag)
{
    char name[32];
    snprintf(name, sizeof(name), "--%s", flag->name);
    pl_json_object_begin(json);
    put_member(json, "name", name);
    put_member(json, "value", flag->value);
    put_member(json, "setting", flag->setting);
    put_member(json, "help", flag->help);
    pl_json_object_end(json);
}

static void put_notes(struct pl_json_writer *json, const struct pl_command *command)
{
    struct pl_buf notes;
    pl_buf_init(&notes, NOTES_BYTES_MAX);
    pl_help_write_notes(&notes, command);
    pl_json_key(json, PL_STR("notes"));
    if (notes.len > 0) {
        pl_json_put_string(json, pl_buf_str(&notes));
    } else {
        pl_json_put_null(json);
    }
    pl_buf_fini(&notes);
}

static void put_command(struct pl_json_writer *json, const struct pl_command *command)
{
    pl_json_object_begin(json);
    put_member(json, "name", command->name);
    put_member(json, "words", command->words);
    put_member(json, "summary", command->summary);
    put_notes(json, command);
    pl_json_key(json, PL_STR("flags"));
    pl_json_array_begin(json);
    for (const char *const *at = command->flags; *at != NULL; at++) {
        put_flag(json, pl_flag_find(*at, strlen(*at)));
    }
    pl_json_array_end(json);
    pl_json_object_end(json);
}

void pl_help_write_json(struct pl_buf *out, const struct pl_command *command)
{
    struct pl_json_writer json;
    pl_json_writer_init(&json, out);
    pl_json_object_begin(&json);
    put_member(&json, "version", pl_version());
    pl_json_key(&json, PL_STR("commands"));
    pl_json_array_begin(&json);
    for (size_t i = 0; i < pl_command_count; i++) {
        if (command == NULL || command == &pl_commands[i]) {
            put_command(&json, &pl_commands[i]);
        }
    }
    pl_json_array_end(&json);
    pl_json_object_end(&json);
    pl_buf_add_char(out, '\n');
}
