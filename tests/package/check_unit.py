#!/usr/bin/env python3
"""The unit of systemd: right in systemd's own eyes, hardened, and with command lines that the program takes.

Usage: check_unit.py PARLEY PARLEY.SERVICE

Skipped where there is no systemd-analyze.
"""
import pathlib
import re
import shlex
import shutil
import sys
import tempfile

from report import Report, run

PARLEY, UNIT = str(pathlib.Path(sys.argv[1]).resolve()), pathlib.Path(sys.argv[2])
SKIP = 77
EXPOSURE_MAX = 20  # tenths; systemd calls up to 2.0 OK, and 9.6 is a service that says nothing


def analyze(text, *words):
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "parley.service"
        file.write_text(text, encoding="utf-8")
        return run("systemd-analyze", *words, str(file))


def complaints(text):
    """A warning is one as well, though the status is then 0."""
    status, output = analyze(text, "verify", "--man=no")
    return [] if status == 0 and "parley.service" not in output else [f"status {status}: {output.strip()[-800:]}"]


def exposure_problems(text):
    status, output = analyze(text, "security", "--offline=true", "--no-pager", f"--threshold={EXPOSURE_MAX}")
    return [] if status == 0 else [output.strip().splitlines()[-1]]


def command(text, key):
    match = re.search(rf"^{key}=(.*)$", text, re.MULTILINE)
    return shlex.split(match.group(1)) if match else []


def command_problems(text):
    """ExecReload finds no server in a folder without one, which is status 3; a flag that it does not know would be 2."""
    problems = []
    for key, name, wanted in (("ExecStart", "serve", 0), ("ExecReload", "reload", 3)):
        words = command(text, key)
        if words[1:2] != [name]:
            problems.append(f"{key} does not run `parley {name}`: {words}")
            continue
        flags = [word for word in words[2:] if word != "$OPTIONS"]
        flags = ["/nonexistent" if before == "--data" else word for before, word in zip([""] + flags, flags)]
        flags += ["--help"] if name == "serve" else []
        status, output = run(PARLEY, name, *flags)
        problems += [] if status == wanted else [f"{key}: parley {name} {flags}: status {status}, {output.strip()}"]
    return problems


def main():
    if shutil.which("systemd-analyze") is None:
        print("1..0 # SKIP no systemd-analyze")
        sys.exit(SKIP)
    text = UNIT.read_text(encoding="utf-8")
    here = text.replace(command(text, "ExecStart")[0], PARLEY)
    report = Report()
    report.check("systemd finds nothing wrong", complaints(here))
    report.check("and finds what is wrong", [] if complaints(here.replace("WatchdogSec", "WatchDogSec"))
                 else ["a wrong unit was not refused"])
    report.check(f"its exposure is at most {EXPOSURE_MAX / 10}", exposure_problems(here))
    report.check("and one without protection has more", [] if exposure_problems(re.sub(r"(Protect|Restrict|System)\w+=.*", "", here))
                 else ["the threshold says nothing"])
    report.check("the program takes the command lines", command_problems(text))
    report.exit()


main()
