#!/usr/bin/env python3
"""Write a shell's completion from its template, with the program's own rows put in.

Usage: completion.py SHELL PARLEY TEMPLATE OUTPUT      SHELL: bash, zsh or fish
A line of the template that is only @TABLE@ is replaced by the words of a table and what they mean, or by its cases, each
with words of its own. What the shell itself has to look up stands in angle brackets: <files>, <folders>, <modules>, <commands>.
"""
import pathlib
import re
import sys

from rows import Rows

LOOKED_UP = {"FILE": "<files>", "PATH": "<files>", "DIR": "<folders>", "FILE.so": "<modules>"}


def named(rows, meaning):
    return [(row["name"], row[meaning]) for row in rows]


def plain(words):
    return [(word, "") for word in words]


def values_of(flag, rows):
    """What a flag's value may be; nothing where only its user knows."""
    return plain(rows.choices_of(flag) or [LOOKED_UP[flag["value"]]] if flag["value"] in LOOKED_UP
                 else rows.choices_of(flag))


def words_of(command):
    """`advance` of "advance MS"; the commands for "[COMMAND]"."""
    words = [word for word in command["words"].split() if word.islower()]
    return plain(words + ["<commands>"] if "COMMAND" in command["words"] else words)


def tables(rows):
    return {
        "COMMANDS": {None: named(rows.commands, "summary")},
        "SETTINGS": {None: named(rows.settings, "help")},
        "FLAGS": {command["name"]: named(command["flags"], "help") for command in rows.commands},
        "WORDS": {command["name"]: words_of(command) for command in rows.commands if words_of(command)},
        "VALUES": {flag["name"]: values_of(flag, rows) for flag in rows.flags if flag["value"]},
        "CHOICES": {row["name"]: plain(row["choices"]) for row in rows.settings if row["choices"]},
    }


def quote(text):
    """One word, for any of the three."""
    return "'" + text.replace("'", "'\\''") + "'"


def bash(words):
    return f"echo {quote(' '.join(word for word, _ in words))}"


def zsh(words):
    rows = [word.replace(":", "\\:") + (f":{meaning}" if meaning else "") for word, meaning in words]
    return f"rows=({' '.join(map(quote, rows))})"


def fish(words):
    rows = [word + (f"\t{meaning}" if meaning else "") for word, meaning in words]
    return f"printf '%s\\n' {' '.join(map(quote, rows))}" if rows else "true"


# How a shell offers words, and how it does so in one case of several.
SHELLS = {
    "bash": (bash, "{case}) {offer} ;;"),
    "zsh": (zsh, "{case}) {offer} ;;"),
    "fish": (fish, "case '{case}'; {offer}"),
}


def main(shell, parley, template, output):
    offer, form = SHELLS[shell]
    found = tables(Rows(parley))

    def lines(match):
        return "\n".join(match.group(1) + (offer(words) if case is None else form.format(case=case, offer=offer(words)))
                         for case, words in found[match.group(2)].items())

    text = pathlib.Path(template).read_text(encoding="utf-8")
    text = re.sub(r"^([ \t]*)@([A-Z]+)@$", lines, text, flags=re.MULTILINE)
    pathlib.Path(output).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
