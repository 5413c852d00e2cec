"""What the program says about itself: commands, flags and settings, read from its own rows. The manual pages, the
completion and the example configuration are made of them, so that none of these can lack what the program has."""
import json
import os
import subprocess


def _ask(parley, *words):
    env = {name: value for name, value in os.environ.items() if not name.startswith("PARLEY_")}
    return json.loads(subprocess.run([parley, *words, "--json"], env=env, check=True, capture_output=True).stdout)


# When a changed value counts, in words. A word of the program's that is not here stops the build.
CHANGE = {
    "at once": "at once after `parley reload`",
    "new connections": "for new connections after `parley reload`",
    "restart": "from the next start",
}


class Rows:
    """commands: {name, words, summary, flags}; flags: every one once; settings: {name, value, ...}, all at defaults."""

    def __init__(self, parley):
        answer = _ask(parley, "help")
        self.version = answer["version"]
        self.commands = answer["commands"]
        self.flags = list({flag["name"]: flag for command in self.commands for flag in command["flags"]}.values())
        self.settings = _ask(parley, "check")

    def choices_of(self, flag):
        """The values of a flag that gives a setting of few values; else nothing."""
        found = [row["choices"] for row in self.settings if row["name"] == flag["setting"]]
        return found[0] or [] if found else []
