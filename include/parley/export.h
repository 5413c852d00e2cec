/* What the public headers need of the compiler. C11 and C++17. */
#ifndef PARLEY_EXPORT_H
#define PARLEY_EXPORT_H

#if defined(__GNUC__)
#define PARLEY_API __attribute__((visibility("default")))
#define PARLEY_PRINTF(fmt_index, first_arg) __attribute__((format(printf, fmt_index, first_arg)))
#define PARLEY_MUST_CHECK __attribute__((warn_unused_result))
#else
#define PARLEY_API
#define PARLEY_PRINTF(fmt_index, first_arg)
#define PARLEY_MUST_CHECK
#endif

#endif
