/* The file system that loses power: a shim over SQLite's own for Unix. For each path it has the bytes that are safe,
 * and the changes since the last sync, in order. */
#include "crash_vfs.h"

#include "base/alloc.h"

#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#define SECTOR_BYTES 512
#define PATH_BYTES 512

enum change_kind {
    CHANGE_WRITE,
    CHANGE_TRUNCATE, /* to `offset` bytes */
    CHANGE_DELETE,
};

struct change {
    struct change *next;
    enum change_kind kind;
    size_t offset;
    size_t len;
    uint8_t bytes[];
};

struct image {
    uint8_t *bytes;
    size_t len;
    bool exists;
};

struct disk_file {
    struct disk_file *next;
    char path[PATH_BYTES];
    struct image safe;
    struct change *changes; /* oldest first */
    struct change **changes_end;
};

struct faults {
    uint64_t calls;
    uint64_t first; /* number of the call that fails first; 0: none */
    uint64_t count;
};

struct crash_vfs {
    sqlite3_vfs vfs; /* first */
    sqlite3_vfs *real;
    char name[32];
    pthread_mutex_t lock; /* of all below */
    struct disk_file *files;
    struct faults syncs;
    struct faults writes;
    pthread_cond_t changed; /* of the two below */
    bool is_holding;
    bool is_held; /* a sync waits */
};

struct crash_file {
    sqlite3_file file; /* first */
    struct crash_vfs *vfs;
    struct disk_file *disk;
    sqlite3_file *real; /* behind this struct */
};

static struct crash_file *file_of(sqlite3_file *file)
{
    return (struct crash_file *)(void *)file;
}

/* --- images --- */

static void image_resize(struct image *image, size_t len)
{
    image->bytes = pl_realloc(image->bytes, len);
    if (len > image->len) {
        memset(image->bytes + image->len, 0, len - image->len);
    }
    image->len = len;
}

static void image_write(struct image *image, size_t offset, const uint8_t *bytes, size_t len)
{
    image->exists = true;
    if (len == 0) {
        return;
    }
    if (offset + len > image->len) {
        image_resize(image, offset + len);
    }
    memcpy(image->bytes + offset, bytes, len);
}

static bool flip(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return (*seed >> 20) % 2 == 0;
}

/* Each part of a write that lies in one sector. */
static void image_write_some(struct image *image, const struct change *change, uint64_t *seed)
{
    size_t at = 0;
    while (at < change->len) {
        size_t in_sector = SECTOR_BYTES - (change->offset + at) % SECTOR_BYTES;
        size_t len = pl_size_min(in_sector, change->len - at);
        if (flip(seed)) {
            image_write(image, change->offset + at, change->bytes + at, len);
        }
        at += len;
    }
}

/* seed: NULL when all of the change is made. */
static void image_apply(struct image *image, const struct change *change, uint64_t *seed)
{
    if (change->kind == CHANGE_WRITE && seed != NULL) {
        image_write_some(image, change, seed);
    } else if (change->kind == CHANGE_WRITE) {
        image_write(image, change->offset, change->bytes, change->len);
    } else if (seed == NULL || flip(seed)) {
        image->exists = change->kind != CHANGE_DELETE;
        image_resize(image, change->kind == CHANGE_DELETE ? 0 : change->offset);
    }
}

/* --- what is noted --- */

static struct disk_file *find_disk(struct crash_vfs *vfs, const char *path)
{
    for (struct disk_file *disk = vfs->files; disk != NULL; disk = disk->next) {
        if (strcmp(disk->path, path) == 0) {
            return disk;
        }
    }
    struct disk_file *disk = pl_alloc(sizeof(*disk));
    snprintf(disk->path, sizeof(disk->path), "%s", path);
    disk->changes_end = &disk->changes;
    disk->next = vfs->files;
    vfs->files = disk;
    return disk;
}

static void note(struct disk_file *disk, enum change_kind kind, size_t offset, const void *bytes,
                 size_t len)
{
    struct change *change = pl_alloc(sizeof(*change) + len);
    *change = (struct change){.kind = kind, .offset = offset, .len = len};
    if (len > 0) {
        memcpy(change->bytes, bytes, len);
    }
    *disk->changes_end = change;
    disk->changes_end = &change->next;
}

static void make_safe(struct disk_file *disk)
{
    while (disk->changes != NULL) {
        struct change *change = disk->changes;
        disk->changes = change->next;
        image_apply(&disk->safe, change, NULL);
        pl_free(change);
    }
    disk->changes_end = &disk->changes;
    disk->safe.exists = true;
}

static bool is_to_fail(struct faults *faults)
{
    faults->calls++;
    return faults->first != 0 && faults->calls >= faults->first &&
           faults->calls < faults->first + faults->count;
}

/* --- files, as SQLite calls them --- */

static int file_close(sqlite3_file *base)
{
    struct crash_file *file = file_of(base);
    return file->real->pMethods == NULL ? SQLITE_OK : file->real->pMethods->xClose(file->real);
}

static int file_read(sqlite3_file *base, void *out, int len, sqlite3_int64 offset)
{
    struct crash_file *file = file_of(base);
    return file->real->pMethods->xRead(file->real, out, len, offset);
}

static int file_write(sqlite3_file *base, const void *bytes, int len, sqlite3_int64 offset)
{
    struct crash_file *file = file_of(base);
    pthread_mutex_lock(&file->vfs->lock);
    int rc = is_to_fail(&file->vfs->writes)
                 ? SQLITE_IOERR_WRITE
                 : file->real->pMethods->xWrite(file->real, bytes, len, offset);
    if (rc == SQLITE_OK && file->disk != NULL) {
        note(file->disk, CHANGE_WRITE, (size_t)offset, bytes, (size_t)len);
    }
    pthread_mutex_unlock(&file->vfs->lock);
    return rc;
}

static int file_truncate(sqlite3_file *base, sqlite3_int64 len)
{
    struct crash_file *file = file_of(base);
    pthread_mutex_lock(&file->vfs->lock);
    int rc = file->real->pMethods->xTruncate(file->real, len);
    if (rc == SQLITE_OK && file->disk != NULL) {
        note(file->disk, CHANGE_TRUNCATE, (size_t)len, NULL, 0);
    }
    pthread_mutex_unlock(&file->vfs->lock);
    return rc;
}

static void wait_while_held(struct crash_vfs *vfs)
{
    while (vfs->is_holding) {
        vfs->is_held = true;
        pthread_cond_broadcast(&vfs->changed);
        pthread_cond_wait(&vfs->changed, &vfs->lock);
    }
    vfs->is_held = false;
}

/* The real file is not synced: nothing here survives the machine. */
static int file_sync(sqlite3_file *base, int flags)
{
    struct crash_file *file = file_of(base);
    (void)flags;
    pthread_mutex_lock(&file->vfs->lock);
    wait_while_held(file->vfs);
    int rc = is_to_fail(&file->vfs->syncs) ? SQLITE_IOERR_FSYNC : SQLITE_OK;
    if (rc == SQLITE_OK && file->disk != NULL) {
        make_safe(file->disk);
    }
    pthread_mutex_unlock(&file->vfs->lock);
    return rc;
}

static int file_size(sqlite3_file *base, sqlite3_int64 *out)
{
    struct crash_file *file = file_of(base);
    return file->real->pMethods->xFileSize(file->real, out);
}

static int file_lock(sqlite3_file *base, int level)
{
    struct crash_file *file = file_of(base);
    return file->real->pMethods->xLock(file->real, level);
}

static int file_unlock(sqlite3_file *base, int level)
{
    struct crash_file *file = file_of(base);
    return file->real->pMethods->xUnlock(file->real, level);
}

static int file_check_lock(sqlite3_file *base, int *out)
{
    struct crash_file *file = file_of(base);
    return file->real->pMethods->xCheckReservedLock(file->real, out);
}

/* A hint to enlarge the file would go around the notes; SQLite can do without. */
static int file_control(sqlite3_file *base, int op, void *arg)
{
    struct crash_file *file = file_of(base);
    if (op == SQLITE_FCNTL_SIZE_HINT || op == SQLITE_FCNTL_CHUNK_SIZE) {
        return SQLITE_NOTFOUND;
    }
    return file->real->pMethods->xFileControl(file->real, op, arg);
}

static int file_sector(sqlite3_file *base)
{
    struct crash_file *file = file_of(base);
    return file->real->pMethods->xSectorSize(file->real);
}

static int file_traits(sqlite3_file *base)
{
    struct crash_file *file = file_of(base);
    return file->real->pMethods->xDeviceCharacteristics(file->real);
}

static int file_shm_map(sqlite3_file *base, int page, int size, int extend, void volatile **out)
{
    struct crash_file *file = file_of(base);
    return file->real->pMethods->xShmMap(file->real, page, size, extend, out);
}

static int file_shm_lock(sqlite3_file *base, int offset, int count, int flags)
{
    struct crash_file *file = file_of(base);
    return file->real->pMethods->xShmLock(file->real, offset, count, flags);
}

static void file_shm_barrier(sqlite3_file *base)
{
    struct crash_file *file = file_of(base);
    file->real->pMethods->xShmBarrier(file->real);
}

static int file_shm_unmap(sqlite3_file *base, int is_deleted)
{
    struct crash_file *file = file_of(base);
    return file->real->pMethods->xShmUnmap(file->real, is_deleted);
}

static const sqlite3_io_methods methods = {
    .iVersion = 2,
    .xClose = file_close,
    .xRead = file_read,
    .xWrite = file_write,
    .xTruncate = file_truncate,
    .xSync = file_sync,
    .xFileSize = file_size,
    .xLock = file_lock,
    .xUnlock = file_unlock,
    .xCheckReservedLock = file_check_lock,
    .xFileControl = file_control,
    .xSectorSize = file_sector,
    .xDeviceCharacteristics = file_traits,
    .xShmMap = file_shm_map,
    .xShmLock = file_shm_lock,
    .xShmBarrier = file_shm_barrier,
    .xShmUnmap = file_shm_unmap,
};

/* --- the file system, as SQLite calls it --- */

static int vfs_open(sqlite3_vfs *base, const char *path, sqlite3_file *out, int flags,
                    int *out_flags)
{
    struct crash_vfs *vfs = (struct crash_vfs *)(void *)base;
    struct crash_file *file = file_of(out);
    file->vfs = vfs;
    file->real = (sqlite3_file *)(void *)(file + 1);
    int rc = vfs->real->xOpen(vfs->real, path, file->real, flags, out_flags);
    file->file.pMethods = file->real->pMethods == NULL ? NULL : &methods;
    pthread_mutex_lock(&vfs->lock);
    file->disk =
        path == NULL ? NULL : find_disk(vfs, path); /* a file without a name is temporary */
    pthread_mutex_unlock(&vfs->lock);
    return rc;
}

static int vfs_delete(sqlite3_vfs *base, const char *path, int is_synced)
{
    struct crash_vfs *vfs = (struct crash_vfs *)(void *)base;
    pthread_mutex_lock(&vfs->lock);
    int rc = vfs->real->xDelete(vfs->real, path, 0);
    if (rc == SQLITE_OK) {
        struct disk_file *disk = find_disk(vfs, path);
        note(disk, CHANGE_DELETE, 0, NULL, 0);
        if (is_synced) {
            make_safe(disk);
            disk->safe.exists = false;
        }
    }
    pthread_mutex_unlock(&vfs->lock);
    return rc;
}

/* --- the test's --- */

struct crash_vfs *crash_vfs_create(void)
{
    struct crash_vfs *vfs = pl_alloc(sizeof(*vfs));
    vfs->real = sqlite3_vfs_find("unix");
    PL_ASSERT(vfs->real != NULL);
    vfs->vfs = *vfs->real;
    vfs->vfs.pNext = NULL;
    vfs->vfs.szOsFile = (int)sizeof(struct crash_file) + vfs->real->szOsFile;
    snprintf(vfs->name, sizeof(vfs->name), "crash-%p", (void *)vfs);
    vfs->vfs.zName = vfs->name;
    vfs->vfs.pAppData = vfs->real->pAppData;
    vfs->vfs.xOpen = vfs_open;
    vfs->vfs.xDelete = vfs_delete;
    pthread_mutex_init(&vfs->lock, NULL);
    pthread_cond_init(&vfs->changed, NULL);
    PL_ASSERT(sqlite3_vfs_register(&vfs->vfs, 0) == SQLITE_OK);
    return vfs;
}

void crash_vfs_destroy(struct crash_vfs *vfs)
{
    sqlite3_vfs_unregister(&vfs->vfs);
    while (vfs->files != NULL) {
        struct disk_file *disk = vfs->files;
        vfs->files = disk->next;
        make_safe(disk);
        pl_free(disk->safe.bytes);
        pl_free(disk);
    }
    pthread_cond_destroy(&vfs->changed);
    pthread_mutex_destroy(&vfs->lock);
    pl_free(vfs);
}

const char *crash_vfs_name(const struct crash_vfs *vfs)
{
    return vfs->name;
}

static void write_image(const struct image *image, const char *path)
{
    FILE *file = fopen(path, "wb");
    PL_ASSERT(file != NULL);
    PL_ASSERT(image->len == 0 || fwrite(image->bytes, image->len, 1, file) == 1);
    PL_ASSERT(fclose(file) == 0);
}

static void image_of(struct image *out, const struct disk_file *disk, enum crash_luck luck,
                     uint64_t *seed)
{
    *out = (struct image){.exists = disk->safe.exists};
    image_write(out, 0, disk->safe.bytes, disk->safe.len);
    out->exists = disk->safe.exists;
    for (const struct change *change = disk->changes; change != NULL && luck != CRASH_NOTHING_MORE;
         change = change->next) {
        image_apply(out, change, luck == CRASH_ALL ? NULL : seed);
    }
}

void crash_vfs_image(struct crash_vfs *vfs, const char *dir, enum crash_luck luck, uint64_t seed)
{
    seed = seed * 2654435761u + 88172645463325252u;
    pthread_mutex_lock(&vfs->lock);
    for (const struct disk_file *disk = vfs->files; disk != NULL; disk = disk->next) {
        char path[2 * PATH_BYTES];
        struct image image;
        image_of(&image, disk, luck, &seed);
        snprintf(path, sizeof(path), "%s%s", dir, strrchr(disk->path, '/'));
        remove(path);
        if (image.exists) {
            write_image(&image, path);
        }
        pl_free(image.bytes);
    }
    pthread_mutex_unlock(&vfs->lock);
}

static void set_faults(struct crash_vfs *vfs, struct faults *faults, uint64_t nth, uint64_t count)
{
    pthread_mutex_lock(&vfs->lock);
    faults->first = nth == 0 ? 0 : faults->calls + nth;
    faults->count = count;
    pthread_mutex_unlock(&vfs->lock);
}

void crash_vfs_fail_syncs(struct crash_vfs *vfs, uint64_t nth, uint64_t count)
{
    set_faults(vfs, &vfs->syncs, nth, count);
}

void crash_vfs_fail_writes(struct crash_vfs *vfs, uint64_t nth, uint64_t count)
{
    set_faults(vfs, &vfs->writes, nth, count);
}

void crash_vfs_hold_syncs(struct crash_vfs *vfs)
{
    pthread_mutex_lock(&vfs->lock);
    vfs->is_holding = true;
    pthread_mutex_unlock(&vfs->lock);
}

void crash_vfs_wait_for_sync(struct crash_vfs *vfs)
{
    pthread_mutex_lock(&vfs->lock);
    while (!vfs->is_held) {
        pthread_cond_wait(&vfs->changed, &vfs->lock);
    }
    pthread_mutex_unlock(&vfs->lock);
}

void crash_vfs_let_go(struct crash_vfs *vfs)
{
    pthread_mutex_lock(&vfs->lock);
    vfs->is_holding = false;
    pthread_cond_broadcast(&vfs->changed);
    pthread_mutex_unlock(&vfs->lock);
}

static uint64_t calls_of(struct crash_vfs *vfs, const struct faults *faults)
{
    pthread_mutex_lock(&vfs->lock);
    uint64_t calls = faults->calls;
    pthread_mutex_unlock(&vfs->lock);
    return calls;
}

uint64_t crash_vfs_syncs(struct crash_vfs *vfs)
{
    return calls_of(vfs, &vfs->syncs);
}

uint64_t crash_vfs_writes(struct crash_vfs *vfs)
{
    return calls_of(vfs, &vfs->writes);
}
