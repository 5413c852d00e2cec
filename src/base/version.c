/* The version, which the build passes in. */
#include "base/version.h"

const char *pl_version(void)
{
    return PARLEY_VERSION;
}
