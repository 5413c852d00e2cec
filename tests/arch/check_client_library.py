#!/usr/bin/env python3
"""The client library: it exports what its headers declare and nothing else, holds no file that it does not need, and is
small.

Usage: check_client_library.py STATIC.a SHARED.so SIZE-MAX      in bytes, of all that a program can get of it, stripped;
                                                                0: not looked at
"""
import pathlib
import re
import shutil
import sys
import tempfile

from report import Report, run, text_of

STATIC, SHARED, SIZE_MAX = sys.argv[1], sys.argv[2], int(sys.argv[3])
HEADERS = ["client.h", "client_socketio.h", "client_talo.h", "client_websocket.h", "value.h"]


def declared():
    """Every function that the public headers declare."""
    return {name for header in HEADERS
            for name in re.findall(r"^PARLEY_API\b[^;(]*?\b(parley_\w+)\(", text_of(f"include/parley/{header}"),
                                   re.MULTILINE | re.DOTALL)}


def exported():
    _, table = run("nm", "-D", "--defined-only", SHARED)
    return {line.split()[2].split("@")[0] for line in table.splitlines() if len(line.split()) == 3}


def members():
    """Member: (what it defines, what it asks for)."""
    found = {}
    _, table = run("nm", "-A", "-g", STATIC)
    for line in table.splitlines():
        match = re.match(r"^.*?([^:/]+\.o):\S*\s+(?:[0-9a-f]+ )?([A-Za-z]) (\S+)$", line)
        if match:
            name, kind, symbol = match.groups()
            defined, wanted = found.setdefault(name, (set(), set()))
            (wanted if kind in "Uw" else defined).add(symbol)
    return found


def idle_members():
    """What a program that calls everything public does not take out of the archive."""
    parts = members()
    wanted, taken = set(declared()), set()
    while True:
        more = {name for name, (defined, _) in parts.items() if name not in taken and defined & wanted}
        if not more:
            break
        taken |= more
        for name in more:
            wanted |= parts[name][1]
    return [f"nobody needs {name}" for name in sorted(set(parts) - taken)]


def stripped_size(path):
    with tempfile.TemporaryDirectory() as folder:
        copy = pathlib.Path(folder) / "stripped"
        shutil.copy(path, copy)
        run("strip", "--strip-unneeded", copy)
        return copy.stat().st_size


def size_problems():
    """All of it, linked: the same objects in an archive bring headers and tables of each, which no program gets."""
    size = stripped_size(SHARED)
    print(f"stripped: {size} bytes, linked; the archive as a file {stripped_size(STATIC)}")
    return [] if size < SIZE_MAX else [f"{size} bytes; {SIZE_MAX} are the bound"]


report = Report()
report.check("the shared library exports what the headers declare",
             [f"{'not ' if name in declared() else ''}exported: {name}" for name in sorted(declared() ^ exported())])
report.check("the static library has no file that it does not need", idle_members())
if SIZE_MAX > 0:
    report.check("it is small", size_problems())
report.exit()
