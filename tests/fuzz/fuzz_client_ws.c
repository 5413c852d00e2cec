/* WebSockets, plain and under Socket.IO: a client before whatever frames come.
 * The input: client_hostile.h. */
#include "client_hostile.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    hostile_run(HOSTILE_WS, pl_str_make((const char *)data, size));
    return 0;
}
