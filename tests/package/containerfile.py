"""A container file, read: stages with their instructions, as far as ours uses the language."""
import json
import re
import shlex
from dataclasses import dataclass, field


@dataclass
class Stage:
    image: str
    name: str
    steps: list = field(default_factory=list)  # (instruction, its text), in order

    def last(self, instruction):
        """The text of the last instruction of that kind: the one that counts."""
        return next((text for kind, text in reversed(self.steps) if kind == instruction), None)

    def command(self):
        """What runs, as words."""
        return words(self.last("ENTRYPOINT")) + words(self.last("CMD"))

    def health(self):
        """What asks for its health, as words."""
        return words(self.last("HEALTHCHECK").partition("CMD ")[2])


def read(text):
    """The stages, in order."""
    stages = []
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    for line in re.sub(r"\\\n\s*", "", "\n".join(lines)).splitlines():
        kind, _, rest = line.strip().partition(" ")
        if kind == "FROM":
            image, *name = re.split(r" +AS +", rest, flags=re.IGNORECASE)
            stages.append(Stage(image, name[0] if name else ""))
        else:
            stages[-1].steps.append((kind, rest.strip()))
    return stages


def words(text):
    """The words of CMD, ENTRYPOINT or COPY, in either form."""
    return json.loads(text) if text.startswith("[") else shlex.split(text)


def flags_and_words(text):
    """--flag=value in front, as a dictionary, and the rest."""
    flags = {}
    while text.startswith("--"):
        flag, _, text = text.partition(" ")
        name, _, value = flag[2:].partition("=")
        flags[name] = value
    return flags, words(text.strip())
