"""The benchmark runs to its end, and all that it measures comes to the same counts; how long
anything takes is not tested."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import duckdb
import projects
import pytest

from benchmarking import build, measuring, processes, raw_data, report
from benchmarking.rivals import rules
from containment.common.errors import DATA_FAILED, Stop

NUMBERS = r"( +[\d.,]+| +-){9}"


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
    for part in build.PARTS:
        assert f"\n| {part} | " in written
    assert "### `scripts/benchmark --messages 20000 --runs 1 --memory-limit 3GB`\n" in written
    assert re.search(
        r"\n- full build, night, nothing new, Polars, pandas: contained [\d.]+ %, [\d,]+ of [1-9]",
        written,
    )
    assert str(tmp_path) not in written
    home = keep / "20000" / "home"
    assert_nights(home, keep / "20000" / "day_before", keep / "20000" / "last_day")
    assert "set memory_limit = '3GB'" in (home / "logs" / "dbt.log").read_text(encoding="utf-8")
    for rival in (measuring.POLARS, measuring.PANDAS):
        assert_same_sessions(
            home / "warehouse" / "containment.duckdb",
            keep / "20000" / measuring.RIVALS[rival] / rules.SESSIONS,
        )


def assert_nights(home: Path, day_before: Path, last_day: Path) -> None:
    """The nights were whole ones, and the second had one day's rows more than the first."""
    with duckdb.connect(str(home / "published" / "containment.duckdb"), read_only=True) as read:
        nights = read.execute(
            "select outcome, rows_read, conversations_cut, publication is not null "
            "from marts.run_log order by run_id"
        ).fetchall()
        counts = []
        for folder in (day_before, last_day):
            tables = " + ".join(
                f"(select count(*) from '{folder}/{table}.parquet')" for table in raw_data.TABLES
            )
            counts.append(read.execute(f"select {tables}").fetchall()[0][0])
        (touched,) = read.execute(
            "select count(distinct conversation_id) from ("
            + " union all ".join(
                f"(from (select * from '{last_day}/{table}.parquet') select conversation_id "
                f"where loaded_at > (select max(loaded_at) from '{last_day}/messages.parquet') "
                "- interval 1 day)"
                for table in raw_data.TABLES
            )
            + ")"
        ).fetchall()[0]
    before, after = counts
    assert [night[0] for night in nights] == ["published"] * 3
    assert [night[1] for night in nights] == [before, after, after]
    assert [night[2] for night in nights[1:]] == [touched, 0]
    assert all(night[3] for night in nights)


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


def test_a_page_keeps_its_runs_when_one_is_added_and_always_what_follows(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# Benchmarks\n\n## Runs\n\n### old\n\n## Tuning\n\nWhat was tried.\n")
    for text, add in (("### first\n", False), ("### other\n", False), ("### added\n", True)):
        report.write(page, text, add=add)
    head, _, runs = page.read_text(encoding="utf-8").partition("\n## Runs\n")
    assert head.startswith("# Benchmarks\n") and "on 1,000 messages" in head
    # The newest first.
    assert runs == "\n### added\n\n### other\n\n## Tuning\n\nWhat was tried.\n"


def test_what_ran_out_of_memory_is_told_from_other_failures(tmp_path: Path) -> None:
    for code in ("raise MemoryError", "import os; os.kill(os.getpid(), 9)"):
        with pytest.raises(processes.NoMemory):
            processes.run(code, folder=tmp_path)
    with pytest.raises(Stop) as stop:
        processes.run("print('before'); raise SystemExit(7)", folder=tmp_path)
    assert not isinstance(stop.value, processes.NoMemory)
    assert stop.value.reasons == ("before",)


def test_other_marts_stop_the_benchmark() -> None:
    same = {"messages": [5, "17"], "sessions": [2, "8"]}
    steps = (measuring.FULL, measuring.IDLE, *measuring.REBUILDS)
    measuring.compare_marts(dict.fromkeys(steps, same))
    for step in steps[1:]:
        wrong = {**dict.fromkeys(steps, same), step: {**same, "sessions": [2, "9"]}}
        with pytest.raises(Stop, match=f"{step} differ in the mart sessions") as stop:
            measuring.compare_marts(wrong)
        assert stop.value.exit_code == DATA_FAILED


def test_memory_of_what_a_process_starts_is_counted(tmp_path: Path) -> None:
    """The nightly itself is small: dbt is a process of its own."""
    grandchild = f"len(b'x' * {400 * 2**20})"
    child = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {grandchild!r}])"
    # In a process of its own, for pytest's may be as large: what a process starts begins with
    # the memory of the process that starts it.
    measured = f"""
        from pathlib import Path
        from benchmarking import processes
        for code in ("pass", {child!r}):
            cost, _ = processes.run(code, folder=Path({str(tmp_path)!r}))
            print(cost.peak_bytes, cost.cpu_seconds)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(measured)],
        env=os.environ | {"PYTHONPATH": str(projects.ROOT / "scripts")},
        capture_output=True,
        text=True,
        check=True,
    )
    small, large = (line.split() for line in done.stdout.splitlines())
    assert int(large[0]) > 400 * 2**20 > int(small[0])
    assert float(large[1]) > float(small[1])


def test_a_file_with_two_names_is_counted_once(tmp_path: Path) -> None:
    folder = tmp_path / "parquet" / "messages"
    folder.mkdir(parents=True)
    (folder / "2025-01.parquet").write_bytes(b"x" * 1000)
    (folder / "2025-02.parquet").write_bytes(b"x" * 200)
    os.link(folder / "2025-01.parquet", tmp_path / "kept.parquet")
    (tmp_path / "current").symlink_to(folder)
    assert processes.size(tmp_path) == processes.size(tmp_path / "parquet") == 1200
    assert processes.size(folder / "2025-02.parquet") == 200


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--messages", "999"], "999: at least 1,000"),
        (["--messages", "1e6"], "write whole numbers"),
        (
            ["--only", "polar"],
            "'polar': choose of six-ctes, polars, pandas, rebuilds, build, nights",
        ),
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
    for table, least, most in (
        *(("messages", 50_008, 50_008), ("conversations", 5_000, 5_100), ("events", 6_100, 6_400)),
    ):
        one, two = (f"from '{folder}/{table}.parquet'" for folder in (raw, tmp_path))
        with duckdb.connect() as connection:
            (rows,) = connection.execute(f"select count(*) {one}").fetchone() or (0,)
            assert least <= rows <= most
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
        # But most are loaded soon.
        (
            "select count(*) / 50 from messages where loaded_at - sent_at <= interval 2 hours",
            900,
        ),
        # Conversations go on when the history ends.
        (
            "select count(*) from (select max(loaded_at) as ended_at from messages) "
            "inner join messages on sent_at > ended_at - interval 1 day",
            100,
        ),
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


@pytest.fixture(scope="module", params=["", "daily"])
def laid(request: pytest.FixtureRequest, raw: Path, tmp_path_factory: pytest.TempPathFactory):
    folder = tmp_path_factory.mktemp("laid")
    _, found = processes.call("raw_data.lay", raw, request.param, folder=folder)
    return folder, request.param, found


def test_last_day_is_one_day_of_loads(raw: Path, laid: tuple[Path, str, dict[str, str]]) -> None:
    folder, _, found = laid
    with duckdb.connect() as connection:
        (end,) = connection.execute(
            f"select max(loaded_at) from '{raw}/messages.parquet'"
        ).fetchall()[0]
        assert found["last_load"] == end.isoformat()
        for table in raw_data.TABLES:
            whole, last_day, day_before = (
                f"from '{each}/{table}*.parquet'"
                for each in (raw, folder / "last_day", folder / "day_before")
            )
            for one, two in ((whole, last_day), (last_day, whole)):
                assert connection.execute(f"{one} except all {two}").fetchall() == []
            before = f"{whole} where loaded_at <= timestamp '{end}' - interval 1 day"
            for one, two in ((before, day_before), (day_before, before)):
                assert connection.execute(f"{one} except all {two}").fetchall() == []
        # It is a day like the others: conversations that begin in it, older ones, late rows.
        new = (
            f"select * from '{raw}/messages.parquet' "
            f"where loaded_at > timestamp '{end}' - interval 1 day"
        )
        conversations, begun, late, share = connection.execute(
            f"""
            select
                count(distinct conversation_id),
                count(distinct conversation_id) filter (
                    created_at > timestamp '{end}' - interval 26 hours
                ),
                count(*) filter (messages.loaded_at - sent_at > interval 3 hours),
                365 * count(*) / (select count(*) from '{raw}/messages.parquet')
            from ({new}) as messages
            inner join (select conversation_id, created_at from '{raw}/conversations.parquet')
                using (conversation_id)
            """
        ).fetchall()[0]
    assert conversations > begun > 5
    assert late > 0
    assert 0.5 < share < 2


def test_a_day_adds_a_file_of_each_table(laid: tuple[Path, str, dict[str, str]]) -> None:
    folder, daily, _ = laid
    last_day, day_before = (folder / name for name in ("last_day", "day_before"))
    names, earlier = ({file.name for file in each.iterdir()} for each in (last_day, day_before))
    if not daily:
        assert names == earlier == {f"{table}.parquet" for table in raw_data.TABLES}
        return
    added = names - earlier
    assert earlier < names
    assert len(added) == 3
    assert {name.partition("_")[0] for name in added} == set(raw_data.TABLES)
    assert len(names) > 3 * 350
    assert all((last_day / name).samefile(day_before / name) for name in earlier)
