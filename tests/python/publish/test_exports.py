"""scripts/publications --export: a publication that stays, and what shows a vendor its claims."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import projects
import pytest

from containment.common.errors import Stop
from containment.common.places import Home
from containment.publish import checksums, exported, publish
from containment.runs import run_lock

SCRIPTS = projects.ROOT / "scripts"
NAME = "bill-2026-09"
FIGURE = "select verdict, count(*) as claims from claims_audited group by all order by all"


@pytest.fixture
def home(sample: Path, tmp_path: Path) -> Home:
    """A home with the sample's publication."""
    shutil.copytree(sample / "published", tmp_path / "published", symlinks=True)
    (tmp_path / "warehouse").mkdir()
    return Home(tmp_path)


def command(home: Home, script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(SCRIPTS / script), "--home", str(home.folder), *arguments],
        env={**os.environ, "CONTAINMENT_VENV": sys.prefix},
        capture_output=True,
        text=True,
        check=False,
    )


def test_an_export_gives_the_same_figures_when_the_publication_is_gone(home: Home) -> None:
    expected = command(home, "query", FIGURE, "--json").stdout
    done = command(home, "publications", "--export", NAME)
    assert done.returncode == 0, done.stderr
    assert NAME in command(home, "publications").stdout
    shutil.rmtree(publish.versions(home.published))
    found = command(home, "query", FIGURE, "--json", "--publication", NAME)
    assert json.loads(found.stdout) == json.loads(expected)
    assert {row["verdict"] for row in json.loads(expected)} > {"agreed", "not ours"}


def test_each_row_of_evidence_proves_what_it_is_made_of(home: Home) -> None:
    done = command(home, "publications", "--export", NAME)
    export = home.published / exported.FOLDER / NAME
    assert checksums.damage(export / exported.COPY) == []
    sums = (export / exported.COPY / checksums.FILE).read_bytes()
    digest = hashlib.sha256(sums).hexdigest()
    assert digest in done.stdout
    with (export / exported.CSV).open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    seen = publish.current(home.published)
    assert {(row["publication"], row["publication_sha256"]) for row in rows} == {(seen, digest)}
    (case, *_), *_ = rows, ()
    assert case["claim_id"] == "case-01-k01" and case["message_id"] == ""
    messages = [row["message_id"] for row in rows if row["claim_id"] == "founding-article-k02"]
    # The escalated session, and people's handling of it.
    assert messages == [f"founding-article-m{number:02d}" for number in range(5, 10)]
    assert zipfile.is_zipfile(export / exported.XLSX)


def test_an_export_never_changes(home: Home) -> None:
    seen = publish.current(home.published) or ""
    target, rows = exported.export(home.published, seen, NAME)
    assert rows > 600
    with pytest.raises(Stop, match="exists already"):
        exported.export(home.published, seen, NAME)
    assert exported.names(home.published) == [target.name]


@pytest.mark.parametrize("name", ["", "..", "../x", ".new-x", "a b", "a/b"])
def test_a_name_that_is_none(home: Home, name: str) -> None:
    done = command(home, "publications", "--export", name)
    assert done.returncode == 2
    assert done.stderr.startswith("error: no name for an export: ")


def test_a_damaged_publication_is_not_exported(home: Home) -> None:
    seen = publish.current(home.published) or ""
    with (publish.versions(home.published) / seen / publish.REPORT).open("a") as file:
        file.write(" ")
    with pytest.raises(Stop, match=r"damaged \(report.html is not as it was written\)"):
        exported.export(home.published, seen, NAME)
    assert list((home.published / exported.FOLDER).iterdir()) == []


def test_not_while_a_night_is_at_work(home: Home) -> None:
    with run_lock.held(home.lock):
        assert command(home, "publications", "--export", NAME).returncode == 3
    assert exported.names(home.published) == []


def test_without_a_publication_or_beside_the_list(tmp_path: Path, home: Home) -> None:
    done = command(home, "publications", "--export", NAME, "--json")
    assert "--export goes alone" in done.stderr
    done = command(Home(tmp_path / "none"), "publications", "--export", NAME)
    assert "nothing is published here" in done.stderr


def test_a_publication_that_is_not_there(home: Home) -> None:
    command(home, "publications", "--export", NAME)
    done = command(home, "query", FIGURE, "--publication", "bill-2026-08")
    assert done.returncode == 2
    assert f"no publication 'bill-2026-08'; did you mean '{NAME}'?" in done.stderr
