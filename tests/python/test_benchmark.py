"""The benchmark runs to its end, and all that it measures comes to the same counts; how long
anything takes is not tested."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import duckdb
import projects
import pytest

from containment.benchmark import measuring, processes, raw_data, report
from containment.benchmark.rivals import rules
from containment.errors import DATA_FAILED, Stop

NUMBERS = r"( +[\d.,]+| +-){8}"


def run(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(projects.ROOT / "scripts" / "benchmark"), *arguments],
        env=os.environ | {"CONTAINMENT_VENV": sys.prefix} | variables,
        capture_output=True,
        text=True,
        check=False,
    )


def test_floor_and_six_ctes(tmp_path: Path) -> None:
    keep = tmp_path / "it's [kept]"
    done = run(*("--messages", "1000", "--runs", "1", "--only", "six-ctes", "--keep", str(keep)))
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    for step in (measuring.FLOOR, measuring.SIX_CTES):
        assert re.search(rf"^{step}{NUMBERS}$", done.stdout, re.MULTILINE), step
    assert re.search(
        r"^floor, six CTEs, DuckDB: contained [\d.]+ %, [\d,]+ of [1-9]", done.stdout, re.M
    )
    again = run("--keep", str(keep))
    assert again.stderr == f"error: --keep {keep}: not empty; name a new folder\n"


@pytest.mark.heavy
def test_small_benchmark(tmp_path: Path) -> None:
    keep, page = tmp_path / "kept", tmp_path / "page.md"
    done = run(
        *("--messages", "20000", "--runs", "1", "--memory-limit", "3GB"),
        *("--keep", str(keep), "--write", str(page)),
        DBT_LOG_LEVEL_FILE="debug",  # each statement
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    written = page.read_text(encoding="utf-8")
    for step in measuring.STEPS:
        assert re.search(rf"^{step}{NUMBERS}$", done.stdout, re.MULTILINE), step
        assert f"\n| {step} | " in written
    assert "### `scripts/benchmark --messages 20000 --runs 1 --memory-limit 3GB`\n" in written
    assert re.search(
        r"\n- full build, Polars, pandas: contained [\d.]+ %, [\d,]+ of [1-9]", written
    )
    assert str(tmp_path) not in written
    home = keep / "20000" / "home"
    assert "set memory_limit = '3GB'" in (home / "logs" / "dbt.log").read_text(encoding="utf-8")
    for rival in measuring.BY_ALL_RULES:
        assert_same_sessions(
            home / "warehouse" / "containment.duckdb",
            keep / "20000" / measuring.RIVALS[rival] / rules.SESSIONS,
        )


def assert_same_sessions(database: Path, sessions: Path) -> None:
    """A rival's sessions are the build's, row for row."""
    built = """
        select
            sessions.conversation_id, messages.message_id, sessions.channel, sessions.started_at,
            sessions.last_activity_at, sessions.ended_at, sessions.outcome,
            sessions.customer_message_count, sessions.bot_message_count,
            sessions.agent_message_count
        from marts.sessions inner join marts.messages
            on sessions.session_id = messages.segment_id and messages.position_in_segment = 1
    """
    rival = f"select {', '.join(rules.SESSION)} from '{sessions}'"
    with duckdb.connect(str(database), read_only=True) as connection:
        for one, other in ((built, rival), (rival, built)):
            assert connection.execute(f"({one}) except all ({other})").fetchall() == []


def test_other_counts_stop_the_benchmark() -> None:
    floor = [["2025-01-01", 5, 3]]
    days = [["2025-01-01", "chat", 5, 3, 2, 1, 2], ["2025-01-02", "chat", 1, 1, 0, 0, 1]]
    other = [days[0], ["2025-01-02", "chat", 1, 0, 1, 0, 0]]
    same = {measuring.FLOOR: floor, measuring.SIX_CTES: floor, measuring.FULL: days}
    measuring.compare({**same, measuring.POLARS: days, measuring.PANDAS: days})
    for rival, wrong in (
        *((measuring.POLARS, other), (measuring.PANDAS, days[:1])),
        (measuring.SIX_CTES, [["2025-01-01", 5, 4]]),
    ):
        with pytest.raises(Stop, match=f"{rival} differ") as stop:
            measuring.compare({**same, rival: wrong})
        assert stop.value.exit_code == DATA_FAILED


def test_a_page_keeps_its_runs_when_one_is_added(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    for text, add in (("### first\n", False), ("### other\n", False), ("### added\n", True)):
        report.write(page, text, add=add)
    head, _, runs = page.read_text(encoding="utf-8").partition("\n## Runs\n")
    assert head.startswith("# Benchmarks\n") and "on 1,000 messages" in head
    assert runs == "\n### other\n\n### added\n"


def test_what_ran_out_of_memory_is_told_from_other_failures(tmp_path: Path) -> None:
    for code in ("raise MemoryError", "import os; os.kill(os.getpid(), 9)"):
        with pytest.raises(processes.NoMemory):
            processes.run(code, folder=tmp_path)
    with pytest.raises(Stop) as stop:
        processes.run("print('before'); raise SystemExit(7)", folder=tmp_path)
    assert not isinstance(stop.value, processes.NoMemory)
    assert stop.value.reasons == ("before",)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--messages", "999"], "999: at least 1,000"),
        (["--messages", "1e6"], "write whole numbers"),
        (["--only", "polar"], "'polar': choose of six-ctes, polars, pandas, build"),
        (["--memory-limit", "lots"], "CONTAINMENT_MEMORY_LIMIT is 'lots'; write a size, e.g. 8GB"),
        (["--conversations", "0"], "--conversations 0: from 1 to the number of messages"),
    ],
)
def test_what_is_refused(arguments: list[str], said: str) -> None:
    done = run(*arguments)
    assert done.returncode == 2
    assert said in done.stderr.splitlines()[-1]


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("raw")
    make(folder)
    return folder


def make(folder: Path) -> None:
    processes.call("raw_data.make", 50_008, 5_000, folder=folder)


def test_raw_files_are_the_same_each_time(raw: Path, tmp_path: Path) -> None:
    make(tmp_path)
    assert sorted(file.name for file in tmp_path.iterdir()) == sorted(
        f"{table}.parquet" for table in raw_data.TABLES
    )
    for table, rows in (("messages", 50_008), ("conversations", 5_000), ("events", 6_251)):
        one, two = (f"from '{folder}/{table}.parquet'" for folder in (raw, tmp_path))
        with duckdb.connect() as connection:
            assert connection.execute(f"select count(*) {one}").fetchone() == (rows,)
            assert connection.execute(f"{one} except all {two}").fetchall() == []
            assert connection.execute(f"{two} except all {one}").fetchall() == []


@pytest.mark.parametrize(
    ("what", "least"),
    [
        # The longest conversation has 20 times what half of them have at most.
        (
            "select max(length) / median(length) from (select count(*) as length "
            "from messages group by conversation_id)",
            20,
        ),
        ("select count(distinct channel) from conversations", 5),
        ("select count(*) from messages where not is_public", 100),
        ("select count(*) from messages where loaded_at > sent_at + interval 50 hours", 100),
        ("select count(*) from conversations where exclusion_reason = 'spam'", 10),
        # Ties: of messages, and of an event with a message.
        (
            "select count(*) - count(distinct (conversation_id, sent_at)) from messages",
            1000,
        ),
        (
            "select count(*) from events inner join messages "
            "on events.conversation_id = messages.conversation_id and occurred_at = sent_at",
            1000,
        ),
        # A silence of exactly a chat's timeout.
        (
            "select count(*) from (select channel, sent_at - lag(sent_at) over (partition by "
            "conversation_id order by sent_at) as silence from messages inner join conversations "
            "using (conversation_id)) where channel = 'chat' and silence = interval 30 minutes",
            20,
        ),
    ],
)
def test_raw_files_have_what_help_desks_have(raw: Path, what: str, least: int) -> None:
    with duckdb.connect() as connection:
        for table in raw_data.TABLES:
            connection.execute(f"create view {table} as from '{raw}/{table}.parquet'")
        (found,) = connection.execute(what).fetchone() or (0,)
    assert found >= least
