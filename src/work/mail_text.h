/* A mail as text (RFC 5322): plain text in UTF-8, quoted-printable, so that it passes every server;
 * headers outside ASCII as encoded words (RFC 2047). Nothing that is put in can add a header.
 * Threads: any. */
#ifndef PL_WORK_MAIL_TEXT_H
#define PL_WORK_MAIL_TEXT_H

#include "base/buf.h"

/* One mailbox: "Game <game@example.com>" or "game@example.com". Slices of what was read. */
struct pl_mailbox {
    struct pl_str name; /* empty: none; without the quotes around it */
    struct pl_str address;
};

#define PL_MAIL_ADDRESS_MAX 254 /* bytes; RFC 5321 section 4.5.3.1 and its erratum */

/* Whether it can stand between angle brackets: one @ with something on both sides, no spaces,
 * controls, brackets, commas, quotes. */
bool pl_mail_address_is_valid(struct pl_str address);

/* False for what is none. */
PL_MUST_CHECK bool pl_mailbox_read(struct pl_mailbox *out, struct pl_str text);

struct pl_mail_text {
    struct pl_mailbox from;
    struct pl_str to; /* an address */
    struct pl_str subject;
    struct pl_str text; /* lines end with LF */
    int64_t unix_s;     /* its date */
    uint64_t id;        /* unpredictable */
};

/* Append the whole mail, with CRLF at the ends of lines. Dots at their beginnings are the caller's
 * affair (libcurl's). */
void pl_mail_write(struct pl_buf *out, const struct pl_mail_text *mail);

#endif
