/* Packets of Engine.IO and Socket.IO as the client reads them, in a session that is open.
 * The input: client_hostile.h. */
#include "client_hostile.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    hostile_run(HOSTILE_PACKETS, pl_str_make((const char *)data, size));
    return 0;
}
