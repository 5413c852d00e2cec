#!/usr/bin/env python3
"""Write a manual page from its template: mdoc, with the program's own rows put in.

Usage: manual.py PARLEY TEMPLATE OUTPUT
A line of the template that is only @COMMANDS@, @FLAGS@ or @SETTINGS@ is replaced by a list of them.
"""
import itertools
import pathlib
import re
import sys

from rows import CHANGE, Rows


def escape(text):
    """Text for roff: what would be an escape, a minus or a request is spelt out."""
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return "\\&" + text if text[:1] in (".", "'") else text


def words(text):
    """Arguments of a macro: no name of a macro among them, none with quotes."""
    return " ".join(f"\\&{escape(word)}" for word in text.split())


def typed(match):
    """Something to be typed: bold, with hyphens that can be copied, and long ones may break behind a colon."""
    return "\\fB" + match.group(1).replace("-", "\\-").replace(":", ":\\:") + "\\fP"


def prose(text):
    """Sentences, each on a line of its own; `x` is something to be typed."""
    text = re.sub(r"`([^`]*)`", typed, text.replace("\\", "\\e"))
    lines = re.sub(r"(?<=[.!?]) (?=[A-Z])", "\n", text).split("\n")
    return "\n".join("\\&" + line if line[:1] in (".", "'") else line for line in lines)


def sentence(text):
    return prose(text[:1].upper() + text[1:] + ".")


def listed(items):
    return "\n".join([".Bl -tag -width Ds", *items, ".El"])


def word(text):
    """What stands behind the flags: [COMMAND] may be left out."""
    is_optional = text.startswith("[")
    return f".{'Op ' if is_optional else ''}Ar {words(text.strip('[]'))}"


def noted(text):
    """Notes of a command: prose, and indented lines that are to be typed."""
    lines = []
    for is_typed, group in itertools.groupby(text.splitlines(), lambda line: line.startswith("    ")):
        if is_typed:
            lines += [".Bd -literal -offset indent", *(line.strip() for line in group), ".Ed"]
        else:
            lines += [".Pp", prose(" ".join(group))]
    return lines


def command(row):
    flags = [f".Op Fl {escape(flag['name'][1:])}" + (f" Ar {words(flag['value'])}" if flag["value"] else "")
             for flag in row["flags"] if flag["name"] != "--help"]
    head = [".It Xo", f".Cm {row['name']}", *flags, *([word(row["words"])] if row["words"] else []), ".Xc"]
    return "\n".join(head + [sentence(row["summary"])] + noted(row["notes"] or ""))


def flag(row, rows):
    where = [one["name"] for one in rows.commands if row in one["flags"]]
    value = f" Ar {words(row['value'])}" if row["value"] else ""
    lines = [f".It Fl {escape(row['name'][1:])}{value}"]
    lines.append(prose(row["help"] + ".") if rows.choices_of(row) else sentence(row["help"]))
    if row["setting"]:
        lines.append(prose(f"The same as `--set {row['setting']}={row['value'] or 'true'}`."))
    lines.append("Every command." if len(where) == len(rows.commands) else f"Commands: {', '.join(where)}.")
    return "\n".join(lines)


def setting(row):
    default = f"Default: `{row['default']}`." if row["default"] else "Default: empty."
    return "\n".join([f".It Cm {escape(row['name'])}", prose(row["help"]),
                      prose(f"Allowed: {row['allowed']}."), prose(default),
                      prose(f"A change counts {CHANGE[row['change']]}.")])


def main(parley, template, output):
    rows = Rows(parley)
    text = pathlib.Path(template).read_text(encoding="utf-8")
    text = text.replace("@COMMANDS@", listed(command(row) for row in rows.commands))
    text = text.replace("@FLAGS@", listed(flag(row, rows) for row in rows.flags))
    text = text.replace("@SETTINGS@", listed(setting(row) for row in rows.settings))
    text = text.replace("@VERSION@", rows.version)
    pathlib.Path(output).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
