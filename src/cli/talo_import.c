/* (to come) */
#include "cli/talo_import.h"

int pl_talo_import(struct pl_talo_link *link)
{
    (void)link;
    return pl_cli_fail(PL_EXIT_FAILURE, "import is to come");
}
