"""What the checks of this folder share: counting, and the list of files."""
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]


class Report:
    """Counts checks, shows what is wrong, and ends as cmocka does, since script/test reads that."""

    def __init__(self):
        self.passed = 0
        self.failed = 0

    def check(self, title, problems):
        """One check, which passes when the list of problems is empty."""
        for problem in problems:
            print(f"  {problem}")
        print(f"{'FAILED' if problems else 'ok'}: {title}")
        self.failed += bool(problems)
        self.passed += not problems

    def exit(self):
        print(f"[  PASSED  ] {self.passed} test(s).")
        if self.failed > 0 or self.passed == 0:
            print(f"[  FAILED  ] {max(self.failed, 1)} test(s), listed above")
            sys.exit(1)
        sys.exit(0)


def sources(*patterns):
    """Files of the tree by patterns, as paths relative to its root, sorted."""
    return sorted({path.relative_to(ROOT) for pattern in patterns for path in ROOT.glob(pattern)})


def text_of(path):
    return (ROOT / path).read_text(encoding="utf-8")


def exists(path):
    return (ROOT / path).exists()


def run(*command, **options):
    """Run a command; returns (exit status, what it printed)."""
    done = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False, **options)
    return done.returncode, done.stdout
