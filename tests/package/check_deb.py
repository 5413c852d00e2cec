#!/usr/bin/env python3
"""The Debian packages, as an administrator meets them: built by script/deb, read by lintian, installed by apt into a
bare Debian 12, used there, and removed without a trace.

Usage: check_deb.py      as root, with the network that apt needs
"""
import json
import os
import re
import shutil
import signal
import subprocess
import urllib.request

from bare_debian import DEB, BareDebian, Making
from report import ROOT, Report, run

LIMIT_S = 60
LOG = DEB / "service.log"
NAMES = ["libparley-client-dev", "libparley-client0", "parley", "parley-client", "parley-dev"]
# What apt and dpkg keep for themselves, and what they wrote of users before.
NOT_OURS = re.compile(r"^/(var/lib/(dpkg|apt)|var/cache|var/log|proc|sys|dev|run|tmp|root|etc/(passwd|group|shadow|"
                      r"gshadow|subuid|subgid)-$|etc/ld\.so\.cache)")


def traces(debian):
    """Every file that is not apt's own, and every user and group."""
    found = {"/" + str(path.relative_to(debian.root)) for path in debian.root.rglob("*")}
    names = {f"{file}: {line.partition(':')[0]}" for file in ("passwd", "group", "shadow", "gshadow")
             for line in (debian.root / "etc" / file).read_text(encoding="utf-8").splitlines()}
    return {path for path in found if not NOT_OURS.match(path)} | names


def packages():
    return sorted(path for path in DEB.glob("*parley*.deb") if "dbgsym" not in path.name)


def install(debian):
    for package in packages():
        shutil.copy(package, debian.root / "tmp")
    names = [f"/tmp/{package.name}" for package in packages()]
    return debian.problems("apt-get", "-qq", "update") + debian.problems(
        "apt-get", "-qq", "-y", "--no-install-recommends", "-o", "Dpkg::Use-Pty=0", "install", *names)


def user_problems(debian):
    """The user and its folder, as the maintainer scripts made them."""
    status, user = debian.run("getent", "passwd", "parley")
    fields = user.strip().split(":")
    is_right = status == 0 and int(fields[2]) < 1000 and fields[5:] == ["/var/lib/parley", "/usr/sbin/nologin"]
    folder = debian.problems("stat", "-c", "%U:%G %a", "/var/lib/parley", says="^parley:parley 750$")
    return ([] if is_right else [f"the user: {user}"]) + folder


def manual_problems(debian):
    status, said = run("mandoc", "-T", "ascii", debian.root / "usr/share/man/man1/parley.1.gz")
    return [] if status == 0 and "PARLEY(1)" in said else [said[-500:]]


def client_problems(debian, url):
    """The command talks to the server."""
    return debian.problems("parley-client", "socketio", url, "--emit", 'message "hello"', "--on", "message-back",
                           "--count", "1", "--timeout", str(LIMIT_S), says="(?m)^message-back \"hello\"$")


def compile_client(debian):
    """examples/client-hello against libparley-client-dev; it runs in there."""
    pc = next(debian.root.glob("usr/lib/*/pkgconfig/parley-client.pc")).parent
    status, said = run("gcc", f"-I{debian.root}/usr/include", "-o", debian.root / "opt/client-hello",
                       ROOT / "examples/client-hello/client_hello.c", f"-L{pc.parent}", "-lparley-client",
                       f"-Wl,-rpath-link,{pc.parent}")
    return [] if status == 0 else [said]


def compile_echo(debian):
    """examples/echo against what parley-dev has put there, into the folder /opt."""
    pc = next(debian.root.glob("usr/lib/*/pkgconfig/parley.pc")).parent
    env = {**os.environ, "PKG_CONFIG_LIBDIR": f"{pc}:{debian.root}/usr/share/pkgconfig",
           "PKG_CONFIG_SYSROOT_DIR": str(debian.root)}
    status, flags = run("pkg-config", "--cflags", "parley", env=env)
    if status != 0:
        return [flags]
    status, said = run("gcc", "-shared", "-fPIC", f"-I{debian.root}/usr/include", *flags.split(),
                       "-o", debian.root / "opt/echo.so", ROOT / "examples/echo/echo.c")
    return [] if status == 0 else [said]


class Service:
    """The server as the system user, with the installed configuration and an application."""

    def __init__(self, debian):
        self.debian = debian
        with open(LOG, "w", encoding="utf-8") as log:
            self.process = subprocess.Popen(
                debian.command("parley", "serve", "--config", "/etc/parley/parley.yaml", "--data", "/var/lib/parley",
                               "--listen", "127.0.0.1:0", "--app", "/opt/echo.so", user="parley"),
                env=debian.environment(), stdout=subprocess.PIPE, stderr=log, text=True)
        address = re.search(r"http://[\d.]+:\d+", self.process.stdout.readline())
        self.url = address and address.group()

    def problems(self):
        """What is wrong with its answers."""
        if self.url is None:
            self.process.kill()
            return [f"it did not start: {LOG.read_text(encoding='utf-8')[-2000:]}"]
        try:
            with urllib.request.urlopen(f"{self.url}/socket.io/?EIO=4&transport=polling", timeout=LIMIT_S) as answer:
                opened = answer.read(1)
        except OSError as error:
            return [f"{self.url}: {error}"]
        return [] if opened == b"0" else [f"no handshake: {opened}"]

    def pid(self):
        """The process that serves, as `parley status` tells; None when none does."""
        status, said = self.debian.run("parley", "status", "--json", "--data", "/var/lib/parley", user="parley")
        return json.loads(said)["pid"] if status == 0 else None

    def stop(self):
        """Ask it to leave, and wait for the end of all that it started: then its output ends."""
        pid = self.pid()
        if pid is None:
            self.process.kill()
            return ["parley status tells of no server"]
        os.kill(pid, signal.SIGTERM)
        try:
            self.process.communicate(timeout=LIMIT_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return ["it did not leave"]
        return [] if self.process.returncode == 0 else [f"exit status {self.process.returncode}: {LOG.read_text(encoding='utf-8')[-2000:]}"]


def check_installed(report, debian):
    version = re.search(r"version: '([^']*)'", (ROOT / "meson.build").read_text(encoding="utf-8")).group(1)
    report.check("parley version", debian.problems("parley", "version", says=f"^parley {re.escape(version)}$"))
    report.check("parley check", debian.problems("parley", "check", "--config", "/etc/parley/parley.yaml"))
    report.check("the system user and its folder", user_problems(debian))
    report.check("the manual page is where man looks", manual_problems(debian))
    report.check("the completion is where bash looks", debian.problems(
        "bash", "-n", "/usr/share/bash-completion/completions/parley"))
    report.check("an application is built with parley-dev", compile_echo(debian))
    service = Service(debian)
    report.check("the system user serves it", service.problems())
    report.check("a client is built with libparley-client-dev", compile_client(debian))
    report.check("it talks to the server", debian.problems("/opt/client-hello", service.url, says="(?m)^answered "))
    report.check("the command talks to the server", client_problems(debian, service.url))
    report.check("another installation upgrades the running server", upgrade_problems(debian, service))
    report.check("it leaves when told", service.stop())


def install_again(debian):
    return debian.problems("dpkg", "-i", *(f"/tmp/{package.name}" for package in packages()))


def reinstall_problems(debian):
    """What an operator wrote and what the server kept outlive another installation, as they do an upgrade."""
    config, kept = debian.root / "etc/parley/parley.yaml", debian.root / "var/lib/parley/kept"
    config.write_text("log.level: warn\n", encoding="utf-8")
    kept.write_text("a room", encoding="utf-8")
    problems = install_again(debian)
    return problems + [f"{path.name} is not what it was" for path, text in ((config, "log.level: warn\n"), (kept, "a room"))
                       if path.read_text(encoding="utf-8") != text]


def upgrade_problems(debian, service):
    """A server that runs is followed by another process at the same address."""
    before = service.pid()
    problems = install_again(debian)
    after = service.pid()
    return problems + service.problems() + ([] if before and after and before != after else [f"{before}, then {after}"])


def check_removal(report, debian, before):
    config = debian.root / "etc/parley/parley.yaml"
    report.check("another installation keeps what is there", reinstall_problems(debian))
    report.check("apt removes them", debian.problems("apt-get", "-qq", "-y", "remove", *NAMES))
    kept = [] if config.exists() and (debian.root / "var/lib/parley").is_dir() else ["not kept"]
    report.check("configuration and data are kept until they are purged", kept)
    for name in ("echo.so", "client-hello"):
        (debian.root / "opt" / name).unlink(missing_ok=True)
    report.check("apt purges what was kept, and what came along", debian.problems(
        "apt-get", "-qq", "-y", "purge", "--autoremove", "parley"))
    report.check("nothing is left behind", sorted(traces(debian) ^ before))


def check_all(report):
    making = Making()
    status, said = run(ROOT / "script/deb")
    built = sorted(path.name.partition("_")[0] for path in packages())
    report.check("script/deb builds the packages", [] if status == 0 and built == NAMES else [said[-3000:]])
    problems = making.wait()
    report.check("debootstrap makes a bare Debian 12", problems)
    if status != 0 or problems:
        return
    status, said = run("lintian", "--allow-root", "--fail-on", "error,warning", *DEB.glob("parley_*.changes"))
    report.check("lintian finds neither an error nor a warning", [] if status == 0 else [said])
    debian = BareDebian("root")
    before = traces(debian)
    problems = install(debian)
    report.check("apt installs them", problems)
    if not problems:
        check_installed(report, debian)
        check_removal(report, debian, before)
    debian.remove()


main_report = Report()
check_all(main_report)
main_report.exit()
