/* parley reload: let a running server read its settings again, and show what came of it. */
#include "cli/cli.h"

#include "cli/answer.h"

enum {
    RESULT_MAX = 4 * 1024 * 1024,
    DEPTH_MAX = 16,
    TEXT_MAX = 8192, /* of a value; longer ones are not shown */
};

/* "NAME: OLD -> NEW (new connections)"; an empty value is shown as quotes. */
static void write_item(struct pl_buf *out, struct pl_str item, const char *old_key,
                       const char *new_key)
{
    char texts[4][TEXT_MAX];
    const char *keys[] = {"name", old_key, new_key, "counts"};
    for (size_t i = 0; i < PL_ARRAY_LEN(keys); i++) {
        pl_answer_text(texts[i], sizeof(texts[i]), item, pl_str_of_cstr(keys[i]));
    }
    bool is_new = strcmp(texts[3], "new connections") == 0;
    pl_buf_addf(out, "  %s: %s -> %s%s\n", texts[0], texts[1][0] != 0 ? texts[1] : "\"\"",
                texts[2][0] != 0 ? texts[2] : "\"\"", is_new ? " (for new connections)" : "");
}

static void write_items(struct pl_buf *out, struct pl_str items, const char *head,
                        const char *old_key, const char *new_key)
{
    struct pl_answer_array array;
    struct pl_str item;
    pl_answer_array_init(&array, items);
    for (size_t i = 0; pl_answer_array_next(&item, &array); i++) {
        if (i == 0) {
            pl_buf_addf(out, "%s\n", head);
        }
        write_item(out, item, old_key, new_key);
    }
}

static void write_answer(struct pl_buf *out, struct pl_str json)
{
    struct pl_str changed = pl_answer_member(json, PL_STR("changed"));
    struct pl_str waiting = pl_answer_member(json, PL_STR("needs_restart"));
    bool is_quiet = pl_str_eq(changed, PL_STR("[]")) && pl_str_eq(waiting, PL_STR("[]"));
    if (is_quiet) {
        pl_buf_addf(out, "No setting has changed.\n");
    }
    write_items(out, changed, "Changed:", "old", "new");
    write_items(out, waiting, "Needs a restart:", "running", "read");
    pl_buf_addf(out, "unchanged: " PL_STR_FMT "\ncertificates: " PL_STR_FMT "\n",
                PL_STR_ARG(pl_answer_member(json, PL_STR("unchanged"))),
                PL_STR_ARG(pl_answer_member(json, PL_STR("certificates"))));
}

int pl_cmd_reload(struct pl_cli *cli)
{
    return pl_cli_ask_and_print(cli, PL_STR("{\"command\":\"reload\"}"), write_answer);
}
