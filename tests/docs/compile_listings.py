#!/usr/bin/env python3
"""Compile every C listing of a guide, each as a shared object by itself.

Usage: compile_listings.py GUIDE INCLUDE-FOLDER COMPILER...

A listing is a fenced block that begins with ```c file=NAME.c. A block of C without a file name is an error: it would be
compiled by nobody. One that goes on with from=PATH is that file of the tree, word for word: a program that a test runs.
"""
import pathlib
import re
import subprocess
import sys
import tempfile

BLOCK = re.compile(r"^```c\b[ \t]*(?:file=([\w.-]+\.c))?[ \t]*(?:from=(\S+))?[ \t]*\n(.*?)^```[ \t]*$", re.MULTILINE | re.DOTALL)
WARNINGS = """
-std=gnu11 -Wall -Wextra -Wpedantic -Werror -Wconversion -Wsign-conversion -Wshadow -Wvla -Wformat=2
-Wstrict-prototypes -Wmissing-prototypes -Wimplicit-fallthrough -Wundef -Wcast-qual -Wpointer-arith
-fvisibility=hidden -D_GNU_SOURCE -O1
""".split()


def listings(guide):
    text = guide.read_text(encoding="utf-8")
    for match in BLOCK.finditer(text):
        line = text.count("\n", 0, match.start()) + 2
        yield match.group(1), line, match.group(2), match.group(3)


def is_copy(guide, origin, source):
    """Whether a listing is what it says it is from."""
    if origin is None or (guide.parent.parent / origin).read_text(encoding="utf-8") == source:
        return True
    print(f"{guide.name}: the listing is no longer what {origin} has")
    return False


def compiles(folder, name, source, include, compiler):
    path = folder / name
    path.write_text(source, encoding="utf-8")
    command = [*compiler, *WARNINGS, f"-I{include}", "-fPIC", "-shared", "-o", str(path.with_suffix(".so")), str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    sys.stdout.write(done.stderr)
    return done.returncode == 0


def main(guide, include, *compiler):
    guide = pathlib.Path(guide).resolve()
    passed = failed = 0
    names = set()
    with tempfile.TemporaryDirectory() as folder:
        for name, line, origin, source in listings(guide):
            if name is None or name in names:
                good = False
                print(f"{guide.name}:{line}: a listing needs a file name of its own")
            else:
                names.add(name)
                numbered = f'#line {line} "{guide.name}"\n{source}'
                good = is_copy(guide, origin, source) and compiles(
                    pathlib.Path(folder), name, numbered, include, compiler)
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
