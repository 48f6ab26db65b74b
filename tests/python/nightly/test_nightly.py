"""The night as a user runs it: what it publishes, what it says, and what it refuses."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from datetime import date
from pathlib import Path

import duckdb
import faults
import projects
import pytest
import yaml

from containment.publish.published_parquet import MONTH_OF

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
            parquet = sample / "published" / "parquet"
            files = (
                parquet / mart / "*.parquet" if mart in MONTH_OF else parquet / f"{mart}.parquet"
            )
            both = f"from marts.{mart} except all from read_parquet('{files}')"
            assert connection.execute(both).fetchall() == []
            assert connection.execute(f"select count(*) from '{files}'").fetchall() == (
                connection.execute(f"select count(*) from marts.{mart}").fetchall()
            )


# The first night changes nothing that was published.
EMPTY = {"restatements"}


def test_every_mart_has_something_to_show(sample: Path) -> None:
    for path in (projects.ROOT / "models" / "marts").glob("*.sql"):
        if path.stem in EMPTY:
            continue
        assert projects.rows(published(sample), f"select * from marts.{path.stem} limit 1"), (
            path.stem
        )


def test_every_mart_and_column_has_its_description_as_a_comment(sample: Path) -> None:
    tables = "select table_name, '' as column_name, comment from duckdb_tables()"
    columns = "select table_name, column_name, comment from duckdb_columns()"
    query = f"from ({tables} union all {columns}) where table_name in (select table_name from t)"
    marts = "with t as (from duckdb_tables() where schema_name = 'marts')"
    comments = {
        (row["table_name"], row["column_name"]): row["comment"]
        for row in projects.rows(published(sample), f"{marts} {query}")
    }
    assert [place for place, comment in comments.items() if not comment] == []
    for path in (projects.ROOT / "models" / "marts").glob("*.yml"):
        for model in yaml.safe_load(path.read_text(encoding="utf-8")).get("models", []):
            for described in ({**model, "name": ""}, *model["columns"]):
                if "{{" not in described["description"]:  # a shared one, from a docs block
                    comment = comments[model["name"], described["name"]]
                    assert comment.split() == described["description"].split()


def test_the_first_run_is_in_its_publication(sample: Path) -> None:
    log = projects.rows(published(sample), "from marts.run_log order by run_id limit 1")
    [run] = log
    assert (run["outcome"], run["exit_code"], run["message"]) == ("published", 0, None)
    assert run["checks"] == "full"
    assert (run["contained_sessions"], run["closed_sessions"], run["open_sessions"]) == (
        1022,
        1542,
        6,
    )
    assert (run["sources"], run["raw_path"], run["rows_read"]) == ("sample", None, 14565)
    assert json.loads(run["rows_by_table"])["sample.messages"] == 9238
    assert run["containment_rate_change"] is None
    assert run["started_at"] < run["ended_at"]
    assert run["build_seconds"] > 0 and run["total_seconds"] > run["build_seconds"]


def test_a_second_night_gives_the_same_numbers(sample: Path) -> None:
    before = projects.rows(published(sample), "from marts.sessions order by all")
    night = projects.nightly(sample, "--json")
    assert night.returncode == 0
    assert projects.rows(published(sample), "from marts.sessions order by all") == before
    assert projects.rows(published(sample), "from marts.restatements") == []
    assert "Containment 66.2 %" in night.stderr
    found = json.loads(night.stdout)
    assert (found["exit_code"], found["outcome"], found["message"]) == (0, "published", None)
    assert found["publication"] == publications(sample)[-1]
    assert found["headline"]["contained_sessions"] == 1022
    assert found["headline"]["containment_rate"] == 1022 / 1542
    assert found["headline"]["containment_rate_change"] == 0
    assert found["headline"]["coverage_rate"] == 1506 / 1640
    runs = projects.rows(published(sample), "select run_id from marts.run_log order by run_id")
    assert found["run_id"] == runs[-1]["run_id"]
    assert found["checks"] == "changed"
    # dbt says so where it has to read the whole project: it takes longer than to build the sample.
    assert (sample / "logs" / "dbt.log").read_text().count("partial parsing") == 1


def test_a_wrong_command_line_is_one_object_too(tmp_path: Path) -> None:
    night = projects.nightly(tmp_path, "--json", "--colour")
    assert (night.returncode, json.loads(night.stdout)["exit_code"]) == (2, 2)
    assert night.stderr.count("\n") == 1


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
        (["--target", "spark"], "dbt build --target spark"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_a_wrong_setting_is_one_line_and_exit_2(
    sample: Path, arguments: list[str], said: str
) -> None:
    before = publications(sample)
    night = projects.nightly(sample, "--json", *arguments)
    assert night.returncode == 2
    [line] = night.stderr.splitlines()
    assert said in line
    found = json.loads(night.stdout)
    assert (found["exit_code"], found["outcome"]) == (2, "failed")
    assert f"error: {found['message']}" == line
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
        (raw / "messages.csv").write_text("1,1,customer,2026-01-01T00:00:00Z\n")
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
    assert "pigeon" in night.stderr
    # As rows that can be pasted into the lookups.
    assert {"files,molted,none", "pigeon,60"} <= {
        *night.stdout.splitlines(),
        *night.stderr.splitlines(),
    }
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
    marts = project / "models" / "marts"
    yml = (marts / "sessions.yml").read_text()
    (marts / "sessions.yml").write_text(yml.replace(", timed_out, open]", ", timed_out]"))
    night = projects.nightly(tmp_path / "home", root=project)
    assert night.returncode == 1, night.stderr
    file = tmp_path / "home" / "warehouse" / "failing_rows.duckdb"
    [*lines, summary] = night.stderr.splitlines()
    assert sorted(lines) == [
        f'error: test it_always_fails: 1 failing row; see table "it_always_fails" in {file}',
        "error: test sound_rows_sessions: 6 failing rows (outcome accepted_values); "
        f'see table "sound_rows_sessions" in {file}',
    ]
    assert summary.startswith("error: not published, 2 failed; dbt's log: ")
    assert projects.rows(file, "from it_always_fails") == [{"one": 1}]
    found = projects.rows(file, "select distinct outcome, failed_checks from sound_rows_sessions")
    assert found == [{"outcome": "open", "failed_checks": "outcome accepted_values; "}]
    tables = [table["name"] for table in projects.rows(file, "show tables")]
    assert tables == ["it_always_fails", "sound_rows_sessions"]
    assert not (tmp_path / "home" / "published").exists()


@pytest.mark.heavy
def test_what_failed_a_test_is_judged_again_though_nothing_is_cut(
    tmp_path: Path, raw: Path
) -> None:
    project = faults.copy_lean_project(tmp_path / "project")
    (project / "tests" / "nobody_is_called_late.sql").write_text(
        "select * from {{ ref('messages') }} as messages\n"
        "where conversation_id = 'late' and {{ is_judged('messages') }}\n"
    )
    faults.keep_docs(project)
    home = tmp_path / "home"

    def night() -> tuple[int, str, int]:
        arguments = ("--json", "--source", "files", "--raw-path", str(raw))
        done = projects.nightly(home, *arguments, root=project)
        said = json.loads(done.stdout)
        # The rows that failed a test are there after that run, and gone after the next that passes.
        assert (home / "warehouse" / "failing_rows.duckdb").exists() == (done.returncode == 1)
        return done.returncode, said["checks"], said["conversations_cut"]["total"]

    assert night()[:2] == (0, "full")
    assert night() == (0, "changed", 0)
    messages = raw / "messages.csv"
    sound = messages.read_text()
    messages.write_text(f"{sound}5,late,customer,2026-01-03T00:00:00Z\n")
    assert night()[:2] == (1, "changed")
    assert night()[:2] == (1, "full")
    messages.write_text(sound)
    assert night()[:2] == (0, "full")


def test_a_mart_without_a_model_is_published_no_longer(tmp_path: Path) -> None:
    project = faults.copy_lean_project(tmp_path / "project")
    mart = project / "models" / "marts" / "brand_names.sql"
    mart.write_text("select distinct brand from {{ ref('sessions') }}\n")
    mart.with_suffix(".yml").write_text(
        "models:\n  - name: brand_names\n    columns:\n"
        "      - name: brand\n        data_type: string\n"
    )
    faults.keep_docs(project)
    home = tmp_path / "home"
    assert projects.nightly(home, root=project).returncode == 0
    assert projects.rows(published(home), "from marts.brand_names")
    mart.unlink()
    mart.with_suffix(".yml").unlink()
    night = projects.nightly(home, root=project)
    assert night.returncode == 0, night.stderr
    assert "dropped marts.brand_names" in night.stdout
    assert not (home / "published" / "parquet" / "brand_names.parquet").exists()


def test_output_that_nobody_reads_ends_the_night_and_is_no_failed_test(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    night = subprocess.run(
        [sys.executable, str(projects.ROOT / "scripts" / "nightly"), "--home", str(tmp_path)],
        env={**os.environ, "CONTAINMENT_VENV": sys.prefix},
        stdout=writer,
        stderr=subprocess.PIPE,
        text=True,
    )
    os.close(writer)
    assert (night.returncode, night.stderr) == (2, "")
    assert not (tmp_path / "published").exists()


def test_two_nights_at_once_the_second_exits_3_and_names_the_first(tmp_path: Path) -> None:
    first = projects.start_night(tmp_path)
    second = projects.nightly(tmp_path)
    assert second.returncode == 3
    [line] = second.stderr.splitlines()
    assert str(first.pid) in line
    assert first.wait() == 0
    # The first copied the history before the second began: it is in the next publication.
    with duckdb.connect(str(tmp_path / "history" / "history.duckdb"), read_only=True) as history:
        log = history.execute("select outcome, exit_code from runs order by run_id").fetchall()
    assert log == [("published", 0), ("refused", 3)]


def test_a_night_that_was_killed_leaves_nothing_in_the_way_of_the_next(tmp_path: Path) -> None:
    night = projects.start_night(tmp_path)
    time.sleep(4)  # dbt is at work; whatever it is at, the next night must not mind
    faults.kill(night)
    night.communicate()
    assert not (tmp_path / "published").exists()
    again = projects.nightly(tmp_path)
    assert again.returncode == 0, again.stderr
    log = projects.rows(published(tmp_path), "from marts.run_log order by run_id")
    assert [(run["outcome"], run["exit_code"]) for run in log] == [
        ("killed", None),
        ("published", 0),
    ]


class Nights:
    """Nights over raw files, of a project that has few tests, so that they are short."""

    def __init__(self, folder: Path) -> None:
        self.root = faults.copy_lean_project(folder, allow_fewer=False)

    def night(self, home: Path, raw: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
        files = ("--source", "files", "--raw-path", str(raw))
        return projects.nightly(home, *files, *arguments, root=self.root)


@pytest.fixture(scope="module")
def nights(tmp_path_factory: pytest.TempPathFactory) -> Nights:
    return Nights(tmp_path_factory.mktemp("lean") / "project")


def restated(home: Path) -> list[tuple]:
    found = projects.rows(
        published(home),
        "select started_date, reasons, restated_count, first_closed_sessions, "
        "current_closed_sessions from marts.restatements order by started_date",
    )
    return [tuple(row.values()) for row in found]


@pytest.mark.heavy
def test_the_story_of_a_day_over_several_nights(nights: Nights, tmp_path: Path, raw: Path) -> None:
    home = tmp_path / "home"
    stale = "warning: files: the newest row was loaded at 2026-01-0"
    first = nights.night(home, raw)
    assert first.returncode == 0, first.stderr
    assert stale in first.stderr
    assert restated(home) == []

    # 1 January gets a late conversation, but half of the events are gone.
    late = "9,9,customer,2026-01-01T10:00:00Z\n10,9,bot,2026-01-01T10:00:05Z\n"
    with (raw / "messages.csv").open("a") as file:
        file.write(late)
    with (raw / "conversations.csv").open("a") as file:
        file.write("9,chat\n")
    events = (raw / "events.csv").read_text()
    (raw / "events.csv").write_text(EVENTS)
    dropped = nights.night(home, raw)
    assert dropped.returncode == 1
    assert "files events has 0 rows, had 1; " in dropped.stderr
    assert "max_row_drop_share: 1" in dropped.stderr

    # They are back: the late conversation is told, though it was first read by a night before.
    (raw / "events.csv").write_text(events)
    second = nights.night(home, raw)
    assert second.returncode == 0, second.stderr
    assert restated(home) == [(date(2026, 1, 1), "late_rows", 1, 1, 2)]
    # The room of the rows that were replaced is given back.
    assert projects.rows(
        home / "warehouse" / "containment.duckdb",
        "select distinct row_group_id from pragma_storage_info('intermediate.int_kept_segments')",
    ) == [{"row_group_id": 0}]

    # A later as_of closes what was open on 3 January: no row came.
    third = nights.night(home, raw, "--as-of", "2026-02-01")
    assert third.returncode == 0, third.stderr
    assert restated(home)[1:] == [(date(2026, 1, 3), "time", 1, 0, 1)]

    # Another rule; and what was restated before keeps its first figures and reasons.
    fourth = nights.night(
        home, raw, "--as-of", "2026-02-01", "--vars", "{after_escalation: session}"
    )
    assert fourth.returncode == 0, fourth.stderr
    assert [row[0] for row in restated(home)] == [date(2026, 1, 1), date(2026, 1, 3)]
    assert restated(home)[0][3] == 1

    refused = nights.night(home, raw, "--vars", "{stale_raw: refuse}")
    assert refused.returncode == 1
    assert refused.stderr.startswith("error: not published, stale: files: ")
    log = projects.rows(home / "history" / "history.duckdb", "from runs order by run_id")
    assert [run["outcome"] for run in log] == [
        *("published", "failed", "published", "published", "published", "failed")
    ]
    changes = projects.rows(published(home), "select containment_rate_change from marts.run_log")
    assert len(changes) == 5


@pytest.mark.heavy
def test_after_a_rollback_the_next_night_publishes_anew(
    nights: Nights, tmp_path: Path, raw: Path
) -> None:
    assert nights.night(tmp_path, raw).returncode == 0
    assert nights.night(tmp_path, raw, "--as-of", "2026-02-01").returncode == 0
    first, second = publications(tmp_path)
    done = subprocess.run(
        [sys.executable, str(projects.ROOT / "scripts" / "rollback"), "--home", str(tmp_path)],
        env={**os.environ, "CONTAINMENT_VENV": sys.prefix},
        check=False,
    )
    assert done.returncode == 0
    assert (tmp_path / "published" / "current").readlink().name == first
    kept = "{publications_kept: 2}"
    again = nights.night(tmp_path, raw, "--as-of", "2026-02-01", "--vars", kept)
    assert again.returncode == 0, again.stderr
    assert publications(tmp_path)[0] == second and len(publications(tmp_path)) == 2
    assert restated(tmp_path) == [(date(2026, 1, 3), "time", 1, 0, 1)]


@pytest.mark.heavy
def test_plain_dbt_needs_no_night_before(tmp_path: Path) -> None:
    projects.dbt(projects.ROOT, tmp_path, "build", "--exclude-resource-type", "unit_test")
    warehouse = tmp_path / "warehouse" / "containment.duckdb"
    assert projects.rows(warehouse, "from marts.run_log") == []
    assert projects.rows(warehouse, "from marts.restatements") == []
    assert projects.rows(warehouse, "from marts.published_days")
