"""Other rules over the same raw data; and what `timeout_sensitivity` says, really built."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from pathlib import Path

import projects
import pytest

from containment.commands import compare_rules
from containment.commands.compare_rules import EVERY_CHANNEL, Rules
from containment.settings import lookups, settings

RATES = """
    select channel, count(*) filter (where is_contained), count(is_contained), count(*)
    from marts.sessions group by rollup (channel) order by channel
"""
SENSITIVITY = """
    select
        nullif(channel, '*') as channel, contained_sessions, closed_sessions,
        closed_sessions + open_sessions
    from marts.timeout_sensitivity where timeout_minutes = {} order by channel
"""


def compare(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run scripts/compare-rules."""
    return subprocess.run(
        [sys.executable, str(projects.ROOT / "scripts" / "compare-rules"), *arguments],
        env={**os.environ, "CONTAINMENT_VENV": sys.prefix},
        text=True,
        capture_output=True,
    )


def listed(folder: Path) -> dict[Path, int]:
    """Every file below a folder with the time of its last change."""
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}


def test_both_headlines_and_the_sessions_that_differ(sample: Path, tmp_path: Path) -> None:
    before = listed(sample)
    file = tmp_path / "changed.csv"
    done = compare("--timeout", "chat=1", "--vars", "{courtesy_minutes: 5}", "--csv", str(file))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "66.2 % (1,022 of 1,542)" in done.stdout
    assert listed(sample) == before
    with file.open(encoding="utf-8", newline="") as opened:
        changed = list(csv.DictReader(opened))
    counted = dict.fromkeys(compare_rules.CHANGE_MEANS, 0)
    for row in changed:
        counted[row["change"]] += 1
    assert f"{len(changed):,} differ:" in done.stdout
    for change, means in compare_rules.CHANGE_MEANS.items():
        assert f"{counted[change]:,} {means}" in done.stdout, change


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        ((), "nothing to compare: name another rule with --timeout or --vars"),
        (("--vars", "{courtesy_minutes: 0}"), "nothing to compare: name another rule"),
        (
            ("--timeout", "chat:6"),
            "--timeout: 'chat:6' is not a timeout; write whole minutes from 1 to",
        ),
        (("--timeout", "chat=0"), "--timeout: 'chat=0' is not a timeout"),
        (
            ("--timeout", "1", "--csv", "no/a.csv"),
            "--csv no/a.csv: no such folder; make it, or name",
        ),
        (("--vars", "{courtesy: 5}"), "--vars: no setting 'courtesy'; did you mean"),
        (("--channel", "chat"), "No such option"),
    ],
)
def test_what_cannot_be_compared_is_said_in_one_line(arguments: tuple[str, ...], line: str) -> None:
    done = compare(*arguments)
    assert done.returncode == 2
    assert done.stderr.startswith(f"error: {line}") and done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    "minutes", [60, *(pytest.param(minutes, marks=pytest.mark.heavy) for minutes in (5, 4320))]
)
def test_sensitivity_is_what_a_build_with_that_timeout_gives(
    sample: Path, tmp_path: Path, minutes: int
) -> None:
    given = settings.load(projects.ROOT, {}, None, {})
    built = compare_rules.build(
        Rules(given, lookups.load(projects.ROOT), {EVERY_CHANNEL: minutes}), tmp_path
    )
    told = projects.rows(sample / "published" / "containment.duckdb", SENSITIVITY.format(minutes))
    assert [tuple(row.values()) for row in told] == [
        tuple(row.values()) for row in projects.rows(built, RATES)
    ]
