"""The night as a user runs it: what it publishes, what it says, and what it refuses."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

import duckdb
import projects
import pytest

CASES = {  # the worked cases of the session rules: kind, outcome, end_reason of each segment
    "founding-article": [
        ("session", "resolved", "resolved"),
        ("session", "resolved", "resolved"),
        ("session", "escalated", "escalated"),
        ("handoff", "resolved", "resolved"),
    ],
    "case-01": [("session", "timed_out", "inactivity")],
    "case-02": [("session", "timed_out", "inactivity"), ("session", "timed_out", "inactivity")],
    "case-03": [("session", "resolved", "resolved")],
    "case-04": [("session", "resolved", "inactivity")],
    "case-05": [("session", "escalated", "inactivity")],
    "case-06": [("session", "escalated", "resolved")],
    "case-07": [("session", "escalated", "escalated"), ("handoff", "resolved", "resolved")],
    "case-08": [("session", "escalated", "escalated"), ("session", "resolved", "resolved")],
    "case-09": [("session", "escalated", "escalated"), ("handoff", "resolved", "resolved")],
    "case-10": [("unengaged", "timed_out", "inactivity")],
    "case-11": [("human", "resolved", "resolved")],
}
MESSAGES = "message_id,conversation_id,author_type,sent_at\n"
CONVERSATIONS = "conversation_id,channel\n"
EVENTS = "event_id,conversation_id,event_type,occurred_at\n"


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    """A folder of raw files, good as it is."""
    folder = tmp_path / "raw"
    folder.mkdir()
    (folder / "conversations.csv").write_text(CONVERSATIONS + "1,chat\n")
    (folder / "messages.csv").write_text(
        MESSAGES
        + "1,1,customer,2026-01-01T00:00:00Z\n2,1,bot,2026-01-01T00:00:05Z\n"
        + "3,1,customer,2026-01-03T00:00:00Z\n4,1,bot,2026-01-03T00:00:05Z\n"
    )
    (folder / "events.csv").write_text(EVENTS + "1,1,escalated,2026-01-01T00:01:00Z\n")
    return folder


def published(home: Path) -> Path:
    return home / "published" / "containment.duckdb"


def publications(home: Path) -> list[str]:
    return sorted(path.name for path in (home / "published" / "versions").iterdir())


@pytest.mark.parametrize("conversation_id", CASES)
def test_the_sample_holds_the_worked_cases(sample: Path, conversation_id: str) -> None:
    segments = projects.rows(
        published(sample),
        "select segment_kind, outcome, end_reason from marts.segments "
        f"where conversation_id = '{conversation_id}' order by segment_number",
    )
    assert [tuple(segment.values()) for segment in segments] == CASES[conversation_id]


def test_the_founding_article_is_two_of_three(sample: Path) -> None:
    [row] = projects.rows(
        published(sample),
        "select closed_session_count, contained_session_count from marts.conversations "
        "where conversation_id = 'founding-article'",
    )
    assert row == {"closed_session_count": 3, "contained_session_count": 2}


def test_every_mart_is_published_twice_with_the_same_rows(sample: Path) -> None:
    marts = {path.stem for path in (projects.ROOT / "models" / "marts").glob("*.sql")}
    with duckdb.connect(str(published(sample)), read_only=True) as connection:
        tables = connection.execute(
            "select table_name from duckdb_tables() where schema_name = 'marts'"
        ).fetchall()
        assert {name for (name,) in tables} == marts
        for mart in marts:
            file = sample / "published" / "parquet" / f"{mart}.parquet"
            both = f"from marts.{mart} except all from read_parquet('{file}')"
            assert connection.execute(both).fetchall() == []
            assert connection.execute(f"select count(*) from '{file}'").fetchall() == (
                connection.execute(f"select count(*) from marts.{mart}").fetchall()
            )


def test_every_mart_has_something_to_show(sample: Path) -> None:
    for path in (projects.ROOT / "models" / "marts").glob("*.sql"):
        assert projects.rows(published(sample), f"select * from marts.{path.stem} limit 1"), (
            path.stem
        )


def test_a_second_night_gives_the_same_numbers(sample: Path) -> None:
    before = projects.rows(published(sample), "from marts.sessions order by all")
    night = projects.nightly(sample)
    assert night.returncode == 0
    assert projects.rows(published(sample), "from marts.sessions order by all") == before


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--source", "files", "--raw-path", "nowhere"], "nowhere"),
        (["--source", "files"], "raw_path"),
        (["--source", "zendsk"], "zendsk"),
        (["--as-of", "tomorrow"], "tomorrow"),
        (["--vars", "{courtesy_minutes: -1}"], "courtesy_minutes"),
        (["--vars", "{session_scope: thread}"], "session_scope"),
        (["--vars", "{after_escalation: people}"], "after_escalation"),
        (["--vars", "{reporting_timezone: Europe/Pariss}"], "Europe/Paris"),
        (["--vars", "{coutesy_minutes: 5}"], "courtesy_minutes"),
        (["--vars", "{courtesy_minutes: "], "--vars"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_a_wrong_setting_is_one_line_and_exit_2(
    sample: Path, arguments: list[str], said: str
) -> None:
    before = publications(sample)
    night = projects.nightly(sample, *arguments)
    assert night.returncode == 2
    [line] = night.stderr.splitlines()
    assert said in line
    assert publications(sample) == before


def damage(raw: Path, kind: str) -> str:
    """Spoil the raw files in one way; give a word that the message must hold."""
    parquet = raw / "messages.parquet"
    if kind == "no messages file":
        (raw / "messages.csv").unlink()
        return "messages"
    if kind == "no required column":
        (raw / "messages.csv").write_text("message_id,conversation_id,sent_at\n")
        return "author_type"
    if kind == "no header":
        (raw / "messages.csv").write_text("")
        return "messages.csv"
    if kind == "times as numbers":
        (raw / "messages.csv").unlink()
        duckdb.sql(
            "select '1' as message_id, '1' as conversation_id, 'bot' as author_type, 5 as sent_at"
        ).write_parquet(str(parquet))
        return "sent_at"
    if kind == "truncated parquet":
        (raw / "messages.csv").unlink()
        duckdb.sql(
            "select i::text as message_id, '1' as conversation_id, 'bot' as author_type, "
            "timestamp '2026-01-01' as sent_at from range(10000) numbers(i)"
        ).write_parquet(str(parquet))
        parquet.write_bytes(parquet.read_bytes()[:5000])
        return "messages.parquet"
    assert kind == "not utf-8"
    (raw / "messages.csv").write_bytes(MESSAGES.encode() + b"1,1,\xff\xfe,2026-01-01\n" * 9)
    return "messages.csv"


@pytest.mark.parametrize(
    "kind",
    [
        *("no messages file", "no required column", "no header", "times as numbers"),
        *("truncated parquet", "not utf-8"),
    ],
)
def test_unreadable_input_is_one_line_and_exit_2(sample: Path, raw: Path, kind: str) -> None:
    word = damage(raw, kind)
    before = publications(sample)
    night = projects.nightly(sample, "--source", "files", "--raw-path", str(raw))
    assert night.returncode == 2, night.stdout
    [line] = night.stderr.splitlines()
    assert word in line and "Traceback" not in line
    assert publications(sample) == before


def test_a_page_of_parquet_that_is_damaged_inside_is_one_line_and_exit_2(
    tmp_path: Path, raw: Path
) -> None:
    (raw / "messages.csv").unlink()
    parquet = raw / "messages.parquet"
    duckdb.sql(
        "select md5(i::text) as message_id, '1' as conversation_id, 'bot' as author_type, "
        "timestamp '2026-01-01' as sent_at from range(50000) numbers(i)"
    ).write_parquet(str(parquet))
    content = bytearray(parquet.read_bytes())
    content[2000:6000] = b"\x55" * 4000  # the footer stays whole
    parquet.write_bytes(content)
    night = projects.nightly(tmp_path, "--source", "files", "--raw-path", str(raw))
    assert night.returncode == 2, night.stdout
    assert "Traceback" not in night.stderr and "messages" in night.stderr
    assert not (tmp_path / "published").exists()


def test_zero_rows_is_a_valid_night(tmp_path: Path, raw: Path) -> None:
    for table, header in (
        ("conversations", CONVERSATIONS),
        ("messages", MESSAGES),
        ("events", EVENTS),
    ):
        (raw / f"{table}.csv").write_text(header)
    night = projects.nightly(tmp_path, "--source", "files", "--raw-path", str(raw))
    assert night.returncode == 0, night.stderr
    assert "no closed session yet" in night.stdout
    assert night.stderr.count("warning: ") == 3  # one for each empty table


def test_an_unknown_channel_and_event_type_are_named_and_the_night_goes_on(
    tmp_path: Path, raw: Path
) -> None:
    (raw / "conversations.csv").write_text(CONVERSATIONS + "1,pigeon\n")
    (raw / "events.csv").write_text(EVENTS + "1,1,molted,2026-01-01T00:01:00Z\n")
    night = projects.nightly(tmp_path, "--source", "files", "--raw-path", str(raw))
    assert night.returncode == 0, night.stderr
    assert "pigeon" in night.stderr and "molted" in night.stderr
    findings = projects.rows(
        published(tmp_path), "select finding, row_count from marts.data_quality"
    )
    assert {"finding": "events_of_unmapped_type", "row_count": 1} in findings
    assert {"finding": "conversations_of_channel_without_policy", "row_count": 1} in findings


def test_two_sources_at_once_keep_their_keys_apart(tmp_path: Path, raw: Path) -> None:
    (raw / "conversations.csv").write_text(CONVERSATIONS + "case-01,chat\n")
    for table in ("messages", "events"):
        file = raw / f"{table}.csv"
        file.write_text(file.read_text().replace(",1,", ",case-01,"))
    night = projects.nightly(
        tmp_path, "--source", "sample", "--source", "files", "--raw-path", str(raw)
    )
    assert night.returncode == 0, night.stderr
    sessions = projects.rows(
        published(tmp_path),
        "select source, count(*) as sessions, count(distinct session_id) as keys "
        "from marts.sessions where conversation_id = 'case-01' group by source order by source",
    )
    assert sessions == [
        {"source": "files", "sessions": 2, "keys": 2},
        {"source": "sample", "sessions": 1, "keys": 1},
    ]


def test_message_text_never_enters_the_warehouse(tmp_path: Path, raw: Path) -> None:
    lines = (raw / "messages.csv").read_text().splitlines()
    secret = "please-call-me-on-0170"
    with_text = [lines[0] + ",body", *(f"{line},{secret}" for line in lines[1:])]
    (raw / "messages.csv").write_text(
        "\n".join([*with_text, f"5,1,owner,2026-01-01,{secret}"]) + "\n"
    )
    night = projects.nightly(tmp_path, "--source", "files", "--raw-path", str(raw))
    assert night.returncode == 0, night.stderr
    assert "unknown_author_type" in night.stdout
    for file in tmp_path.rglob("*"):
        if file.is_file() and raw not in file.parents:
            assert secret.encode() not in file.read_bytes(), file


def test_a_failing_test_publishes_nothing_and_exits_1(tmp_path: Path) -> None:
    project = projects.copy_runnable_project(tmp_path / "project")
    (project / "tests" / "it_always_fails.sql").write_text("select 1 as one\n")
    night = projects.nightly(tmp_path / "home", root=project)
    assert night.returncode == 1, night.stderr
    assert "it_always_fails" in night.stderr
    assert not (tmp_path / "home" / "published").exists()


def test_a_mart_without_a_model_is_published_no_longer(tmp_path: Path) -> None:
    project = projects.copy_runnable_project(tmp_path / "project")
    mart = project / "models" / "marts" / "brand_names.sql"
    mart.write_text("select distinct brand from {{ ref('sessions') }}\n")
    mart.with_suffix(".yml").write_text(
        "models:\n  - name: brand_names\n    columns:\n"
        "      - name: brand\n        data_type: string\n"
    )
    home = tmp_path / "home"
    assert projects.nightly(home, root=project).returncode == 0
    assert projects.rows(published(home), "from marts.brand_names")
    mart.unlink()
    mart.with_suffix(".yml").unlink()
    night = projects.nightly(home, root=project)
    assert night.returncode == 0, night.stderr
    assert "dropped marts.brand_names" in night.stdout
    assert not (home / "published" / "parquet" / "brand_names.parquet").exists()


def test_two_nights_at_once_the_second_exits_3_and_names_the_first(tmp_path: Path) -> None:
    first = projects.start_night(tmp_path)
    second = projects.nightly(tmp_path)
    assert second.returncode == 3
    [line] = second.stderr.splitlines()
    assert str(first.pid) in line
    assert first.wait() == 0


def test_a_night_that_was_killed_leaves_nothing_in_the_way_of_the_next(tmp_path: Path) -> None:
    night = projects.start_night(tmp_path)
    time.sleep(4)  # dbt is at work; whatever it is at, the next night must not mind
    os.kill(night.pid, signal.SIGKILL)
    night.wait()
    subprocess.run(["pkill", "-KILL", "-f", str(tmp_path)], check=False)
    assert not (tmp_path / "published").exists()
    again = projects.nightly(tmp_path)
    assert again.returncode == 0, again.stderr
    assert published(tmp_path).exists()
