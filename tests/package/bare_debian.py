"""A bare Debian 12 in a folder: made by debootstrap once, kept in build/deb/base, copied for each use. Needs root."""
import os
import re
import shlex
import shutil
import subprocess

from report import ROOT, run

DEB = ROOT / "build/deb"
BASE = DEB / "base"
BASE_IS_WHOLE = DEB / "base.is-whole"
LOG = DEB / "debootstrap.log"


class Making:
    """The making of the base, in the background, unless there is one already."""

    def __init__(self):
        self.process = None
        DEB.mkdir(parents=True, exist_ok=True)
        if not BASE_IS_WHOLE.exists():
            shutil.rmtree(BASE, ignore_errors=True)
            with open(LOG, "w", encoding="utf-8") as log:
                self.process = subprocess.Popen(
                    ["debootstrap", "--variant=minbase", "bookworm", BASE, "http://deb.debian.org/debian"],
                    stdout=log, stderr=subprocess.STDOUT)

    def wait(self):
        """What went wrong."""
        if self.process is not None and self.process.wait() != 0:
            return [LOG.read_text(encoding="utf-8")[-2000:]]
        BASE_IS_WHOLE.touch()
        return []


class BareDebian:
    """One copy of the base, or of another copy, that may be changed at will."""

    def __init__(self, name, source=None):
        self.root = DEB / name
        self.remove()
        status, said = run("cp", "-a", "--reflink=auto", source.root if source else BASE, self.root)
        if status != 0:
            raise RuntimeError(said)

    def command(self, *words, user=None):
        """The words of a command that runs in there, as root or as USER or USER:GROUP, with a /proc that is gone when
        all its processes are."""
        who = ["--userspec", user if ":" in user else f"{user}:{user}"] if user else []
        script = f"mount -t proc proc {shlex.quote(str(self.root))}/proc && exec chroot \"$@\""
        return ["unshare", "--mount", "sh", "-c", script, "sh", *who, str(self.root), *words]

    def environment(self):
        proxies = {name: value for name, value in os.environ.items() if name.lower().endswith("_proxy")}
        return {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8",
                "DEBIAN_FRONTEND": "noninteractive", **proxies}

    def run(self, *words, user=None):
        """Returns (exit status, what it printed)."""
        return run(*self.command(*words, user=user), env=self.environment())

    def problems(self, *words, user=None, says=""):
        """Nothing when the command succeeds and says what it should."""
        status, said = self.run(*words, user=user)
        good = status == 0 and re.search(says, said)
        return [] if good else [f"{' '.join(words)}: status {status}: {said[-2000:]}"]

    def remove(self):
        shutil.rmtree(self.root, ignore_errors=True)
