#!/usr/bin/env python3
"""The example configuration: right as it is, right with every setting in it, and each at its default.

Usage: check_config.py PARLEY PARLEY.YAML
"""
import json
import os
import pathlib
import re
import sys
import tempfile

from report import Report, run

PARLEY, EXAMPLE = sys.argv[1:]
ENV = {name: value for name, value in os.environ.items() if not name.startswith("PARLEY_")}


def check(*words):
    return run(PARLEY, "check", *words, env=ENV)


def settings_of(*words):
    status, text = check("--json", *words)
    return {row["name"]: row for row in json.loads(text)} if status == 0 else {}


def with_everything(text):
    """Every setting without its # in front."""
    return re.sub(r"^#(?=[a-z0-9_.]+:)", "", text, flags=re.MULTILINE)


def differences(file):
    """What the file with everything in it does not set, or sets to another value than the default."""
    found = settings_of("--config", file)
    for name, row in settings_of().items():
        mine = found.get(name)
        if mine is None or mine["value"] != row["value"]:
            yield f"{name}: {mine and mine['value']!r}, its default is {row['value']!r}"
        elif pathlib.Path(file).name not in mine["origin"]:
            yield f"{name}: not in the file ({mine['origin']})"


def check_all(report, folder):
    text = pathlib.Path(EXAMPLE).read_text(encoding="utf-8")
    full = folder / "full.yaml"
    full.write_text(with_everything(text), encoding="utf-8")
    status, said = check("--config", EXAMPLE)
    report.check("it is right as it is", [] if status == 0 else [said])
    changed = [name for name, row in settings_of("--config", EXAMPLE).items() if row["origin"] != "default"]
    report.check("it changes nothing as it is", changed)
    status, said = check("--config", full)
    report.check("it is right with everything in it", [] if status == 0 else [said])
    report.check("it has every setting at its default", list(differences(full)))
    report.check("its lines are short", [line for line in text.splitlines() if len(line) > 100 and
                                         "tls.ciphers" not in line])


main_report = Report()
with tempfile.TemporaryDirectory(prefix="parley-config-") as temporary:
    check_all(main_report, pathlib.Path(temporary))
main_report.exit()
