/* The one list of errors. Functions that can fail return 0 or a negative PARLEY_E_... value.
 * Inside Parley the same values are called PL_E_... (src/base/error.h). */
#ifndef PARLEY_ERROR_H
#define PARLEY_ERROR_H

#ifdef __cplusplus
extern "C" {
#endif

/* X(NAME, value, "what it means") */
#define PARLEY_ERROR_LIST(X)                                                                       \
    X(INVALID, -1, "invalid argument")                                                             \
    X(NOMEM, -2, "out of memory")                                                                  \
    X(TOO_BIG, -3, "too big")                                                                      \
    X(PROTO, -4, "protocol error")                                                                 \
    X(NOT_FOUND, -5, "not found")                                                                  \
    X(EXISTS, -6, "already exists")                                                                \
    X(CLOSED, -7, "closed")                                                                        \
    X(FULL, -8, "full")                                                                            \
    X(TIMEOUT, -9, "timed out")                                                                    \
    X(IO, -10, "input/output error")                                                               \
    X(UNSUPPORTED, -11, "not supported")                                                           \
    X(DENIED, -12, "denied")                                                                       \
    X(STATE, -13, "not possible in this state")                                                    \
    X(UTF8, -14, "invalid UTF-8")                                                                  \
    X(AGAIN, -15, "not ready yet")

enum parley_error {
    PARLEY_OK = 0,
#define PARLEY_ERROR_ENUM(name, value, text) PARLEY_E_##name = (value),
    PARLEY_ERROR_LIST(PARLEY_ERROR_ENUM)
#undef PARLEY_ERROR_ENUM
};

#ifdef __cplusplus
}
#endif
#endif
