#!/usr/bin/env python3
"""Compile every C listing of a guide, each as a shared object by itself.

Usage: compile_listings.py GUIDE INCLUDE-FOLDER COMPILER...

A listing is a fenced block that begins with ```c file=NAME.c. A block of C without a file name is an error: it would be
compiled by nobody.
"""
import pathlib
import re
import subprocess
import sys
import tempfile

BLOCK = re.compile(r"^```c\b[ \t]*(?:file=([\w.-]+\.c))?[ \t]*\n(.*?)^```[ \t]*$", re.MULTILINE | re.DOTALL)
WARNINGS = """
-std=gnu11 -Wall -Wextra -Wpedantic -Werror -Wconversion -Wsign-conversion -Wshadow -Wvla -Wformat=2
-Wstrict-prototypes -Wmissing-prototypes -Wimplicit-fallthrough -Wundef -Wcast-qual -Wpointer-arith
-fvisibility=hidden -D_GNU_SOURCE -O1
""".split()


def listings(guide):
    text = guide.read_text(encoding="utf-8")
    for match in BLOCK.finditer(text):
        line = text.count("\n", 0, match.start()) + 2
        yield match.group(1), line, match.group(2)


def compiles(folder, name, source, include, compiler):
    path = folder / name
    path.write_text(source, encoding="utf-8")
    command = [*compiler, *WARNINGS, f"-I{include}", "-fPIC", "-shared", "-o", str(path.with_suffix(".so")), str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    sys.stdout.write(done.stderr)
    return done.returncode == 0


def main(guide, include, *compiler):
    guide = pathlib.Path(guide)
    passed = failed = 0
    names = set()
    with tempfile.TemporaryDirectory() as folder:
        for name, line, source in listings(guide):
            if name is None or name in names:
                good = False
                print(f"{guide.name}:{line}: a listing needs a file name of its own")
            else:
                names.add(name)
                numbered = f'#line {line} "{guide.name}"\n{source}'
                good = compiles(pathlib.Path(folder), name, numbered, include, compiler)
            passed += good
            failed += not good
            print(f"{'ok' if good else 'FAILED'}: {name or 'no name'}, {guide.name}:{line}")
    print(f"[  PASSED  ] {passed} test(s).")
    if failed > 0 or passed == 0:
        print(f"[  FAILED  ] {max(failed, 1)} test(s), listed above")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
