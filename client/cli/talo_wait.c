/* Requests that wait for their results, which are printed as they come; and the words of a line. */
#include "client/cli/talo_wait.h"

#include "client/cli/memory.h"
#include "client/cli/show_talo.h"

#include <stdlib.h>
#include <string.h>

void pl_cli_talo_wait_drop(struct pl_cli_talo_wait *wait)
{
    struct pl_cli_talo_wait **at = &wait->run->waits;
    while (*at != NULL && *at != wait) {
        at = &(*at)->next;
    }
    if (*at == wait) {
        *at = wait->next;
    }
    free(wait);
}

void pl_cli_talo_forget(struct pl_cli_talo_run *run)
{
    while (run->waits != NULL) {
        pl_cli_talo_wait_drop(run->waits);
    }
}

void pl_cli_talo_fail(struct pl_cli_talo_run *run)
{
    if (!pl_cli_input_is_terminal(run->session.input)) {
        pl_cli_session_end(&run->session, PL_CLI_FAILED);
    }
}

void pl_cli_talo_wait_show(struct pl_cli_talo_wait *wait, const struct parley_talo_result *result)
{
    struct pl_cli_talo_run *run = wait->run;
    run->pending--;
    if (!run->is_leaving) {
        pl_cli_show_talo_result(&run->session.show, wait->command, result);
        if (result->error < 0) {
            pl_cli_talo_fail(run);
        }
    }
    pl_cli_talo_wait_drop(wait);
}

void pl_cli_talo_wait_done(struct parley_talo *talo, const struct parley_talo_result *result,
                           void *user)
{
    (void)talo;
    pl_cli_talo_wait_show(user, result);
}

struct pl_cli_talo_wait *pl_cli_talo_wait_for(struct pl_cli_talo_run *run, const char *command,
                                              const char *text)
{
    struct pl_cli_talo_wait *wait = pl_cli_grow(NULL, sizeof(*wait) + strlen(text) + 1);
    wait->run = run;
    wait->next = run->waits;
    run->waits = wait;
    wait->command = command;
    strcpy(wait->text, text);
    return wait;
}

int pl_cli_talo_asked(struct pl_cli_talo_wait *wait, int rc)
{
    struct pl_cli_talo_run *run = wait->run;
    if (rc == 0) {
        run->pending++;
        return 0;
    }
    pl_cli_talo_wait_drop(wait);
    return pl_cli_session_check(&run->session, rc);
}

int pl_cli_talo_refuse(struct pl_cli_talo_run *run, const char *command, const char *what)
{
    pl_cli_show_error(&run->session.show, "%s: %s", command, what);
    return PARLEY_E_INVALID;
}

bool pl_cli_talo_word(char out[PL_CLI_TALO_WORD_MAX], const char **rest)
{
    size_t len = 0;
    *rest += strspn(*rest, " ");
    len = strcspn(*rest, " ");
    if (len == 0 || len >= PL_CLI_TALO_WORD_MAX) {
        return false;
    }
    memcpy(out, *rest, len);
    out[len] = '\0';
    *rest += len + strspn(*rest + len, " ");
    return true;
}

bool pl_cli_talo_id(int64_t *out, const char *text)
{
    char *end = NULL;
    *out = strtoll(text, &end, 10);
    return end != text && *end == '\0' && *out > 0;
}
