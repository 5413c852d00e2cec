/* Calls that should not have been made: in debug builds an assertion, in others an error. */
#include "client/client.h"
#include "client/client_internal.h"

#ifndef PL_CLIENT_ASSERTS
#define PL_CLIENT_ASSERTS 0 /* the build says otherwise */
#endif

int pl_client_enter(struct parley_client *client)
{
    bool is_own = pthread_equal(atomic_load(&client->owner), pthread_self()) != 0;
    if (!is_own) {
        PL_ASSERT(!PL_CLIENT_ASSERTS && "the client belongs to another thread");
        atomic_store(&client->was_wrong_thread, true); /* its text is no other thread's to write */
        return PL_E_STATE;
    }
    return 0;
}

int pl_client_misuse(struct parley_client *client, const char *what)
{
    PL_ASSERT(!PL_CLIENT_ASSERTS && "the client is misused; its error text says how");
    return pl_client_fail(client, PL_E_STATE, "%s", what);
}
