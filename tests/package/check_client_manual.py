#!/usr/bin/env python3
"""parley-client's manual page and completion: mandoc finds nothing wrong, and they have every option of its help.

Usage: check_client_manual.py PARLEY-CLIENT PARLEY-CLIENT.1 COMPLETION.bash COMPLETION.fish
"""
import re
import shutil
import subprocess
import sys

from report import Report, run

CLIENT, PAGE, BASH, FISH = sys.argv[1:]
STATUS, HELP = run(CLIENT, "--help")
OPTIONS = re.findall(r"^  (--[a-z]+)\b", HELP, re.MULTILINE)


def page_problems():
    _, text = run("mandoc", "-T", "ascii", "-O", "width=1000", PAGE)
    text = re.sub(r".\x08", "", text)
    wanted = OPTIONS + re.findall(r"^  (/[a-z]+)\b", HELP, re.MULTILINE)
    return [f"not in the page: {word}" for word in wanted if word not in text] + re.findall(r"@[A-Z]+@", text)


def bash_problems():
    """What bash offers where an option may stand: `_init_completion` and `_parse_help` are bash-completion's."""
    script = (f"source /usr/share/bash-completion/bash_completion; source {BASH}; COMP_WORDS=({CLIENT} socketio -);"
              f"COMP_CWORD=2; COMP_LINE='{CLIENT} socketio -'; COMP_POINT=${{#COMP_LINE}}; _parley_client {CLIENT};"
              "printf '%s\\n' \"${COMPREPLY[@]}\"")
    status, said = run("bash", "-c", script)
    return [f"bash: status {status}: {said}"] if set(said.split()) != set(OPTIONS) else []


def fish_problems():
    if shutil.which("fish") is None:
        return ["fish is not installed (script/bootstrap)"]
    script = f"function parley-client; {CLIENT} $argv; end; source {FISH}; complete -C 'parley-client socketio u -'"
    done = subprocess.run(["fish", "--no-config", "-c", script], capture_output=True, text=True, check=False)
    offered = {line.split("\t")[0] for line in done.stdout.splitlines()}
    return [] if offered == set(OPTIONS) else [f"fish: {done.stderr}{sorted(offered ^ set(OPTIONS))}"]


report = Report()
report.check("the help has its options", [] if STATUS == 0 and len(OPTIONS) > 15 else [HELP])
report.check("mandoc finds nothing wrong", run("mandoc", "-T", "lint", "-W", "warning", PAGE)[1].splitlines())
report.check("parley-client(1) has every option and command", page_problems())
report.check("bash offers every option", bash_problems())
report.check("fish offers every option", fish_problems())
report.exit()
