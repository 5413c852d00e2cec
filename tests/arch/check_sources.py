#!/usr/bin/env python3
"""The arrows of docs/architecture.md, and how files begin: who includes whom, own header first, opening comments."""
import re

from report import Report, sources, text_of

# Who stands on whom, directly, as docs/architecture.md draws it; a layer may also include what those stand on.
# `api` is include/parley without error.h and export.h, which belong to everyone ("common").
STANDS_ON = {
    "common": [],
    "api": ["common"],
    "base": ["common"],
    "codec": ["base"],
    "net": ["base"],
    "hub": ["base"],
    "io": ["net"],
    "web": ["io", "codec"],
    "value": ["codec", "api"],
    "work": ["base"],
    "store": ["work", "codec"],
    "service": ["store", "hub"],
    "dialect": ["base"],  # what all dialects agree on: the numbers of encodings
    "dialect/*": ["dialect", "web", "service", "value"],  # and no other dialect
    "app": ["dialect/*"],
    "cli": ["app"],
    "client": ["net", "value"],  # its own loop: no io, no hub
    "client/cli": ["api"],  # the command: an application as others are
}
COMMON = {"include/parley/error.h", "include/parley/export.h"}
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]+(["<])([^">]+)[">]', re.MULTILINE)
COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
OPENING_LINES_MAX = 5
OPERATION_NAME = re.compile(r"\bstruct pl_store_op_type (\w+)")
OPERATION = re.compile(r"^const struct pl_store_op_type (\w+) = \{(.*?)\};", re.MULTILINE | re.DOTALL)
EFFECT = re.compile(r"^    \{&(\w+), (\w+)\},(.*)$", re.MULTILINE)


def layer_of(path):
    """The layer of a file: ("dialect/*", "socketio") for one of a dialect, (name, None) otherwise."""
    parts = path.split("/")
    if parts[0] == "include":
        return ("common" if path in COMMON else "api"), None
    if parts[0] == "client":
        return ("client/cli" if parts[1] == "cli" else "client"), None
    if parts[1] == "dialect" and len(parts) > 3:
        return "dialect/*", parts[2]
    return parts[1], None


def reach(layer):
    """Every layer that one may include, itself among them."""
    found = {layer}
    for below in STANDS_ON[layer]:
        found |= reach(below)
    return found


def includes(path):
    """What a file includes between quotes, as (path in the tree or None, text)."""
    for kind, name in INCLUDE.findall(text_of(path)):
        if kind == "<" and not name.startswith("parley/"):
            continue
        places = [f"include/{name}", f"src/{name}", name]
        yield next((place for place in places if place in ALL), None), name


def crossings(path):
    """What is wrong with the includes of one file."""
    layer, dialect = layer_of(path)
    if layer not in STANDS_ON:
        yield f"{path}: the folder '{layer}' has no row in STANDS_ON (and in docs/architecture.md?)"
        return
    for target, name in includes(path):
        if target is None:
            yield f'{path}: "{name}" is in neither include/ nor src/ nor the root'
            continue
        other, other_dialect = layer_of(target)
        if other not in reach(layer):
            yield f'{path}: "{name}": {layer} does not stand on {other}'
        elif dialect and other_dialect and dialect != other_dialect:
            yield f'{path}: "{name}": dialects do not know each other'
        elif other_dialect and not dialect and target != f"src/dialect/{other_dialect}/{other_dialect}.h":
            yield f'{path}: "{name}": others see the header that bears the name of the dialect'
        elif target.endswith("_internal.h") and target.rpartition("/")[0] != path.rpartition("/")[0]:
            yield f'{path}: "{name}" belongs to its own folder alone'


def outsiders(path):
    """Applications see include/parley and the files beside them."""
    for kind, name in INCLUDE.findall(text_of(path)):
        beside = path.rpartition("/")[0] + "/" + name
        if kind == '"' and not name.startswith("parley/") and beside not in EXAMPLES:
            yield f'{path}: "{name}": an application includes parley/ and its own files alone'


def own_header(path):
    """A .c that has a header of its own name includes that first."""
    header = path[:-2] + ".h"
    if not path.endswith(".c") or header not in ALL:
        return
    first = next((name for _, name in INCLUDE.findall(text_of(path))), None)
    if first != header.removeprefix("src/"):
        yield f'{path}: includes "{first}" first, not its own "{header.removeprefix("src/")}"'


def opening(path):
    """Every file begins with a comment; a .c says what it does in at most five lines."""
    comment = COMMENT.match(text_of(path))
    if comment is None:
        yield f"{path}: does not begin with a comment"
    elif path.endswith(".c") and comment.group().count("\n") >= OPENING_LINES_MAX:
        yield f"{path}: the opening comment has more than {OPENING_LINES_MAX} lines"


def operations():
    """Every operation on Talo's games that writes has a row among the service's effects; one that needs none says why."""
    text = "\n".join(text_of(path) for path in ALL if path.startswith("src/store/"))
    rows = [row for path in ALL if path.startswith("src/service/talo/effects_") for row in EFFECT.findall(text_of(path))]
    bodies = dict(OPERATION.findall(text))
    for name in sorted(set(OPERATION_NAME.findall(text))) or ["struct pl_store_op_type"]:
        if ".name = " not in bodies.get(name, ""):
            yield f"{name}: has no definition in src/store with the names of its fields"
        elif ".is_write" in bodies[name] and not any(name == of for of, _, _ in rows):
            yield f"{name}: writes and has no row in src/service/talo/effects_*.c"
    for name, effect, why in rows:
        if effect == "NULL" and not re.match(r" +/\* \w", why):
            yield f"{name}: does not say why it has no effect"


def each(rule, paths):
    return [problem for path in paths for problem in rule(path)]


ALL = [str(path) for path in sources("src/**/*.[ch]", "client/**/*.[ch]", "include/**/*.h")]
EXAMPLES = [str(path) for path in sources("examples/**/*.[ch]", "tests/wire/apps/**/*.[ch]")]

report = Report()
for folder in sorted({layer_of(path)[0] for path in ALL}):
    inside = [path for path in ALL if layer_of(path)[0] == folder]
    report.check(f"{folder} includes only what it stands on", each(crossings, inside))
report.check("applications include include/parley alone", each(outsiders, EXAMPLES))
report.check("a .c includes its own header first", each(own_header, ALL))
report.check("every operation that writes has its row in effects_*.c", list(operations()))
report.check("every file opens with its comment", each(opening, ALL + EXAMPLES))
report.exit()
