#!/usr/bin/env python3
"""Completion in bash, zsh and fish: every command, flag and setting is offered, and a real shell at a terminal finishes
the words that somebody types.

Usage: check_completion.py PARLEY BASH-FILE ZSH-FILE FISH-FILE
"""
import json
import os
import pathlib
import pty
import re
import select
import shutil
import subprocess
import sys
import tempfile
import time

from report import Report, run

PARLEY, BASH, ZSH, FISH = (str(pathlib.Path(name).resolve()) for name in sys.argv[1:])
HERE = pathlib.Path(__file__).resolve().parent
LIMIT_S = 60

# What is typed before the tab key, and what the program then gets. `chat.so` and `folder` are in the folder.
TYPED = [
    ("parley sta", "status"),
    ("parley serve --log-l", "serve --log-level"),
    ("parley serve --log-level de", "serve --log-level debug"),
    ("parley serve --log-format=te", "serve --log-format=text"),
    ("parley check --set log.lev", "check --set log.level="),
    ("parley check --set log.level=wa", "check --set log.level=warn"),
    ("parley serve --app ch", "serve --app chat.so"),
    ("parley serve --data fo", "serve --data folder"),
    ("parley help relo", "help reload"),
    ("parley clock ad", "clock advance"),
]


def expectations(help_rows, settings):
    """Lines that are typed, and all that is offered then."""
    commands = [command["name"] for command in help_rows["commands"]]
    yield "parley ", commands
    for command in help_rows["commands"]:
        yield f"parley {command['name']} -", [flag["name"] for flag in command["flags"]]
    yield "parley serve --set ", [row["name"] + "=" for row in settings]
    for row in settings:
        if row["choices"]:
            yield f"parley check --set {row['name']}=", row["choices"]
    yield "parley help ", commands


def differences(expected, offered):
    """Rows of (line, words) against what a shell offered for each line."""
    return [f"'{line}': {sorted(set(words) ^ set(found))}" for (line, words), found in zip(expected, offered)
            if set(words) != set(found)] + ([] if len(expected) == len(offered) else ["not every line was answered"])


def bash_offers(lines):
    done = subprocess.run(["bash", HERE / "offered.bash", BASH], input="".join(f"{line}\n" for line in lines),
                          capture_output=True, text=True, check=False)
    if done.returncode != 0 or done.stderr:
        return [["bash:", done.stderr]]
    options = {"--help", "--version"}  # offered in the place of a command
    return [[word for word in said.split() if line != "parley " or word not in options]
            for line, said in zip(lines, done.stdout.splitlines())]


def fish_offers(lines):
    """Fish is asked line by line, with what is behind a tab taken off; a setting's value comes with its name."""
    script = f"source {FISH}\nwhile read -l line\n complete -C $line | string split -f 1 \\t\n echo .\nend"
    done = subprocess.run(["fish", "--no-config", "-c", script], input="".join(f"{line}\n" for line in lines),
                          capture_output=True, text=True, check=False)
    if done.returncode != 0 or done.stderr:
        return [["fish:", done.stderr]]
    answers = [block.split() for block in done.stdout.split(".\n")[:-1]]
    return [[re.sub(r"^.*=(?=.)", "", word) for word in words] for words in answers]


class Terminal:
    """An interactive shell at a terminal of its own, in which `parley` only says what it got."""

    def __init__(self, command, folder):
        self.child, self.fd = pty.fork()
        if self.child == 0:
            os.chdir(folder)
            os.environ.update(TERM="dumb", PS1="", PROMPT="", HISTFILE="/dev/null", INPUTRC="/dev/null")
            os.execvp(command[0], command)
        self.said = ""

    def send(self, text):
        os.write(self.fd, text.encode())

    def wait_for(self, pattern):
        """The match of what the shell has not said before, or None after a time."""
        end = time.monotonic() + LIMIT_S
        while time.monotonic() < end:
            match = re.search(pattern, self.said)
            if match:
                self.said = self.said[match.end():]
                return match
            if select.select([self.fd], [], [], 1)[0]:
                try:
                    self.said += os.read(self.fd, 65536).decode(errors="replace")
                except OSError:
                    break  # it has gone
        return None

    def close(self):
        os.close(self.fd)
        os.waitpid(self.child, 0)


STUB = r"""parley() { printf 'GOT<%s>\n' "$*"; }"""
# The READY of the echoed command is broken by quotes, that of the shell's answer is not.
START = {
    "bash": (["bash", "--norc", "--noprofile", "-i"],
             f". /usr/share/bash-completion/bash_completion; . '{BASH}'; {STUB}; echo RE''ADY\n"),
    "zsh": (["zsh", "-f", "-i"],
            f"unsetopt zle_bracketed_paste; autoload -Uz compinit; compinit -u -D; source '{ZSH}' 2>/dev/null; "
            f"compdef _parley parley; {STUB}; echo RE''ADY\n"),
}


def typing_problems(shell, folder):
    command, prepare = START[shell]
    terminal = Terminal(command, folder)
    terminal.send(prepare)
    if terminal.wait_for("READY") is None:
        return [f"{shell} did not start: {terminal.said[-500:]}"]
    problems = []
    for typed, expected in TYPED:
        terminal.send(f"{typed}\t\n")
        got = terminal.wait_for(r"GOT<([^>]*)>")
        if got is None or got.group(1).strip().rstrip("/") != expected:  # bash puts a slash behind a folder
            problems.append(f"{shell}: '{typed}' and tab: {got and got.group(1)!r}, not '{expected}'")
    terminal.send("exit\n")
    terminal.close()
    return problems


def check_all(report, folder):
    (folder / "chat.so").touch()
    (folder / "chat.txt").touch()
    (folder / "folder").mkdir()
    missing = [f"{shell} is not installed (script/bootstrap)" for shell in ("bash", "zsh", "fish")
               if shutil.which(shell) is None]
    report.check("the shells are here", missing)
    if missing:
        return
    rows = [json.loads(run(PARLEY, *words, "--json")[1]) for words in (["help"], ["check"])]
    expected = list(expectations(*rows))
    lines = [line for line, _ in expected]
    report.check("bash offers every command, flag, setting and choice", differences(expected, bash_offers(lines)))
    report.check("fish offers every command, flag, setting and choice", differences(expected, fish_offers(lines)))
    for shell in START:
        report.check(f"{shell} at a terminal finishes words", typing_problems(shell, folder))


main_report = Report()
with tempfile.TemporaryDirectory(prefix="parley-completion-") as temporary:
    check_all(main_report, pathlib.Path(temporary))
main_report.exit()
