/* Talo's messages and answers: a client before whatever comes of either.
 * The input: client_hostile.h. */
#include "client_hostile.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    hostile_run(HOSTILE_TALO, pl_str_make((const char *)data, size));
    return 0;
}
