"""A private copy of the project, built on raw rows that a test gives it."""

from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import pytest
from _pytest.mark.structures import ParameterSet

from containment.settings import source_yml

ROOT = Path(__file__).resolve().parents[2]
PARTS = (".dbtignore", "dbt_project.yml", "profiles.yml", "models", "macros", "seeds", "tests")
SEEDED_SOURCE = "sample"  # raw rows as dbt seeds
FILES_SOURCE = "files"  # raw rows as files in a folder
CONTRACT = {table.name: tuple(table.columns) for table in source_yml.declared(ROOT, FILES_SOURCE)}
# The seeds of the sample also have its attributes.
SEEDED = {**CONTRACT, "conversations": (*CONTRACT["conversations"], "language", "variant")}

Rows = Sequence[Mapping[str, Any]]


def copy_project(folder: Path) -> Path:
    """Copy what dbt needs of the project into `folder`, give that folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for part in PARTS:
        source = ROOT / part
        if source.is_dir():
            ignored = shutil.ignore_patterns("python", "consumer", "mutations", "__pycache__")
            shutil.copytree(source, folder / part, ignore=ignored, dirs_exist_ok=True)
        else:
            shutil.copy(source, folder / part)
    return folder


def copy_runnable_project(folder: Path) -> Path:
    """Copy the project with its commands into `folder`, give that folder."""
    copy_project(folder)
    for part in ("scripts", "analyses"):
        shutil.copytree(ROOT / part, folder / part)
    return folder


def write_csv(path: Path, columns: Sequence[str], rows: Rows) -> None:
    """Write rows with a header; null becomes an empty field. Other columns are left out."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns, extrasaction="ignore", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def write_jsonl(path: Path, rows: Rows) -> None:
    """Write one JSON object a line."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    path.write_text(lines, encoding="utf-8")


def write_lookups(
    seeds: Path,
    timeout_minutes: Mapping[str, int],
    boundaries: Mapping[tuple[str, str], str],
    prices: Rows = (),
    claim_outcomes: Mapping[tuple[str, str], bool] | None = None,
) -> None:
    """Write the seeds that analysts edit."""
    write_csv(
        seeds / "channel_policies.csv",
        ("channel", "timeout_minutes"),
        [{"channel": each, "timeout_minutes": value} for each, value in timeout_minutes.items()],
    )
    write_csv(
        seeds / "event_types.csv",
        ("source", "event_type", "boundary"),
        [
            {"source": source, "event_type": event_type, "boundary": boundary}
            for (source, event_type), boundary in boundaries.items()
        ],
    )
    if claim_outcomes is not None:
        write_csv(
            seeds / "claim_outcomes.csv",
            ("source", "outcome", "is_claim"),
            [
                {"source": source, "outcome": outcome, "is_claim": str(is_claim).lower()}
                for (source, outcome), is_claim in claim_outcomes.items()
            ],
        )
    costs = ("contact_cost", "session_cost", "currency")
    write_csv(seeds / "prices.csv", ("source", "channel", "from_date", "to_date", *costs), prices)


def dbt(
    project: Path, home: Path, *arguments: str, scratch: Path | None = None, **dbt_vars: Any
) -> str:
    """Run dbt on a project with the warehouse of a home; give what it said, fail when it fails.

    scratch: a file for the tables that otherwise are in memory and gone with the build.
    """
    (home / "warehouse").mkdir(parents=True, exist_ok=True)
    command = [
        *(sys.executable, "-c", "from dbt.cli.main import cli; cli()", "--warn-error"),
        *("--no-use-colors", *arguments, "--project-dir", str(project)),
        *("--profiles-dir", str(project), "--target-path", str(home / "target")),
        *("--log-path", str(home / "logs"), "--vars", json.dumps(dbt_vars)),
    ]
    environment = {**os.environ, "CONTAINMENT_HOME": str(home)}
    if scratch is not None:
        environment["CONTAINMENT_SCRATCH"] = str(scratch)
    done = subprocess.run(command, cwd=project, env=environment, text=True, capture_output=True)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    return done.stdout


def nightly(
    home: Path, *arguments: str, root: Path = ROOT, venv: str | Path = sys.prefix
) -> subprocess.CompletedProcess[str]:
    """Run scripts/nightly with a home of its own, in this venv or another."""
    return subprocess.run(
        [sys.executable, str(root / "scripts" / "nightly"), "--home", str(home), *arguments],
        env={**os.environ, "CONTAINMENT_VENV": str(venv)},
        text=True,
        capture_output=True,
    )


def start_night(home: Path, *arguments: str) -> subprocess.Popen[str]:
    """Start scripts/nightly, give its process once dbt is at work; its group is its own."""
    night = subprocess.Popen(
        [sys.executable, str(ROOT / "scripts" / "nightly"), "--home", str(home), *arguments],
        env={**os.environ, "CONTAINMENT_VENV": sys.prefix},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert night.stdout is not None
    while not night.stdout.readline().startswith("build and test"):
        assert night.poll() is None
    return night


def few_now(values: Iterable[Any], count: int) -> list[ParameterSet]:
    """Parameters of a test: the first few as they are, the others marked `long`."""
    return [
        pytest.param(
            *(value if isinstance(value, tuple) else (value,)),
            marks=[pytest.mark.long] if number >= count else [],
        )
        for number, value in enumerate(values)
    ]


def rows(database: Path, query: str) -> list[dict[str, Any]]:
    """Run a query on a database file that nobody writes, give its rows as dicts."""
    with duckdb.connect(str(database), read_only=True) as connection:
        cursor = connection.execute(query)
        names = [column[0] for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
