/* Whose a file is: commands are run by root on what is a service's, and by others on what they may
 * not touch.
 * Threads: any. */
#ifndef PL_BASE_OWNER_H
#define PL_BASE_OWNER_H

#define PL_OWNER_HINT_MAX 96

/* Where root has just made this file in a folder of somebody else: give it to that one, who could not
 * open it otherwise. For anybody but root, and where it fails, nothing happens. */
void pl_owner_adopt(int fd, const char *path_cstr);

/* What to add to "PATH: Permission denied": "; it belongs to NAME: run this as that user, or chown it".
 * Where `system_errno` is another one, or nothing can be told: "". Returns out. */
const char *pl_owner_hint(char out[PL_OWNER_HINT_MAX], const char *path_cstr, int system_errno);

#endif
