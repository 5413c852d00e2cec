/* Importing (a place for it). */
#include "dialect/talo/admin_task.h"

const struct pl_talo_task_row pl_talo_import_tasks[] = {{0}};
