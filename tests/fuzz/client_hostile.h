/* A whole client before a hostile server: the input is what the server says. Shared by the targets
 * client_polling, client_ws, client_packets and client_talo. */
#ifndef PL_TESTS_FUZZ_CLIENT_HOSTILE_H
#define PL_TESTS_FUZZ_CLIENT_HOSTILE_H

#include "base/str.h"

enum hostile_mode {
    HOSTILE_POLLING, /* records answer requests */
    HOSTILE_WS,      /* records are frames of a WebSocket that is open */
    HOSTILE_PACKETS, /* records are messages of a Socket.IO session that is open */
    HOSTILE_TALO, /* records are messages of Talo's socket, which is open, and answers to requests
                        (but those for a ticket and a player, unless the choices say so) */
};

/* The input: a byte of choices, then records with 0xff between them, each of which begins with
 *   '!'  its bytes go out as they are
 *   '~'  the server closes the connection (with '~r' it resets it)
 *   '^'  half a minute passes
 *   't'  (WebSocket) its rest is a text message
 *   'b'  (WebSocket) ... a binary message
 *   else it is a body: behind a proper head, or in a text message
 * No connection, no timer and no memory may be left. */
void hostile_run(enum hostile_mode mode, struct pl_str input);

#endif
