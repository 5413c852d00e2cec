#!/usr/bin/env python3
"""No mutable variables of file scope: what lies in a writable section of a library is listed here, or wrong.

Usage: check_state.py LIBRARY.a...
"""
import re
import sys

from report import Report, run

# name: why. Tables of pointers are constant (.data.rel.ro) and not meant.
ALLOWED = {"fail_countdown": "src/base/alloc.c: failure injection reaches every allocation of every thread"}
WRITABLE = re.compile(r"^(?:\.data(?!\.rel\.ro)|\.bss|\.tdata|\.tbss|\*COM\*)")
TOOLS_OWN = re.compile(r"^(?:__|\.L|_ZL|\.data|\.bss)")  # of sanitizers and of coverage
SYMBOL = re.compile(r"^[0-9a-f]+ .{6}(?:O |[ ] (?=\.t))(\S+)\t[0-9a-f]+ +(?:\.\w+ )?(\S+)$")  # .tbss has no O


def variables(library, seen):
    status, table = run("objdump", "-t", library)
    if status != 0:
        yield f"objdump: {table.strip()}"
    for line in table.splitlines():
        match = SYMBOL.match(line)
        if match and WRITABLE.match(match.group(1)) and not TOOLS_OWN.match(match.group(2)):
            name = match.group(2).split(".")[0]
            seen.add(name)
            if name not in ALLOWED:
                yield f"{library}: '{name}' may change ({match.group(1)})"


report = Report()
found = set()
for archive in sys.argv[1:]:
    report.check(f"{archive.rpartition('/')[2]} has no state of its own", list(variables(archive, found)))
report.check("what is allowed is there, so that the reading of symbols works",
             [f"no variable '{name}' found" for name in ALLOWED if name not in found])
report.exit()
