"""scripts/extract reamaze against a server that behaves like Re:amaze's API, faults included."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import projects
import pytest
import reamaze_server
from reamaze_fixture import (
    AGENT,
    BOT,
    BOT_RESOLVED,
    CUSTOMER,
    SECRET,
    UNRESOLVED,
    WITH_BOT,
)
from reamaze_server import LOGIN, TOKEN

from containment.runs import run_lock

pytestmark = pytest.mark.heavy

START = datetime(2026, 9, 1, 9)


@dataclass
class Shop:
    """A brand of Re:amaze, and the home into which it is extracted."""

    desk: reamaze_server.Desk
    home: Path

    def look(self, slug: str, status: int, changed: datetime, *, assigned: bool = False) -> None:
        """What the API now says of a conversation."""
        self.desk.conversations[slug] = {
            "slug": slug,
            "subject": SECRET,
            "status": status,
            "created_at": _there(START),
            "updated_at": _there(changed),
            "origin": 0,
            "author": {**CUSTOMER, "email": f"{slug}.{SECRET}@example.org", "id": 5},
            "assignee": dict(AGENT) if assigned else None,
            "category": {"name": SECRET, "slug": "help", "channel": 0},
            "message": {"body": SECRET},
            "followers": [{**BOT, "bot?": True}, {**AGENT, "bot?": False}],
        }

    def say(self, slug: str, author: dict[str, Any], at: datetime) -> None:
        """One more message."""
        self.desk.messages.setdefault(slug, []).append(
            {
                "body": f"{SECRET} {len(self.desk.requests)}",
                "visibility": 0,
                "origin": 0,
                "created_at": _there(at),
                "user": dict(author),
                "conversation": {"slug": slug, "subject": SECRET},
            }
        )

    def extract(self, *options: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run scripts/extract."""
        return subprocess.run(
            [
                *(sys.executable, str(projects.ROOT / "scripts" / "extract"), "reamaze"),
                *("--home", str(self.home), *options),
            ],
            env={
                **os.environ,
                "CONTAINMENT_VENV": sys.prefix,
                "SOURCES__REAMAZE__BRANDS": self.desk.brand,
                "SOURCES__REAMAZE__LOGIN": LOGIN,
                "SOURCES__REAMAZE__TOKEN": TOKEN,
                **variables,
            },
            text=True,
            capture_output=True,
        )

    def loaded(self, query: str) -> list[tuple[Any, ...]]:
        """Run a query in which {conversations} and {messages} stand for their files."""
        tables = {
            table: f"read_parquet('{self.home}/raw/reamaze/{table}/*.parquet')"
            for table in ("conversations", "messages")
        }
        with duckdb.connect() as connection:
            return connection.execute(query.format(**tables)).fetchall()


@pytest.fixture(scope="module")
def server() -> Iterator[reamaze_server.Desk]:
    with reamaze_server.running() as desk:
        yield desk


@pytest.fixture
def shop(server: reamaze_server.Desk, tmp_path: Path) -> Shop:
    """Twelve conversations with the bot: three pages."""
    server.reset()
    shop = Shop(server, tmp_path)
    for number in range(1, 13):
        at = START + timedelta(hours=number)
        shop.say(f"talk-{number}", CUSTOMER, at)
        shop.say(f"talk-{number}", BOT, at + timedelta(minutes=1))
        shop.look(f"talk-{number}", WITH_BOT, at + timedelta(minutes=1))
    return shop


def test_looks_night_by_night_date_what_happened(shop: Shop, tmp_path: Path) -> None:
    first = shop.extract()
    assert first.returncode == 0, first.stdout + first.stderr
    assert "conversations: 12 rows" in first.stdout
    day = START + timedelta(days=1)
    shop.look("talk-1", BOT_RESOLVED, day)
    assert "conversations: 2 rows" in shop.extract().stdout  # and the newest of the last time
    shop.say("talk-1", CUSTOMER, day + timedelta(days=1))
    shop.say("talk-1", BOT, day + timedelta(days=1, minutes=1))
    shop.look("talk-1", WITH_BOT, day + timedelta(days=1, minutes=1))
    assert shop.extract().returncode == 0
    shop.look("talk-1", UNRESOLVED, day + timedelta(days=1, minutes=2), assigned=True)
    assert shop.extract().returncode == 0

    night = projects.nightly(
        tmp_path, "--source", "reamaze", "--raw-path", str(tmp_path / "raw" / "reamaze")
    )
    assert night.returncode == 0, night.stdout + night.stderr
    sessions = projects.rows(
        tmp_path / "published" / "containment.duckdb",
        "select outcome, resolved_at, escalated_at from marts.sessions "
        "where conversation_id = 'talk-1' order by session_number",
    )
    assert sessions == [
        # Resolved long after the last message: dated by the look that saw it.
        {"outcome": "resolved", "resolved_at": day, "escalated_at": None},
        {
            "outcome": "escalated",
            "resolved_at": None,
            "escalated_at": day + timedelta(days=1, minutes=2),
        },
    ]
    for path in tmp_path.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            for secret in (LOGIN, TOKEN, "not-for-logs", SECRET):
                assert secret.encode() not in content, path


def test_faults_that_pass_lose_nothing(shop: Shop) -> None:
    shop.desk.faults = ["429", "500", "", "cut", "bad json", "500"]
    done = shop.extract()
    assert done.returncode == 0, done.stdout + done.stderr
    assert shop.loaded("select count(*), count(distinct slug) from {conversations}") == [(12, 12)]
    assert shop.loaded("select count(*) from {messages}") == [(24,)]


def test_only_one_run_is_at_work(shop: Shop) -> None:
    with run_lock.held(shop.home / "raw" / "_extract" / ".reamaze.lock"):
        done = shop.extract()
    assert done.returncode == 3
    assert "held by process" in done.stderr
    assert shop.desk.requests == []


def test_a_server_that_asks_to_wait_is_waited_for(shop: Shop) -> None:
    times: list[datetime] = []
    shop.desk.before = lambda path: times.append(datetime.now())
    shop.desk.faults = ["429"]
    assert shop.extract().returncode == 0
    assert times[1] - times[0] >= timedelta(seconds=1)  # its Retry-After


def test_a_run_that_was_cut_goes_on_where_it_was(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCES__REAMAZE__PAGES_IN_A_BATCH", "1")

    def fail_at_the_third_page(path: str) -> None:
        if path.startswith("/api/v1/conversations?") and "page=3" in path:
            shop.desk.faults = ["shape"]

    shop.desk.before = fail_at_the_third_page
    cut = shop.extract()
    assert cut.returncode == 2
    assert shop.loaded("select count(distinct slug) from {conversations}") == [(10,)]

    # Meanwhile one of the last page changes, and moves to the front.
    shop.desk.before = lambda path: None
    shop.look("talk-2", BOT_RESOLVED, START + timedelta(days=2))
    shop.desk.requests.clear()
    again = shop.extract()
    assert again.returncode == 0, again.stdout + again.stderr
    assert "goes on at page 3" in again.stdout
    assert shop.loaded("select count(distinct slug) from {conversations}") == [(12,)]
    assert shop.loaded("select max(status) from {conversations} where slug = 'talk-2'") == [(8,)]


def test_a_conversation_that_changes_between_two_pages_is_not_missed(shop: Shop) -> None:
    def change_before_the_second_page(path: str) -> None:
        if path.startswith("/api/v1/conversations?") and "page=2" in path:
            shop.look("talk-1", BOT_RESOLVED, START + timedelta(days=2))

    shop.desk.before = change_before_the_second_page
    assert shop.extract().returncode == 0
    assert shop.loaded("select count(distinct slug) from {conversations}") == [(11,)]
    shop.desk.before = lambda path: None
    assert shop.extract().returncode == 0
    assert shop.loaded("select count(distinct slug) from {conversations}") == [(12,)]


@pytest.mark.parametrize(
    ("fault", "variables", "reason"),
    [
        ("shape", {}, "is it the API of Re:amaze?"),
        ("", {"SOURCES__REAMAZE__TOKEN": "wrong-not-for-logs"}, "refused (401)"),
        ("", {"SOURCES__REAMAZE__TOKEN": ""}, "SOURCES__REAMAZE__TOKEN is not set"),
    ],
)
def test_what_does_not_pass_is_said_in_one_line(
    shop: Shop, fault: str, variables: dict[str, str], reason: str
) -> None:
    shop.desk.faults = [fault] if fault else []
    done = shop.extract(**variables)
    assert done.returncode == 2
    assert reason in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert "not-for-logs" not in done.stdout + done.stderr


def _there(moment: datetime) -> str:
    return f"{(moment - timedelta(hours=7)).isoformat(timespec='milliseconds')}-07:00"
