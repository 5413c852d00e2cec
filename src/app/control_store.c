/* Tasks of the store on threads. A thread only fills in its task; its answer is sent by the loop, in the
 * hook of a turn, which costs nothing while there is no task. */
#include "app/control_store.h"

#include "app/store_place.h"
#include "app/store_report.h"
#include "base/alloc.h"
#include "base/counter.h"
#include "base/env.h"
#include "store/sqlite/backup.h"
#include "store/url.h"

#include <limits.h>
#include <stdio.h>

#define THREADS 2 /* so that a look at the migrations need not wait for a backup */
#define WAITING_MAX 16
#define RESULT_MAX ((size_t)1024 * 1024)
#define URL_MAX 8192

struct task {
    struct pl_job job; /* first */
    struct pl_control_store *self;
    struct pl_control_later *later;
    void (*run)(struct task *task); /* in a thread: fills in what follows */
    bool is_backup;
    char path[PATH_MAX]; /* of the backup */
    struct pl_buf url;
    struct pl_buf result;
    struct pl_error err;
    int rc;
};

/* --- in a thread --- */

static void run_report(struct task *task)
{
    struct pl_json_writer json;
    pl_json_writer_init(&json, &task->result);
    pl_json_object_begin(&json);
    task->rc = pl_store_report(&json, pl_buf_str(&task->url), &task->err);
    pl_json_object_end(&json);
}

static bool note_progress(void *user, int64_t done, int64_t total)
{
    struct pl_control_store *self = user;
    PL_COUNTER_SET(&self->done_pages, done);
    PL_COUNTER_SET(&self->total_pages, total);
    return !self->is_stopping;
}

static void run_backup(struct task *task)
{
    struct pl_sqlite_backup backup = {.on_progress = note_progress, .user = task->self};
    struct pl_store_url parts;
    int64_t before_ms = pl_clock_monotonic_ms();
    task->rc = pl_store_url_read(&parts, pl_buf_str(&task->url), &task->err);
    if (task->rc < 0) {
        return;
    }
    char *from_cstr = pl_strdup_n(parts.path.ptr, parts.path.len);
    task->rc = pl_sqlite_backup(&backup, from_cstr, task->path, &task->err);
    pl_free(from_cstr);
    pl_buf_addf(&task->result, "{\"file\":");
    pl_json_write_string(&task->result, pl_str_of_cstr(task->path));
    pl_buf_addf(&task->result, ",\"bytes\":%lld,\"ms\":%lld}", (long long)backup.bytes,
                (long long)(pl_clock_monotonic_ms() - before_ms));
}

static void run_task(struct pl_job *chain, uint32_t thread, void *user)
{
    struct task *task = PL_CONTAINER_OF(chain, struct task, job);
    (void)thread;
    (void)user;
    task->run(task);
}

static void wake(void *user)
{
    pl_loop_wake(((struct pl_control_store *)user)->loop);
}

/* --- the way back --- */

static void log_backup(const struct pl_control_store *self, const struct task *task)
{
    char text[2 * PL_ERROR_TEXT_MAX];
    char path[512];
    pl_log_quote(path, sizeof(path), pl_str_of_cstr(task->path));
    if (task->rc < 0) {
        pl_log_quote(text, sizeof(text), pl_str_of_cstr(task->err.text));
        pl_log(self->log, PL_LOG_ERROR, "store.backup_failed", "file=%s reason=%s", path, text);
    } else {
        pl_log(self->log, PL_LOG_INFO, "store.backed_up", "file=%s", path);
    }
}

static void finish(struct pl_control_store *self, struct task *task)
{
    self->task_count--;
    if (task->is_backup) {
        self->is_backing_up = false;
        log_backup(self, task);
    }
    if (task->rc == 0 && pl_buf_failed(&task->result)) {
        task->rc = pl_error_set(&task->err, PL_E_TOO_BIG, "the answer is too big");
    }
    pl_control_finish(&task->later, pl_buf_str(&task->result), task->rc < 0 ? &task->err : NULL);
    pl_buf_fini(&task->url);
    pl_buf_fini(&task->result);
    pl_free(task);
}

static void take_back(struct pl_control_store *self)
{
    struct pl_job *job = pl_pool_take(self->pool);
    while (job != NULL) {
        struct pl_job *next = job->next;
        finish(self, PL_CONTAINER_OF(job, struct task, job));
        job = next;
    }
}

static void begin_turn(struct pl_turn_hook *hook)
{
    struct pl_control_store *self = PL_CONTAINER_OF(hook, struct pl_control_store, hook);
    if (self->task_count > 0) {
        take_back(self);
    }
}

/* --- the commands --- */

static int need_pool(struct pl_control_store *self, struct pl_error *err)
{
    if (self->pool != NULL) {
        return 0;
    }
    return pl_pool_create(&self->pool,
                          &(struct pl_pool_config){
                              .name = "store-task",
                              .thread_count = THREADS,
                              .waiting_max = WAITING_MAX,
                              .batch_max = 1,
                              .run = run_task,
                              .wake = wake,
                              .user = self,
                          },
                          err);
}

/* path: NULL for a report. */
static int start_task(struct pl_control_store *self, const struct pl_control_request *request,
                      const char *path, struct pl_error *err)
{
    int rc = need_pool(self, err);
    if (rc < 0) {
        return rc;
    }
    struct task *task = pl_alloc(sizeof(*task));
    task->self = self;
    task->run = path == NULL ? run_report : run_backup;
    task->is_backup = path != NULL;
    snprintf(task->path, sizeof(task->path), "%s", path == NULL ? "" : path);
    pl_buf_init(&task->url, URL_MAX);
    pl_buf_init(&task->result, RESULT_MAX);
    pl_store_place_url(&task->url, self->settings);
    if (!pl_pool_submit(self->pool, &task->job)) {
        pl_buf_fini(&task->url);
        pl_free(task);
        return pl_error_set(err, PL_E_FULL, "too many of these wait already");
    }
    task->later = pl_control_defer(request); /* the thread does not look at it */
    self->task_count++;
    self->is_backing_up |= task->is_backup;
    return 0;
}

static int run_migrate(void *user, const struct pl_control_request *request,
                       struct pl_json_writer *result, struct pl_error *err)
{
    (void)result;
    return start_task(user, request, NULL, err);
}

/* Other databases have their own means. */
static int check_backend(const struct pl_control_store *self, const char *path,
                         struct pl_error *err)
{
    struct pl_store_url parts = {0};
    struct pl_buf url;
    pl_buf_init(&url, URL_MAX);
    pl_store_place_url(&url, self->settings);
    int rc = pl_store_url_read(&parts, pl_buf_str(&url), err);
    if (rc == 0 && parts.backend == PL_STORE_POSTGRES) {
        rc = pl_store_report_pg_dump(pl_buf_str(&url), path, err);
    }
    pl_buf_fini(&url);
    return rc;
}

static int run_backup_command(void *user, const struct pl_control_request *request,
                              struct pl_json_writer *result, struct pl_error *err)
{
    struct pl_control_store *self = user;
    char path[PATH_MAX];
    (void)result;
    if (!pl_control_get_text(path, sizeof(path), request, PL_STR("file")) || path[0] != '/') {
        return pl_error_set(err, PL_E_INVALID, "file must be an absolute path");
    }
    if (self->is_backing_up) {
        return pl_error_set(err, PL_E_STATE, "another backup is under way");
    }
    int rc = check_backend(self, path, err);
    if (rc < 0) {
        return rc;
    }
    PL_COUNTER_SET(&self->done_pages, 0);
    PL_COUNTER_SET(&self->total_pages, 0);
    return start_task(self, request, path, err);
}

static int run_progress(void *user, const struct pl_control_request *request,
                        struct pl_json_writer *result, struct pl_error *err)
{
    const struct pl_control_store *self = user;
    (void)request;
    (void)err;
    pl_json_key(result, PL_STR("running"));
    pl_json_put_bool(result, self->is_backing_up);
    pl_json_key(result, PL_STR("done_pages"));
    pl_json_put_i64(result, PL_COUNTER_GET(&self->done_pages));
    pl_json_key(result, PL_STR("total_pages"));
    pl_json_put_i64(result, PL_COUNTER_GET(&self->total_pages));
    return 0;
}

void pl_control_add_store(struct pl_control *control, struct pl_control_store *self,
                          struct pl_loop *loop, const struct pl_settings *settings,
                          const struct pl_log *log)
{
    const struct pl_control_command rows[] = {
        {"migrate", run_migrate, self},
        {"backup", run_backup_command, self},
        {"backup-progress", run_progress, self},
    };
    self->loop = loop;
    self->settings = settings;
    self->log = log;
    self->hook = (struct pl_turn_hook){.begin = begin_turn};
    pl_loop_hook_add(loop, &self->hook);
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        pl_control_add(control, &rows[i]);
    }
}

void pl_control_store_stop(struct pl_control_store *self)
{
    if (self->loop == NULL) {
        return;
    }
    self->is_stopping = true;
    if (self->pool != NULL) {
        pl_pool_stop(self->pool);
        take_back(self);
        pl_pool_destroy(self->pool);
        self->pool = NULL;
    }
    pl_loop_hook_remove(&self->hook);
    self->loop = NULL;
}
