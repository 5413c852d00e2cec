#!/usr/bin/env python3
"""Nothing public without its words: functions, settings, metrics and commands are all documented.

Usage: check_documents.py PARLEY
"""
import re
import sys

from report import ROOT, Report, exists, run, sources, text_of

PARLEY = sys.argv[1]
CONFIGURATION = text_of("docs/configuration.md")
OPERATIONS = text_of("docs/operations.md")
DOCUMENTS = {path: text_of(path) for path in sources("docs/*.md", "README.md")}
COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)


def undocumented_functions(path):
    """Functions without words: none above them in their paragraph and none behind them on their lines."""
    for paragraph in re.split(r"\n[ \t]*\n", text_of(path)):
        for match in re.finditer(r"^PARLEY_API\b[^;]*?\b(parley_\w+)\(.*?\)(?: PARLEY_PRINTF\([^)]*\))?;[^\n]*",
                                 paragraph, re.MULTILINE | re.DOTALL):
            above = COMMENT.sub("", paragraph[:match.start()]) != paragraph[:match.start()]
            behind = COMMENT.search(match.group()) is not None
            if not above and not behind:
                yield f"{path}: {match.group(1)} has no comment"


def settings_problems():
    """docs/configuration.md holds the table as the program prints it."""
    status, table = run(PARLEY, "check", "--markdown")
    rows = re.findall(r"^\| `.*$", table, re.MULTILINE)
    if status != 0 or not rows:
        return [f"parley check --markdown: status {status}, {len(rows)} rows"]
    written = set(re.findall(r"^\| `.*$", CONFIGURATION, re.MULTILINE))
    return ([f"docs/configuration.md lacks: {row}" for row in rows if row not in written] +
            [f"docs/configuration.md has, but the program has not: {row}" for row in written if row not in rows])


def metric_problems():
    """docs/operations.md has a row for each family of metrics, and none for others."""
    families = set(re.findall(r'"((?:parley|process)_\w+)"', text_of("src/base/metrics.h")))
    families.add("parley_build_info")
    written = set(re.findall(r"^\| `((?:parley|process)_\w+)`", OPERATIONS, re.MULTILINE))
    uses = " ".join(text_of(path) for path in sources("src/**/*.c"))
    idle = [name for name in re.findall(r"X\((\w+), (?:\\\n\s*)?(?:GAUGE|COUNTER)", text_of("src/base/metrics.h"))
            if not re.search(rf"\bPL_METRIC_{name}\b", uses) and not re.match(r"HTTP_\dXX", name)]  # by arithmetic
    return ([f"src/base/metrics.h: nobody counts PL_METRIC_{name}" for name in idle] +
            [f"docs/operations.md lacks the metric {name}" for name in sorted(families - written)] +
            [f"docs/operations.md has the metric {name}, the server has not" for name in sorted(written - families)])


def command_problems():
    """Every command is in --help, has a help of its own and is named in a document; no document names another."""
    rows = re.findall(r'^    \{"([a-z]+)", "', text_of("src/cli/commands.c"), re.MULTILINE)
    commands = [row for row in rows if f"pl_cmd_{row}(" in text_of("src/cli/cli.h")]
    status, text = run(PARLEY, "--help")
    if status != 0 or not commands:
        yield f"parley --help: status {status}; {len(commands)} commands in src/cli/commands.c"
    for command in commands:
        if not re.search(rf"^  {command}\b", text, re.MULTILINE):
            yield f"parley --help does not name '{command}'"
        status, own = run(PARLEY, "help", command)
        if status != 0 or "Flags:" not in own:
            yield f"parley help {command}: status {status}"
        if not any(f"parley {command}" in words for words in DOCUMENTS.values()):
            yield f"no document names 'parley {command}'"
    for path, words in DOCUMENTS.items():
        for name in re.findall(r"`(?:build/release/)?parley ([a-z]+)\b", words):
            if name not in commands:
                yield f"{path}: there is no 'parley {name}'"


def security_problems():
    """docs/security.md names tests that there are, settings that there are, and refusals that are counted."""
    words = text_of("docs/security.md")
    places = {"wire": "tests/wire/{}.test.mjs", "fuzz": "tests/fuzz/fuzz_{}.c"}
    reasons = set(re.findall(r'reason=\\"(\w+)\\"', text_of("src/base/metrics.h")))
    settings = re.findall(r"^\| `([a-z0-9_.]+)`", CONFIGURATION, re.MULTILINE)
    groups = {name.split(".")[0] for name in settings if "." in name}
    for kind, name in re.findall(r"\b(wire|fuzz)/([\w-]+)", words):
        if not exists(places[kind].format(name)):
            yield f"there is no test {kind}/{name}"
    for folder, name in re.findall(r"\bunit/(\w+)/(\w+)", words):
        if not exists(f"tests/unit/{folder}/test_{name}.c"):
            yield f"there is no test unit/{folder}/{name}"
    for row in re.findall(r"^\|.*\|$", words, re.MULTILINE):
        cells = [cell.strip() for cell in row.strip("|").split("|")]
        for name in re.findall(r"`([^`]+)`", cells[2] if len(cells) == 5 else ""):
            start = name.rstrip(".*")
            if name.split(".")[0] in groups and not any(one.startswith(start) for one in settings):
                yield f"there is no setting {name}"
        for name in re.findall(r"`([a-z_]+)`", cells[3] if len(cells) == 5 else ""):
            if not name.startswith("parley_") and name not in reasons:
                yield f"nothing is refused with the reason {name}"


def folders():
    """The folders of the tree that the map has to name, as git has them."""
    status, text = run("git", "-C", str(ROOT), "ls-files")
    names = text.split() if status == 0 else []
    found = set()
    for name in names:
        parts = name.split("/")[:-1]
        if parts and parts[0] in ("src", "tests", "include"):
            found.add("/".join(parts[:2 if parts[:2] != ["src", "dialect"] else 3]))
        elif parts:
            found.add(parts[0])
    return {name for name in found if "/" in name or name not in ("src", "tests")}


def map_problems():
    """docs/architecture.md ends with a map of the tree: a row for each folder, which names files that are there."""
    words = text_of("docs/architecture.md")
    rows = re.findall(r"^\| (\[`[^|]*) \|[^|]*\| ([^|]*) \|$", words[words.rfind("\n## "):], re.MULTILINE)
    named = set()
    for cell, begin in rows:
        these = [name.rstrip("/") for name in re.findall(r"\[`([^`]+)`\]", cell)]
        named.update(these)
        for name in re.findall(r"`([^`]+)`", begin):
            if not any((ROOT / base / name).exists() for base in [*these, "."]):
                yield f"docs/architecture.md: {name} is not in {these[0]}"
    for folder in sorted(folders() - named):
        yield f"docs/architecture.md: the map has no row for {folder}"
    for folder in sorted(named):
        if not (ROOT / folder).is_dir():
            yield f"docs/architecture.md: the map has {folder}, the tree has not"


report = Report()
for header in sources("include/parley/*.h"):
    report.check(f"{header}: every function has its comment", list(undocumented_functions(header)))
report.check("docs/configuration.md has every setting", settings_problems())
report.check("docs/operations.md has every metric", metric_problems())
report.check("docs/architecture.md ends with a map of the tree", list(map_problems()))
report.check("docs/security.md names what there is", list(security_problems()))
report.check("every command has help and words", list(command_problems()))
report.exit()
