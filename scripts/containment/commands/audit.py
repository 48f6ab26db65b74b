"""scripts/audit: what is known against the packages of the locks, and the list of the nightly's.

pip-audit asks the advisory database, cyclonedx-bom writes the list; both run as commands, for that
is what they promise to keep. What they say on the way is not repeated: it may hold a proxy's
password. An answer counts only for the packages that it names.
"""

from __future__ import annotations

import importlib.util
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from containment.commands import command_line
from containment.common.console import fail, say
from containment.common.errors import UNUSABLE, Stop, one_line
from containment.common.places import PROJECT

KNOWN, UNCHECKED = 1, 3
NIGHTLY = "requirements.lock"
TESTS = "tests/"  # locks under it are for one test's throw-away venv
SECONDS_PER_ANSWER = 15
SECONDS_IN_ALL = 900
MOST_NAMED = 10
HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}")
NO_TEXT = re.compile(r"[^A-Za-z0-9.:_-]")  # of an advisory's id: it comes from outside
# A word of the error that pip-audit ends with, and what it means; the first that is found.
REASONS = {
    "ProxyError": "the proxy does not let it through",
    "SSLError": "its certificate is not trusted",
    "NameResolutionError": "its name is not known here",
    "Timeout": "no answer in time",
    "Could not connect": "no answer in time",
    "ConnectionError": "no connection",
    "JSONDecodeError": "the answer is none of a database's",
    "HTTPError": "it answers with an error",
}

Package = tuple[str, str]  # name and version, both in their normal form


@dataclass(frozen=True)
class Locks:
    """The packages of all locks, with the locks of each, and what is wrong with a lock's lines."""

    found: Mapping[Package, Sequence[str]]
    faults: Sequence[str]


@dataclass(frozen=True)
class Advisory:
    """A known vulnerability of one version: its ids, the best known first, and what is mended."""

    ids: Sequence[str]
    fixed_in: Sequence[str]


@click.command(
    context_settings=command_line.CONTEXT,
    epilog="Exit codes: 0 nothing is known against a lock (or the SBOM is written); 1 something "
    "is, or a lock has a package without a hash; 2 wrong use, or a lock that cannot be read; 3 the "
    "advisory database cannot be reached, or does not know all packages. What is known of the "
    "locks of single tests (below tests/) is listed and leaves the exit code alone.",
)
@click.option(
    "--sbom",
    metavar="FILE",
    help="Instead, write the packages of requirements.lock, which a nightly run uses, "
    "as CycloneDX JSON into FILE (- is stdout). Nothing is asked of the network, and the same lock "
    "gives the same bytes.",
)
def command(sbom: str | None) -> int:
    """Check the packages of all locks, for every version of Python, against the advisory database.

    pip-audit does it; its variables PIP_AUDIT_VULNERABILITY_SERVICE and PIP_AUDIT_OSV_URL choose
    another database.
    """
    return _write_sbom(PROJECT, sbom) if sbom is not None else _audit(PROJECT)


def read(root: Path) -> Locks:
    """Return the packages of all locks of a project; raise Stop if one cannot be read.

    Markers are ignored, so that every version counts that any Python may install.
    """
    found: dict[Package, list[str]] = {}
    faults: list[str] = []
    for path in _lock_files(root):
        name = path.relative_to(root).as_posix()
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            why = one_line(error) if isinstance(error, OSError) else "no text in UTF-8"
            raise Stop(f"{name}: cannot be read ({why}); restore it") from None
        packages = list(_requirements(name, text))
        if not packages:
            raise Stop(f"{name}: holds no packages; restore it, or run scripts/lock")
        for line, package, is_hashed in packages:
            if name not in found.setdefault(package, []):
                found[package].append(name)
            if not is_hashed:
                said = " ".join(package)
                faults.append(f"{name}, line {line}: {said} has no sha256; run scripts/lock")
    return Locks(found, faults)


def ask(packages: Collection[Package]) -> dict[Package, list[Advisory]]:
    """Return the advisories of each package that the database knows; Stop if it cannot."""
    with tempfile.TemporaryDirectory(prefix="containment-audit-") as folder:
        # As a pylock.toml, for pip-audit takes only one version of a package from requirements.
        pylock = ['lock-version = "1.0"', 'created-by = "scripts/audit"', "packages = ["]
        pylock += [f'{{name = "{name}", version = "{version}"}},' for name, version in packages]
        Path(folder, "pylock.toml").write_text("\n".join([*pylock, "]\n"]), encoding="utf-8")
        # A cache of its own: an old answer is none.
        options = ["--format=json", "--output=-", "--desc=off", "--progress-spinner=off"]
        options += [f"--timeout={SECONDS_PER_ANSWER}", f"--cache-dir={folder}/cache"]
        done = _run("pip_audit", "--locked", folder, *options, seconds=SECONDS_IN_ALL)
    if done.returncode == UNUSABLE:
        raise Stop("pip-audit refuses its settings; check the variables PIP_AUDIT_...")
    try:
        answers = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError, TypeError):
        raise _unreached(_reason(done.stderr)) from None
    known = {
        (answer["name"], answer["version"]): [_advisory(each) for each in answer["vulns"]]
        for answer in answers
        if "vulns" in answer
    }
    if not any(package in known for package in packages):
        raise _unreached(f"what answers knows none of the {len(packages)} packages")
    return known


def _audit(root: Path) -> int:
    locks = read(root)
    for line in locks.faults:
        fail(line)
    files = {lock for names in locks.found.values() for lock in names}
    say(f"checking {len(locks.found)} packages of {len(files)} locks ...")
    try:
        known = ask(sorted(locks.found))
    except Stop as error:
        fail(str(error))
        return KNOWN if locks.faults else error.exit_code
    exit_code = KNOWN if locks.faults else 0
    counted = 0
    for package, names in sorted(locks.found.items()):
        is_installed = not all(name.startswith(TESTS) for name in names)
        for advisory in known.get(package, ()):
            say(_told(package, advisory, names, is_installed))
            counted += 1
            if is_installed:
                exit_code = KNOWN
    unchecked = [" ".join(package) for package in sorted(locks.found) if package not in known]
    say(
        f"{counted or 'no'} known {'vulnerability' if counted == 1 else 'vulnerabilities'} in "
        f"{len(locks.found) - len(unchecked)} packages"
    )
    if unchecked:
        more = len(unchecked) - MOST_NAMED
        named = ", ".join(unchecked[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
        fail(f"not checked, for the advisory database does not know them: {named}")
        return exit_code or UNCHECKED
    return exit_code


def _told(package: Package, advisory: Advisory, names: Sequence[str], is_installed: bool) -> str:
    first, *others = advisory.ids
    also = f" ({', '.join(others)})" if others else ""
    fixed = f"fixed in {', '.join(advisory.fixed_in)}" if advisory.fixed_in else "no fix yet"
    whose = "" if is_installed else " (only a test's)"
    return f"{' '.join(package)}: {first}{also}; {fixed}; in {', '.join(names)}{whose}"


def _write_sbom(root: Path, target: str) -> int:
    for fault in read(root).faults:
        raise Stop(fault)
    with tempfile.TemporaryDirectory(prefix="containment-audit-") as folder:
        made = Path(folder, "sbom.json")
        arguments = ("--pyproject", str(root / "pyproject.toml"), "--mc-type=application")
        options = ("--output-reproducible", "--validate", "--output-file", str(made))
        done = _run("cyclonedx_py", "requirements", *arguments, *options, str(root / NIGHTLY))
        if done.returncode:
            raise Stop(
                f"cyclonedx-bom can make no SBOM of {NIGHTLY} and pyproject.toml; check both"
            )
        text = made.read_text(encoding="utf-8")
    if target == "-":
        sys.stdout.write(text)
        return 0
    path = Path(os.path.abspath(Path(target).expanduser()))
    path.write_text(text, encoding="utf-8")
    written = json.loads(text)
    say(
        f"{path}: the {len(written['components'])} packages of {NIGHTLY}, CycloneDX "
        f"{written['specVersion']}"
    )
    return 0


def _lock_files(root: Path) -> list[Path]:
    below = [*sorted((root / "locks").glob("*.lock")), *sorted((root / TESTS).rglob("*.lock"))]
    return [root / NIGHTLY, *below]


def _requirements(name: str, text: str) -> Iterator[tuple[int, Package, bool]]:
    """Each requirement of a lock: its line, its package, and whether every file of it is hashed."""
    number = 1
    for line in re.split(r"(?<!\\)\n", text):
        start, number = number, number + line.count("\n") + 1
        words = line.replace("\\\n", " ").strip()
        if not words or words.startswith("#"):
            continue
        written, *hashes = re.split(r"\s(?=--)", words)
        try:
            requirement = Requirement(written)
            [pin] = requirement.specifier
            if pin.operator != "==":
                raise InvalidRequirement(written)
            package = (canonicalize_name(requirement.name), str(Version(pin.version)))
        except (InvalidRequirement, InvalidVersion, ValueError):
            raise Stop(f"{name}, line {start}: no pinned package; run scripts/lock") from None
        yield start, package, bool(hashes) and all(HASH.fullmatch(each.strip()) for each in hashes)


def _run(
    module: str, *arguments: str, seconds: float | None = None
) -> subprocess.CompletedProcess[str]:
    if importlib.util.find_spec(module) is None:
        raise Stop(
            f"{sys.prefix}: has no {module}; install locks/audit.lock there, or unset "
            "CONTAINMENT_VENV"
        )
    try:
        return subprocess.run(
            [sys.executable, "-m", module, *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=seconds,
        )
    except subprocess.TimeoutExpired:
        raise _unreached(f"not done within {SECONDS_IN_ALL // 60} minutes") from None


def _reason(said: str) -> str:
    """Why pip-audit gave no answer: by the kind of its error, never by its text."""
    return next((words for kind, words in REASONS.items() if kind in said), "pip-audit failed")


def _unreached(reason: str) -> Stop:
    return Stop(
        f"the advisory database cannot be reached ({reason}); nothing was checked", UNCHECKED
    )


def _advisory(answer: Mapping[str, Any]) -> Advisory:
    ids: Iterable[str] = [answer["id"], *sorted(answer.get("aliases", ()))]
    return Advisory(
        [NO_TEXT.sub("", each) for each in ids],
        [NO_TEXT.sub("", each) for each in answer["fix_versions"]],
    )


def main() -> None:
    """Run the command line; every end is an exit code and, where it is not 0, one line."""
    command_line.run(command, "audit")
