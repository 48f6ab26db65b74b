"""Lay down what a new raw system needs, ready to fill: its staging folder and its fixture."""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

from containment.console import fail, say
from containment.errors import UNUSABLE, Stop
from containment.places import PROJECT
from containment.shown import quoted

TEMPLATES = Path(__file__).with_name("templates") / "source"
PLACEHOLDER = "newsource"
NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")


def lay(name: str, root: Path = PROJECT) -> list[Path]:
    """Take the name of a system, write its files; give them. Stop when it is none or is there."""
    if not NAME.fullmatch(name):
        raise Stop(f"{quoted(name)} cannot name a source; write lower case letters, digits and _")
    staging = root / "models" / "staging" / name
    fixture = root / "tests" / "python" / f"{name}_fixture.py"
    for there in (staging, fixture):
        if there.exists():
            raise Stop(f"{there.relative_to(root)} is there already; choose another name")
    written = []
    for template in sorted(TEMPLATES.iterdir()):
        if not template.is_file():
            continue
        file = staging / template.name.replace(PLACEHOLDER, name)
        if template.suffix == ".py":
            file = fixture
        file.parent.mkdir(parents=True, exist_ok=True)
        content = template.read_text(encoding="utf-8").replace(PLACEHOLDER, name)
        file.write_text(content, encoding="utf-8")
        written.append(file)
    return written


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(
        prog="scripts/new-source",
        description="Lay down models/staging/NAME and a fixture, ready to fill "
        "(CONTRIBUTING, 'add a source').",
    )
    parser.add_argument("name", metavar="NAME", help="the system, in lower case")
    name = parser.parse_args().name
    try:
        for file in lay(name):
            say(str(file.relative_to(PROJECT)))
    except Stop as error:
        fail(str(error))
        sys.exit(UNUSABLE)
    say(f"now declare its tables, map them, and: scripts/nightly --source {name} --raw-path DIR")
