#!/usr/bin/env python3
"""Write a C file that holds the files of a web page, for parley_route_content.

Usage: embed.py HEADER OUTPUT FILE...
HEADER declares struct page_file, page_files and page_file_count. index.html is served at "/".
"""
import pathlib
import sys

CONTENT_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
BYTES_PER_LINE = 24


def array(index, data):
    rows = [data[i : i + BYTES_PER_LINE] for i in range(0, len(data), BYTES_PER_LINE)]
    text = ",\n".join("    " + ", ".join(str(byte) for byte in row) for row in rows)
    return f"static const unsigned char file_{index}[] = {{\n{text}}};\n"


def row(index, path):
    url = "/" if path.name == "index.html" else f"/{path.name}"
    return f'    {{"{url}", "{CONTENT_TYPES[path.suffix]}", file_{index}, sizeof(file_{index})}},'


def main(header, output, *names):
    paths = [pathlib.Path(name) for name in names]
    parts = [f'/* Written by script/embed.py. */\n#include "{header}"\n']
    parts += [array(i, path.read_bytes()) for i, path in enumerate(paths)]
    rows = "\n".join(row(i, path) for i, path in enumerate(paths))
    parts.append(f"const struct page_file page_files[] = {{\n{rows}\n}};\n")
    parts.append(f"const size_t page_file_count = {len(paths)};\n")
    pathlib.Path(output).write_text("\n".join(parts), encoding="ascii")


if __name__ == "__main__":
    main(*sys.argv[1:])
