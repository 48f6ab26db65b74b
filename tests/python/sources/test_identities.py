"""Persons over sources: what a night makes of the raw table `identities`, and of its changes."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import duckdb
import faults
import projects
import pytest

from containment.common.errors import UNUSABLE
from containment.raw import hashed_ids, in_folder, views
from containment.settings.lookups import Lookups
from containment.settings.source_yml import IDENTITIES

CONVERSATIONS = """conversation_id,channel,customer_id
chat,chat,chat 7
mail,email,mail 9
"""
# Contained in the chat; an hour later the customer writes to people.
MESSAGES = """message_id,conversation_id,author_type,sent_at
1,chat,customer,2026-01-01T10:00:00Z
2,chat,bot,2026-01-01T10:01:00Z
3,mail,customer,2026-01-01T11:00:00Z
4,mail,agent,2026-01-01T11:30:00Z
5,mail,system,2026-02-01T10:00:00Z
"""
EVENTS = """event_id,conversation_id,event_type,occurred_at
1,chat,resolved,2026-01-01T10:02:00Z
"""
RETURN = "select recontact_kind, is_recontacted_7d from marts.sessions"
BACK = {"recontact_kind": "human", "is_recontacted_7d": True}
NOT_BACK = {"recontact_kind": None, "is_recontacted_7d": False}
CUT = "select conversations_cut from marts.run_log order by run_id desc limit 1"
FINDINGS = "select source, finding, row_count from marts.data_quality where finding like '%{}%'"


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with few tests, so that nights are short."""
    folder = tmp_path_factory.mktemp("lean") / "project"
    return faults.copy_lean_project(folder, allow_fewer=False)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, content in (
        ("conversations", CONVERSATIONS),
        ("messages", MESSAGES),
        ("events", EVENTS),
    ):
        (tmp_path / "raw").mkdir(exist_ok=True)
        (tmp_path / "raw" / f"{name}.csv").write_text(content)
    return tmp_path


def identities(folder: Path, *rows: str) -> None:
    (folder / IDENTITIES).mkdir(exist_ok=True)
    lines = ["source,customer_id,person_id", *rows]
    (folder / IDENTITIES / "identities.csv").write_text("\n".join(lines) + "\n")


def night(root: Path, folder: Path, placed: bool = True) -> subprocess.CompletedProcess[str]:
    tables = {IDENTITIES: {"path": str(folder / IDENTITIES)}} if placed else {}
    options = ("--source", "files", "--raw-path", str(folder / "raw"))
    given = ("--vars", json.dumps({"source_tables": tables, "max_row_drop_share": 1}))
    return projects.nightly(folder / "home", *options, *given, root=root)


def published(folder: Path, query: str) -> list[dict]:
    return projects.rows(folder / "home" / "published" / "containment.duckdb", query)


def test_persons_that_come_change_and_go_cut_nothing_again(root: Path, folder: Path) -> None:
    def lived(expected: dict, cut: int = 0, placed: bool = True) -> None:
        done = night(root, folder, placed)
        assert done.returncode == 0, done.stderr
        assert published(folder, RETURN) == [expected]
        assert published(folder, CUT) == [{"conversations_cut": cut}]

    lived(NOT_BACK, cut=2, placed=False)
    identities(folder, "files,chat 7,Ada", " Files ,mail 9 ,Ada", "files,mail 9,Zoe", "desk,1,Ada")
    lived(BACK)
    reconciled = "select * from marts.row_reconciliation where source = 'identities'"
    assert published(folder, reconciled) == [
        {
            "source": IDENTITIES,
            "table_name": IDENTITIES,
            "rows_read": 4,
            "rows_used": 3,
            "rows_duplicate": 1,
            "rows_rejected": 0,
        }
    ]
    assert published(folder, FINDINGS.format("person")) == [
        {"source": "files", "finding": "customers_of_several_persons", "row_count": 1},
    ]
    assert published(folder, FINDINGS.format("identities")) == [
        {"source": IDENTITIES, "finding": "identities_of_unknown_source", "row_count": 1},
    ]
    identities(folder, "files,chat 7,Ada", "files,mail 9,Zoe")  # moves to another person
    lived(NOT_BACK)
    identities(folder, "files,chat 7,Zoe", "files,mail 9,Zoe", "files,,Zoe")
    lived(BACK)
    assert published(folder, "select table_name, reason from marts.rejected_rows") == [
        {"table_name": IDENTITIES, "reason": "missing_id"}
    ]
    lived(NOT_BACK, placed=False)


def test_a_place_that_is_not_there_stops_the_run(root: Path, folder: Path) -> None:
    done = night(root, folder)
    assert done.returncode == UNUSABLE
    assert "source_tables of identities" in done.stderr and "no such folder" in done.stderr
    (folder / IDENTITIES).mkdir()
    done = night(root, folder)
    assert done.returncode == UNUSABLE and "no identities* file" in done.stderr


def test_customers_of_a_source_with_hashed_ids_are_hashed_alike(tmp_path: Path) -> None:
    """Their plain ids may be phone numbers; those of other sources stay as they are."""
    identities(tmp_path, "rasa,+49 170,Ada", "Rasa\u00a0,7.0,Ada", "files,+49 170,Ada", ",7,Ada")
    found = in_folder.inspect(tmp_path / IDENTITIES, Lookups(frozenset(), frozenset()), IDENTITIES)
    salt = "a salt of more than sixteen"
    raw = hashed_ids.hashed_identities(found, ("files",), salt)
    with duckdb.connect() as connection:
        views.write_views(raw, connection)
        query = "select customer_id from raw.identities_identities order by rowid"
        rows = [row[0] for row in connection.execute(query).fetchall()]
        connection.execute(f"set variable {views.SALT} = '{salt}'")
        as_in_its_source = connection.execute(
            f"select {hashed_ids.expression('id')} from (values ('+49 170'), ('7')) as ids (id)"
        ).fetchall()
    phone, seven = (row[0] for row in as_in_its_source)
    assert rows == [phone, seven, "+49 170", seven]
