/* Memory, or the end. */
#include "client/cli/memory.h"

#include "client/cli/options.h"

#include <stdlib.h>

void *pl_cli_grow(void *old, size_t size)
{
    void *ptr = realloc(old, size == 0 ? 1 : size);
    if (ptr == NULL) {
        fputs("parley-client: out of memory\n", stderr);
        exit(PL_CLI_FAILED);
    }
    return ptr;
}
