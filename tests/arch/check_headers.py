#!/usr/bin/env python3
"""Each header compiles alone: the public ones as C11 and C++17, those of src as the tree is compiled.

Usage: check_headers.py CC...    A C++ compiler is looked for beside it; without one only C is checked.
"""
import pathlib
import shutil
import sys

from report import ROOT, Report, run, sources

CC = sys.argv[1:]
CXX = [shutil.which("clang++" if "clang" in pathlib.Path(CC[-1]).name else "g++") or shutil.which("g++")]
STRICT = ["-fsyntax-only", "-Wall", "-Wextra", "-Wpedantic", "-Werror", f"-I{ROOT}/include"]
C11 = [*CC, "-x", "c", "-std=c11", "-Wstrict-prototypes", *STRICT]
LIBPQ = run("pkg-config", "--cflags", "libpq")[1].split()  # the one library whose headers are not in the usual place
SRC = [*CC, "-x", "c", "-std=gnu11", "-D_GNU_SOURCE", "-Wconversion", "-Wshadow", *STRICT, f"-I{ROOT}/src", f"-I{ROOT}", *LIBPQ]

# An application in each language: the macro makes the table, with and without a main.
HOOK = """#include "parley/parley.h"
static int register_channels(struct parley_app *app, struct parley_io *io)
{
    (void)app;
    (void)io;
    return 0;
}
"""
BY_NAME = HOOK + 'PARLEY_APP(.name = "a", .register_channels = register_channels)\n'
BY_ORDER = HOOK + 'PARLEY_APP_TABLE(PARLEY_ABI, "a", nullptr, register_channels, nullptr, nullptr, nullptr)\n'


def complaints(command, source):
    """What a compiler says about a source text; empty when it likes it."""
    status, text = run(*command, "-", input=source)
    return [] if status == 0 else [f"{' '.join(map(str, command[:4]))}: {text.strip()}"]


def alone(path, prefix):
    """The header twice: once to be complete, once to be guarded."""
    name = str(path).removeprefix(prefix)
    return f'#include "{name}"\n#include "{name}"\nextern int parley_check;\n'


report = Report()
cxx = [*CXX, "-x", "c++", *STRICT]
for header in sources("include/parley/*.h"):
    report.check(f"{header} as C11", complaints(C11, alone(header, "include/")))
    if CXX[0]:
        report.check(f"{header} as C++17", complaints([*cxx, "-std=c++17"], alone(header, "include/")))
report.check("src and client: each header alone", [problem for header in sources("src/**/*.h", "client/**/*.h")
                                                   for problem in complaints(SRC, alone(header, "src/"))])
for main in ([], ["-DPARLEY_APP_MAIN"]):
    title = "with a main" if main else "to be loaded"
    report.check(f"an application in C11, {title}", complaints([*C11, *main], BY_NAME))
    if CXX[0]:
        report.check(f"an application in C++17, {title}", complaints([*cxx, "-std=c++17", *main], BY_ORDER))
        report.check(f"an application in C++20, {title}", complaints(
            [*cxx, "-std=c++20", "-Wno-missing-field-initializers", *main], BY_NAME))
report.exit()
