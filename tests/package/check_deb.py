#!/usr/bin/env python3
"""The Debian packages, as an administrator meets them: built by script/deb, read by lintian, installed by apt into a
bare Debian 12 (debootstrap), used there, and removed without a trace.

Usage: check_deb.py      as root, with the network that apt needs; build/deb/base keeps the bare Debian for the next time
"""
import os
import pathlib
import re
import shutil
import signal
import subprocess
import urllib.request

from report import ROOT, Report, run

DEB = ROOT / "build/deb"
BASE = DEB / "base"
BASE_IS_WHOLE = DEB / "base.is-whole"
INSIDE = DEB / "root"  # the copy that is installed into
LIMIT_S = 60
# What apt and dpkg keep for themselves, and what they wrote of users before.
NOT_OURS = re.compile(r"^/(var/lib/(dpkg|apt)|var/cache|var/log|proc|sys|dev|run|tmp|root|etc/(passwd|group|shadow|"
                      r"gshadow|subuid|subgid)-$|etc/ld\.so\.cache)")


def start_debootstrap():
    """Begin to make the bare Debian, unless there is one already."""
    if BASE_IS_WHOLE.exists():
        return None
    shutil.rmtree(BASE, ignore_errors=True)
    BASE.mkdir(parents=True)
    log = open(DEB / "debootstrap.log", "w", encoding="utf-8")
    return subprocess.Popen(["debootstrap", "--variant=minbase", "bookworm", BASE, "http://deb.debian.org/debian"],
                            stdout=log, stderr=subprocess.STDOUT)


def finish_debootstrap(process):
    if process is not None and process.wait() != 0:
        return [(DEB / "debootstrap.log").read_text(encoding="utf-8")[-2000:]]
    BASE_IS_WHOLE.touch()
    shutil.rmtree(INSIDE, ignore_errors=True)
    status, said = run("cp", "-a", "--reflink=auto", BASE, INSIDE)
    return [] if status == 0 else [said]


def inside(*command, user=None):
    """Run a command in the bare Debian; returns (exit status, what it printed)."""
    as_user = ["--userspec", f"{user}:{user}"] if user else []
    env = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8",
           **{name: value for name, value in os.environ.items() if name.lower().endswith("_proxy")}}
    return run("chroot", *as_user, INSIDE, *command, env=env)


def succeeds(*command, user=None, says=""):
    status, said = inside(*command, user=user)
    good = status == 0 and re.search(says, said)
    return [] if good else [f"{' '.join(command)}: status {status}: {said[-2000:]}"]


def traces():
    """Every file that is not apt's own, and every user and group."""
    found = {"/" + str(path.relative_to(INSIDE)) for path in INSIDE.rglob("*")}
    names = {f"{file}: {line.partition(':')[0]}" for file in ("passwd", "group", "shadow", "gshadow")
             for line in (INSIDE / "etc" / file).read_text(encoding="utf-8").splitlines()}
    return {path for path in found if not NOT_OURS.match(path)} | names


def packages():
    return sorted(path for path in DEB.glob("parley*.deb") if "dbgsym" not in path.name)


def install():
    for package in packages():
        shutil.copy(package, INSIDE / "tmp")
    names = [f"/tmp/{package.name}" for package in packages()]
    return succeeds("apt-get", "-qq", "update") + succeeds(
        "apt-get", "-qq", "-y", "--no-install-recommends", "-o", "Dpkg::Use-Pty=0", "install", *names)


def system_problems():
    """The user and its folder, as the maintainer scripts made them."""
    status, user = inside("getent", "passwd", "parley")
    fields = user.strip().split(":")
    problems = [] if status == 0 and int(fields[2]) < 1000 and fields[5:] == ["/var/lib/parley", "/usr/sbin/nologin"] \
        else [f"the user: {user}"]
    status, state = inside("stat", "-c", "%U:%G %a", "/var/lib/parley")
    return problems + ([] if state.strip() == "parley:parley 750" else [f"/var/lib/parley: {state}"])


def manual_problems():
    page = INSIDE / "usr/share/man/man1/parley.1.gz"
    status, said = run("mandoc", "-T", "ascii", page)
    return [] if status == 0 and "PARLEY(1)" in said else [said[-500:]]


def compile_echo():
    """examples/echo against what parley-dev has put there, into the folder /opt of the bare Debian."""
    pc = next(INSIDE.glob("usr/lib/*/pkgconfig/parley.pc")).parent
    env = {**os.environ, "PKG_CONFIG_LIBDIR": f"{pc}:{INSIDE}/usr/share/pkgconfig", "PKG_CONFIG_SYSROOT_DIR": INSIDE}
    status, flags = run("pkg-config", "--cflags", "parley", env=env)
    if status != 0:
        return [flags]
    status, said = run("gcc", "-shared", "-fPIC", f"-I{INSIDE}/usr/include", *flags.split(), "-o", INSIDE / "opt/echo.so",
                       ROOT / "examples/echo/echo.c")
    return [] if status == 0 else [said]


def serve_problems():
    """As the system user, with the installed configuration and an application."""
    server = subprocess.Popen(
        ["chroot", "--userspec", "parley:parley", INSIDE, "parley", "serve", "--config", "/etc/parley/parley.yaml",
         "--data", "/var/lib/parley", "--listen", "127.0.0.1:0", "--app", "/opt/echo.so"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        address = re.search(r"http://[\d.]+:\d+", server.stdout.readline())
        if address is None:
            server.kill()
            return [server.stderr.read()[-2000:]]
        with urllib.request.urlopen(f"{address.group()}/socket.io/?EIO=4&transport=polling", timeout=LIMIT_S) as answer:
            opened = answer.read(1)
        asked = succeeds("parley", "status", "--data", "/var/lib/parley", user="parley")
        server.send_signal(signal.SIGTERM)
        _, log = server.communicate(timeout=LIMIT_S)
        return asked + ([] if opened == b"0" else [f"no handshake: {opened}"]) + (
            [] if server.returncode == 0 else [f"exit status {server.returncode}: {log[-2000:]}"])
    except (OSError, subprocess.TimeoutExpired) as error:
        return [str(error)]
    finally:
        server.kill()
        server.wait()


def check_installed(report):
    version = re.search(r"version: '([^']*)'", (ROOT / "meson.build").read_text(encoding="utf-8")).group(1)
    report.check("parley version", succeeds("parley", "version", says=f"^parley {re.escape(version)}$"))
    report.check("parley check", succeeds("parley", "check", "--config", "/etc/parley/parley.yaml"))
    report.check("the system user and its folder", system_problems())
    report.check("the manual page is where man looks", manual_problems())
    report.check("bash knows the completion", succeeds(
        "bash", "-n", "/usr/share/bash-completion/completions/parley"))
    report.check("an application is built with parley-dev", compile_echo())
    report.check("the system user serves it", serve_problems())


def check_removal(report, before):
    config = INSIDE / "etc/parley/parley.yaml"
    config.write_text("log.level: warn\n", encoding="utf-8")
    report.check("apt removes them", succeeds("apt-get", "-qq", "-y", "remove", "parley", "parley-dev"))
    kept = [] if config.exists() and (INSIDE / "var/lib/parley").is_dir() else ["not kept"]
    report.check("configuration and data are kept until they are purged", kept)
    (INSIDE / "opt/echo.so").unlink(missing_ok=True)
    report.check("apt purges them", succeeds("apt-get", "-qq", "-y", "purge", "--autoremove", "parley", "parley-dev"))
    report.check("nothing is left behind", sorted(traces() ^ before))


def check_all(report):
    bootstrap = start_debootstrap()
    status, said = run(ROOT / "script/deb")
    report.check("script/deb builds the packages", [] if status == 0 and len(packages()) == 2 else [said[-3000:]])
    if status != 0:
        return
    status, said = run("lintian", "--allow-root", "--fail-on", "error,warning", *DEB.glob("parley_*.changes"))
    report.check("lintian finds neither an error nor a warning", [] if status == 0 else [said])
    problems = finish_debootstrap(bootstrap)
    report.check("a bare Debian 12", problems)
    if problems:
        return
    before = traces()
    problems = install()
    report.check("apt installs them", problems)
    if not problems:
        check_installed(report)
        check_removal(report, before)
    shutil.rmtree(INSIDE)


main_report = Report()
DEB.mkdir(parents=True, exist_ok=True)
check_all(main_report)
main_report.exit()
