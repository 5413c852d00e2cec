#!/usr/bin/env python3
"""Write a C file that holds the templates of `parley new`.

Usage: embed_project.py HEADER OUTPUT FOLDER FILE...
HEADER declares struct pl_project_file, pl_project_files and pl_project_file_count. A file's path in the project is its
path below FOLDER; one from elsewhere (the client of an example's page) belongs to the page.
"""
import pathlib
import sys

from embed import array


def path_in_project(folder, path):
    return path.relative_to(folder).as_posix() if path.is_relative_to(folder) else f"page/{path.name}"


def main(header, output, folder, *names):
    folder = pathlib.Path(folder).resolve()
    paths = [pathlib.Path(name).resolve() for name in names]
    parts = [f'/* Written by script/embed_project.py. */\n#include "{header}"\n']
    parts += [array(i, path.read_bytes()) for i, path in enumerate(paths)]
    rows = "\n".join(f'    {{"{path_in_project(folder, path)}", file_{i}, sizeof(file_{i})}},'
                     for i, path in enumerate(paths))
    parts.append(f"const struct pl_project_file pl_project_files[] = {{\n{rows}\n}};\n")
    parts.append(f"const size_t pl_project_file_count = {len(paths)};\n")
    pathlib.Path(output).write_text("\n".join(parts), encoding="ascii")


if __name__ == "__main__":
    main(*sys.argv[1:])
