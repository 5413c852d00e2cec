#!/usr/bin/env python3
"""The container file: hadolint finds nothing, and what it says fits the program. No container engine is needed; with
--build its steps are carried out, stage by stage, each in a bare Debian of its own, as an engine would (needs root).

Usage: check_container.py PARLEY [--build]
"""
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import urllib.request

import containerfile
from bare_debian import BareDebian, Making
from report import ROOT, Report, run, text_of

PARLEY, *FLAGS = sys.argv[1:]
FILE = "dist/Containerfile"
HADOLINT = ROOT / "build/tools/bin/hadolint"
IMAGE = "debian:12-slim"
LIMIT_S = 60
PROJECT = ("cd /tmp && parley new demo && cd demo && meson setup --werror build && meson compile -C build"
           " && meson test -C build")


# --- what it says ---

def lint():
    if not HADOLINT.exists():
        return [f"{HADOLINT} is not there (script/bootstrap --test)"]
    status, said = run(HADOLINT, "--no-color", ROOT / FILE)
    return said.splitlines() if status != 0 else []


def image_problems(stage):
    """Who runs it, how it stops, how it tells its health, and where it listens."""
    port = json.loads(run(PARLEY, "check", "--json")[1])[0]["default"].rpartition(":")[2]
    user = (stage.last("USER") or "0").partition(":")[0]
    expected = {
        f"the port of the default configuration, {port}": stage.last("EXPOSE") == port,
        "a user other than root, by number": user.isdigit() and user != "0",
        "SIGTERM, by which the server leaves in good order": stage.last("STOPSIGNAL") == "SIGTERM",
        "a volume for the data": stage.last("VOLUME") == "/var/lib/parley",
        "a check of its health": stage.last("HEALTHCHECK") is not None,
    }
    return [f"it lacks {words}" for words, is_there in expected.items() if not is_there]


def command_problems(stage):
    """The program reads the command lines of CMD and HEALTHCHECK: with --help behind them it only shows its help."""
    for words in (stage.command(), stage.health()):
        status, said = run(PARLEY, *words[1:], "--help")
        if words[0] != "parley" or status != 0:
            yield f"{' '.join(words)}: {said}"


# --- carrying it out ---

def sources():
    """What `COPY .` takes from the tree: not what .dockerignore names."""
    ignored = [line for line in text_of(".dockerignore").splitlines() if line and not line.startswith("#")]
    _, listed = run("git", "-C", ROOT, "ls-files", "--cached", "--others", "--exclude-standard")
    for name in listed.splitlines():
        path = pathlib.PurePath(name)
        is_ignored = any(path.match(f"{entry[3:]}/*") if entry.startswith("**/") else path.parts[0] == entry
                         for entry in ignored)
        if (ROOT / name).is_file() and not is_ignored:
            yield name


class Building:
    """The file systems of the stages so far, by name."""

    def __init__(self):
        self.done = {}

    def carry_out(self, stage, name):
        """What went wrong in one stage."""
        debian = BareDebian(f"stage-{name}")
        self.done[name] = debian
        folder = "/"
        if stage.image != IMAGE:
            return [f"{stage.image} is not {IMAGE}"]
        for kind, text in stage.steps:
            if kind == "WORKDIR":
                folder = text
                (debian.root / text[1:]).mkdir(parents=True, exist_ok=True)
            elif kind == "COPY":
                self.copy(debian, folder, text)
            elif kind == "RUN":
                problems = debian.problems("sh", "-c", f"cd '{folder}' && {text}")
                if problems:
                    return problems
        return []

    def copy(self, debian, folder, text):
        flags, (source, target) = containerfile.flags_and_words(text)
        place = debian.root / pathlib.PurePosixPath(folder, target).relative_to("/")
        if "from" in flags:
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(self.done[flags["from"]].root / source[1:], place)
            return
        for name in sources():
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, place / name)

    def remove(self):
        for debian in self.done.values():
            debian.remove()


def run_problems(stage, debian):
    """ENTRYPOINT and CMD as USER, on a free port; then HEALTHCHECK; then STOPSIGNAL."""
    user = stage.last("USER")
    server = subprocess.Popen(
        debian.command(*stage.command(), "--listen", "127.0.0.1:0", user=user),
        env=debian.environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        address = re.search(r"http://[\d.]+:\d+", server.stdout.readline())
        if address is None:
            server.kill()
            return [server.stderr.read()[-2000:]]
        with urllib.request.urlopen(f"{address.group()}/healthz", timeout=LIMIT_S) as answer:
            healthy = answer.read()
        asked = debian.problems(*stage.health(), user=user)
        server.send_signal(getattr(signal, stage.last("STOPSIGNAL")))
        server.communicate(timeout=LIMIT_S)
        return asked + ([] if healthy == b"ok\n" else [f"/healthz: {healthy}"]) + (
            [] if server.returncode == 0 else [f"exit status {server.returncode}"])
    except (OSError, subprocess.TimeoutExpired) as error:
        return [str(error)]
    finally:
        server.kill()
        server.wait()


def build(report, stages):
    problems = Making().wait()
    report.check("debootstrap makes a bare Debian 12", problems)
    building = Building()
    for stage in stages if not problems else []:
        problems = problems or building.carry_out(stage, stage.name or "last")
        report.check(f"the steps of {stage.name or 'the last stage'}", problems)
    if not problems:
        report.check("a project of parley new builds and passes in the stage build", building.done["build"].problems(
            "sh", "-c", PROJECT))
        report.check("it runs, is healthy and stops", run_problems(stages[-1], building.done["last"]))
    building.remove()


main_report = Report()
all_stages = containerfile.read(text_of(FILE))
main_report.check("hadolint finds nothing", lint())
main_report.check("the image says what it should", image_problems(all_stages[-1]))
main_report.check("the program understands its command lines", list(command_problems(all_stages[-1])))
if "--build" in FLAGS:
    build(main_report, all_stages)
main_report.exit()
