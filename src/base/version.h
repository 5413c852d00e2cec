/* Which Parley this is. Threads: any. */
#ifndef PL_BASE_VERSION_H
#define PL_BASE_VERSION_H

/* As in meson.build: "0.1.0". */
const char *pl_version(void);

#endif
