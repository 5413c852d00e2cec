#!/usr/bin/env python3
"""Write a C file that holds the migrations of a database, for src/store/migrate.h.

Usage: embed_migrations.py BACKEND OUTPUT FILE...
FILE is NNNN_NAME.sql, numbered from 0001 without gaps; the result is pl_migrations_BACKEND.
"""
import hashlib
import pathlib
import re
import sys

BYTES_PER_LINE = 24
NAME_MAX = 63


def array(number, data):
    data += b"\0"
    rows = [data[i : i + BYTES_PER_LINE] for i in range(0, len(data), BYTES_PER_LINE)]
    text = ",\n".join("    " + ", ".join(str(byte) for byte in row) for row in rows)
    return f"static const unsigned char text_{number}[] = {{\n{text}}};\n"


def row(number, name, data):
    checksum = hashlib.sha256(data).hexdigest()
    return f'    {{{number}, "{name}", "{checksum}", (const char *)text_{number}}},'


def named(path, expected):
    match = re.fullmatch(r"(\d{4})_([a-z0-9_]+)\.sql", path.name)
    if not match or len(match[2]) > NAME_MAX or int(match[1]) != expected:
        sys.exit(f"{path}: a migration is called {expected:04}_NAME.sql")
    return match[2]


def main(backend, output, *names):
    paths = sorted((pathlib.Path(name) for name in names), key=lambda path: path.name)
    files = [(i, named(path, i), path.read_bytes()) for i, path in enumerate(paths, 1)]
    if any(b"\0" in data for _, _, data in files):
        sys.exit("a migration has no NUL in it")
    parts = ['/* Written by script/embed_migrations.py. */\n#include "store/migrate.h"\n']
    parts += [array(number, data) for number, _, data in files]
    rows = "\n".join(row(*file) for file in files)
    parts.append(f"static const struct pl_migration items[] = {{\n{rows}\n}};\n")
    parts.append(f"const struct pl_migrations pl_migrations_{backend} = {{items, {len(files)}}};\n")
    pathlib.Path(output).write_text("\n".join(parts), encoding="ascii")


if __name__ == "__main__":
    main(*sys.argv[1:])
