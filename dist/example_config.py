#!/usr/bin/env python3
"""Write the example configuration: every setting with its default, commented out.

Usage: example_config.py PARLEY OUTPUT
"""
import json
import pathlib
import sys
import textwrap

from rows import CHANGE, Rows

HEAD = """\
# The configuration of Parley: every setting with its default. Take away the # in front of a
# setting's name to change it; `parley check --config FILE` tells whether all is right.
# parley.yaml(5) says more: how values are written, and what wins over this file.
#
# Dots in a name may also be levels:
#
#     http:
#         head_limit_bytes: 32KiB
"""
WIDTH = 98


def comment(text):
    return textwrap.fill(text, WIDTH, initial_indent="# ", subsequent_indent="# ", break_long_words=False,
                         break_on_hyphens=False)


def entry(row):
    return (f"{comment(row['help'])}\n{comment('Allowed: ' + row['allowed'])}\n"
            f"{comment('A change counts ' + CHANGE[row['change']] + '.')}\n"
            f"#{row['name']}: {json.dumps(row['value'])}\n")


def main(parley, output):
    parts = [HEAD] + [entry(row) for row in Rows(parley).settings]
    pathlib.Path(output).write_text("\n".join(parts), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
