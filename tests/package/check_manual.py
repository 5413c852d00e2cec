#!/usr/bin/env python3
"""The manual pages: mandoc finds nothing wrong, and what is shown names every command, flag and setting.

Usage: check_manual.py PARLEY PARLEY.1 PARLEY.YAML.5
"""
import json
import re
import sys

from report import Report, run

PARLEY, *PAGES = sys.argv[1:]


def shown(page):
    """The page as people see it, without overstriking, its breaks and double spaces as one space."""
    status, text = run("mandoc", "-T", "ascii", "-O", "width=1000", page)
    text = re.sub(r".\x08", "", text)
    return re.sub(r"\s+", " ", text) if status == 0 else ""


def lint(page):
    status, text = run("mandoc", "-T", "lint", "-W", "warning", page)
    return text.splitlines() or ([f"status {status}"] if status != 0 else [])


def lacks(text, wanted):
    return [f"not in the page: {words}" for words in wanted if words not in text]


def command_words(help_rows):
    for command in help_rows["commands"]:
        yield f"{command['name']} "
        yield command["summary"][1:]
        for flag in command["flags"]:
            yield f"{flag['name']} {flag['value'] or ''}".strip()


def setting_words(rows):
    for row in rows:
        yield row["name"]
        yield row["help"].split(".")[0]
        yield f"Default: {row['default'] or 'empty'}."


def check_all(report):
    commands, settings = (run(PARLEY, *words, "--json") for words in (["help"], ["check"]))
    report.check("the program tells its rows", [text for status, text in (commands, settings) if status != 0])
    for page in PAGES:
        report.check(f"{page.rpartition('/')[2]}: mandoc finds nothing wrong", lint(page))
    report.check("parley(1) has every command and flag",
                 lacks(shown(PAGES[0]), command_words(json.loads(commands[1]))))
    report.check("parley.yaml(5) has every setting", lacks(shown(PAGES[1]), setting_words(json.loads(settings[1]))))
    marks = [f"{page}: {mark}" for page in PAGES for mark in re.findall(r"@[A-Z]+@", shown(page))]
    report.check("no mark of a template is left", marks)


main_report = Report()
check_all(main_report)
main_report.exit()
