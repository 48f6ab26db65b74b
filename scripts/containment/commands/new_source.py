"""Lay down what a new raw system needs, ready to fill: staging folder, unit test, fixture."""

from __future__ import annotations

import re
from pathlib import Path

import click

from containment.commands import command_line
from containment.common.console import say
from containment.common.errors import Stop
from containment.common.places import PROJECT
from containment.common.shown import quoted
from containment.settings.source_yml import STAGING

TEMPLATES = Path(__file__).resolve().parents[1] / "templates" / "source"
PLACEHOLDER = "newsource"
NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")


def lay(name: str, root: Path = PROJECT) -> list[Path]:
    """Take the name of a system, write its files; give them. Stop when it is none or is there."""
    if not NAME.fullmatch(name):
        raise Stop(f"{quoted(name)} cannot name a source; write lower case letters, digits and _")
    staging, tests = root / STAGING / name, root / "tests"
    unit_tests = tests / "unit" / "staging" / name
    elsewhere = {
        f"{PLACEHOLDER}_fixture.py": tests / "python" / f"{name}_fixture.py",
        f"{PLACEHOLDER}_unit_tests.yml": unit_tests / f"stg_{name}__messages.yml",
    }
    for there in (staging, *elsewhere.values()):
        if there.exists():
            raise Stop(f"{there.relative_to(root)} exists already; choose another name")
    written = []
    for template in sorted(TEMPLATES.iterdir()):
        if not template.is_file():
            continue
        file = elsewhere.get(template.name, staging / template.name.replace(PLACEHOLDER, name))
        file.parent.mkdir(parents=True, exist_ok=True)
        content = template.read_text(encoding="utf-8").replace(PLACEHOLDER, name)
        file.write_text(content, encoding="utf-8")
        written.append(file)
    return written


@click.command(
    context_settings=command_line.CONTEXT,
    epilog="Exit codes: 0 written; 2 the name cannot be used.",
)
@click.argument("name", metavar="NAME")
def command(name: str) -> None:
    """Write models/staging/NAME, a unit test and a fixture, ready to fill in.

    CONTRIBUTING.md, "add a source", says what comes next.

    NAME is the system, in lower case.
    """
    for file in lay(name):
        say(str(file.relative_to(PROJECT)))
    say(
        f"now declare its tables, map them, and run: scripts/nightly --source {name} --raw-path DIR"
    )


def main() -> None:
    """Run the command line; every end is an exit code and, where it is not 0, one line."""
    command_line.run(command, "new-source")
