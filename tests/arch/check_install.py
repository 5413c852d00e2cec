#!/usr/bin/env python3
"""A stranger's view: install into an empty folder, build examples/echo with what pkg-config says, run it both ways; then
build clients in C and C++ with the shared and the static client library, and let them talk to it.

Usage: check_install.py BUILD-FOLDER CC...    where CC... may end in -fsanitize=..., as the library was built
"""
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import urllib.request

from report import ROOT, Report, run

BUILD = sys.argv[1]
CC = [word for word in sys.argv[2:] if not word.startswith("-fsanitize")]
SANITIZE = [word for word in sys.argv[2:] if word.startswith("-fsanitize")]
ECHO = ROOT / "examples/echo/echo.c"

BESIDE = ["share/man/man1/parley-client.1", "share/bash-completion/completions/parley-client",
          "share/zsh/site-functions/_parley-client", "share/fish/vendor_completions.d/parley-client.fish",
          "share/man/man1/parley.1", "share/man/man5/parley.yaml.5", "share/bash-completion/completions/parley",
          "share/zsh/site-functions/_parley", "share/fish/vendor_completions.d/parley.fish",
          "share/doc/parley/examples/parley.yaml", "etc/parley/parley.yaml", "lib/systemd/system/parley.service"]


def install(folder):
    """The prefix under `folder`, or None; and what was said."""
    status, said = run("meson", "install", "-C", BUILD, "--no-rebuild", "--destdir", folder)
    found = list(folder.rglob("parley.pc"))
    if status != 0 or len(found) != 1:
        return None, [f"meson install: status {status}: {said[-2000:]}"]
    prefix = re.search(r"^prefix=(.*)$", found[0].read_text(), re.MULTILINE).group(1)
    return pathlib.Path(f"{folder}{prefix}"), []


def pkg_config(prefix, *words, package="parley"):
    """Its answer as words. The prefix is where DESTDIR has put it."""
    path = next(prefix.rglob(f"{package}.pc")).parent
    status, text = run("pkg-config", f"--define-variable=prefix={prefix}", *words, package,
                       env={**os.environ, "PKG_CONFIG_PATH": str(path)})
    if status != 0:
        raise RuntimeError(f"pkg-config: {text}")
    return text.split()


def compile_with(*words):
    status, text = run(*CC, "-Wall", "-Wextra", "-Werror", *words)
    return [] if status == 0 else [f"{' '.join(map(str, words))}: {text[-2000:]}"]


def asks(url):
    """What goes wrong when the server is asked."""
    with urllib.request.urlopen(url + "/readyz", timeout=20) as answer:
        ready = answer.status, answer.read().strip()
    with urllib.request.urlopen(url + "/socket.io/?EIO=4&transport=polling", timeout=20) as answer:
        opened = answer.read(1)
    problems = [] if ready == (200, b"ready") else [f"/readyz: {ready}"]
    return problems + ([] if opened == b"0" else [f"no handshake: {opened}"])


def serves(folder, *command, visit=asks):
    """What goes wrong when the command is started, visited and told to stop."""
    server = subprocess.Popen([*command, "--listen", "127.0.0.1:0", "--data", folder / "data"],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        url = re.search(r"(http://[^\s/]+)/?", server.stdout.readline())
        if url is None:
            server.kill()
            return [f"it did not start: {server.stderr.read()[-2000:]}"]
        problems = visit(url.group(1))
        server.send_signal(signal.SIGTERM)
        _, log = server.communicate(timeout=30)
        problems += [] if "app=echo" in log or '"echo"' in log else [f"not our application: {log[-2000:]}"]
        return problems + ([] if server.returncode == 0 else [f"exit status {server.returncode}: {log[-2000:]}"])
    except (OSError, subprocess.TimeoutExpired) as error:
        return [str(error)]
    finally:
        server.kill()
        server.wait()


def beside_problems(folder, prefix):
    """What is beside the program: all there, the unit for this prefix, and what an operator wrote is kept."""
    problems = [f"{name} is not installed" for name in BESIDE if not (prefix / name).is_file()]
    if problems:
        return problems
    place = str(prefix).removeprefix(str(folder))
    unit = (prefix / "lib/systemd/system/parley.service").read_text(encoding="utf-8")
    problems += [f"the unit does not name {path}" for path in (f"{place}/bin/parley", f"{place}/etc/parley")
                 if path not in unit]
    config = prefix / "etc/parley/parley.yaml"
    config.write_text("log.level: warn\n", encoding="utf-8")
    _, more = install(folder)
    return problems + more + ([] if "warn" in config.read_text(encoding="utf-8") else ["the configuration is gone"])


# --- the client library ---

def client_programs(prefix):
    """Name: the command that compiles it. Against the shared library and the archive, in two languages."""
    cxx = shutil.which("clang++" if "clang" in CC[-1] else "g++") or "g++"
    flags = pkg_config(prefix, "--cflags", package="parley-client")
    shared = pkg_config(prefix, "--libs", package="parley-client")
    static = pkg_config(prefix, "--libs", "--static", package="parley-client")
    archive = next(prefix.rglob("libparley-client.a"))
    both = [str(archive) if word == "-lparley-client" else word for word in static]
    c = [*CC, "-std=c11", "-Wpedantic", ROOT / "examples/client-hello/client_hello.c"]
    cpp = [cxx, "-std=c++17", "-Wpedantic", ROOT / "tests/arch/client_hello.cc"]
    yield "C, shared", [*c, *flags, *shared]
    yield "C++, shared", [*cpp, *flags, *shared]
    yield "C, the archive", [*c, *flags, *both]
    yield "C++, the archive", [*cpp, *flags, *both]
    if not SANITIZE:  # which needs its own shared library
        yield "C, everything static", [*c, "-static", *flags, *static]
    libparley = pkg_config(prefix, "--libs", package="parley")
    yield "C, the archive behind libparley's", [*c, *flags, *libparley, *both]
    yield "C, libparley's archive behind it", [*c, *flags, *both, *libparley]


def check_client(report, folder, prefix, app):
    """Each program says hello to the installed server, and so does the installed command."""
    library = next(prefix.rglob("libparley-client.so")).parent
    env = {**os.environ, "LD_LIBRARY_PATH": str(library)}
    command = [prefix / "bin/parley-client", "socketio", "--emit", 'message "hello"', "--on", "message-back",
               "--count", "1", "--timeout", "30"]
    visits = {"the command": (command, "message-back \"hello\"")}
    for number, (name, words) in enumerate(client_programs(prefix)):
        program = folder / f"client{number}"
        status, said = run(*words, "-Wall", "-Wextra", "-Werror", *SANITIZE, "-o", program)
        report.check(f"a client is built: {name}", [] if status == 0 else [said[-2000:]])
        if status == 0:
            visits[name] = ([program], "hello")

    def visit(url):
        for name, (words, expected) in visits.items():
            status, said = run(*words, url, env=env, input="")
            report.check(f"a client connects, emits, receives and leaves: {name}",
                         [] if status == 0 and expected in said else [f"status {status}: {said[-2000:]}"])
        return []

    report.check("the server for clients", serves(folder, prefix / "bin/parley", "serve", "--app", app, visit=visit))


def check_all(report, folder):
    prefix, problems = install(folder / "root")
    report.check("meson install brings parley.pc", problems)
    if prefix is None:
        return
    report.check("what is beside the program is installed", beside_problems(folder / "root", prefix))
    headers = {path.name for path in (ROOT / "include/parley").glob("*.h")}
    installed = {path.name for path in (prefix / "include/parley").glob("*.h")}
    report.check("every public header is installed", sorted(headers ^ installed))

    program, shared = folder / "echo", folder / "echo.so"
    report.check("a program of its own, by pkg-config", compile_with(
        *SANITIZE, "-DPARLEY_APP_MAIN", "-o", program, ECHO, *pkg_config(prefix, "--cflags", "--libs")))
    if program.exists():
        report.check("the program serves, and leaves when told", serves(folder, program, "serve"))
    report.check("a shared object, by pkg-config --cflags", compile_with(
        "-shared", "-fPIC", "-o", shared, ECHO, *pkg_config(prefix, "--cflags")))
    if shared.exists():
        report.check("the installed parley loads it", serves(
            folder, prefix / "bin/parley", "serve", "--app", shared))
        check_client(report, folder, prefix, shared)


main_report = Report()
with tempfile.TemporaryDirectory(prefix="parley-install-") as temporary:
    check_all(main_report, pathlib.Path(temporary))
main_report.exit()
