/* A file system for SQLite that can lose power: it writes to real files, and keeps beside them what a disk would have
 * after a crash at this moment: what was synced, and of the rest what chance left. It can also fail.
 * Threads: any. */
#ifndef TESTS_UNIT_STORE_CRASH_VFS_H
#define TESTS_UNIT_STORE_CRASH_VFS_H

#include "base/defs.h"

struct crash_vfs;

/* Registered with SQLite under crash_vfs_name; not the default. */
struct crash_vfs *crash_vfs_create(void);
void crash_vfs_destroy(struct crash_vfs *vfs); /* nothing is open in it any more */
const char *crash_vfs_name(const struct crash_vfs *vfs);

enum crash_luck {
    CRASH_NOTHING_MORE, /* what was not synced is gone */
    CRASH_ALL,          /* it has all reached the disk */
    CRASH_SOME,         /* each sector of 512 bytes by itself, as `seed` has it */
};

/* What the disk would have now, as files of the same names in `dir`. */
void crash_vfs_image(struct crash_vfs *vfs, const char *dir, enum crash_luck luck, uint64_t seed);

/* The nth call of that kind from now on fails with EIO (1 is the next), and so do the `count` - 1 after it. A sync
 * that fails has synced nothing. 0 switches it off. */
void crash_vfs_fail_syncs(struct crash_vfs *vfs, uint64_t nth, uint64_t count);
void crash_vfs_fail_writes(struct crash_vfs *vfs, uint64_t nth, uint64_t count);

/* A disk that is slow: from now on every sync waits, until they are let go. */
void crash_vfs_hold_syncs(struct crash_vfs *vfs);
void crash_vfs_wait_for_sync(struct crash_vfs *vfs); /* until one waits */
void crash_vfs_let_go(struct crash_vfs *vfs);

/* Calls so far. */
uint64_t crash_vfs_syncs(struct crash_vfs *vfs);
uint64_t crash_vfs_writes(struct crash_vfs *vfs);

#endif
