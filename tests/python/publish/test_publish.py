"""Publications: complete or not there, switched in one step, the last ones kept; the headline."""

from __future__ import annotations

import errno
import itertools
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import duckdb
import faults
import pytest

from containment.common import warehouse
from containment.common.errors import MAKE_ROOM, UNUSABLE, Stop
from containment.common.places import Home
from containment.publish import headline, publish, published_marts

SCRIPTS = Path(publish.__file__).resolve().parents[2]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home folder whose warehouse has two marts of one generation."""
    made = Home(tmp_path / "it's [home]")
    made.warehouse_folder.mkdir(parents=True)
    build(made, 1)
    return made


def build(home: Home, generation: int, rows: int = 10) -> None:
    """What a night builds: marts that all carry the same number."""
    with warehouse.opened(home.warehouse) as connection:
        connection.execute(
            f"""
            create schema if not exists marts;
            create schema if not exists staging;
            create or replace table staging.hidden as select 1 as x;
            create or replace table marts.second as
                select {generation} as generation, i, 'a''b' as word from range({rows}) as t (i);
            create or replace table marts.first as select {generation} as generation;
            comment on table marts.second is 'One row per it''s number.';
            comment on column marts.second.i is 'The "number".';
            """
        )


def publish_now(home: Home, kept: int = 3) -> Path:
    return publish.publish(home, publish.new_name(home.published), kept)


def published(home: Home, query: str) -> list[tuple]:
    with duckdb.connect(str(home.published / "containment.duckdb"), read_only=True) as connection:
        return connection.execute(query).fetchall()


@pytest.mark.parametrize(
    "step",
    [
        "tempfile.mkdtemp",
        "pathlib.Path.chmod",
        "containment.publish.publish._copy",
        "pathlib.Path.write_text",
        "containment.publish.docs.write",
        "containment.publish.publish._sync",
        "pathlib.Path.rename",
        "pathlib.Path.symlink_to",
        "os.replace",
    ],
)
def test_no_room_at_a_step_leaves_the_last_publication(
    home: Home, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("containment.publish.docs.write", lambda page: page.write_text("docs"))
    publish_now(home)
    before = current(home)
    build(home, 2)

    def full(*values: object, **named: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(step, full)
        said = refusal(home)
    assert said == f"{home.published}: {MAKE_ROOM}"
    assert current(home) == before
    assert published(home, "select generation from marts.first") == [(1,)]
    publish_now(home)
    assert published(home, "select generation from marts.first") == [(2,)]


@pytest.mark.heavy
def test_no_room_on_a_real_disk_is_said_at_every_size(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "containment.publish.docs.write", lambda page: page.write_text("docs" * 10_000)
    )
    with faults.small_disk(tmp_path / "disk", 10**9) as disk:
        if disk is None:
            pytest.skip("only who may mount a disk can fill one")
        home = Home(tmp_path / "disk" / "home")
        home.warehouse_folder.mkdir(parents=True)
        build(home, 1, rows=100_000)
        publish_now(home)
        before, taken = current(home), disk.used_bytes()
        build(home, 2, rows=100_000)
        taken, steps = max(taken, disk.used_bytes()), 0
        # From not a byte, in steps of about one of DuckDB's blocks, until it is enough.
        for size in itertools.count(0, 300_000):
            disk.resize(taken + size)
            try:
                publish_now(home)
            except Stop as stop:
                assert str(stop) == f"{home.published}: {MAKE_ROOM}"
                assert current(home) == before
                assert versions(home) == [before]
            else:
                break
            steps += 1
        assert steps > 3
        assert published(home, "select generation from marts.first") == [(2,)]


def versions(home: Home) -> list[str]:
    return sorted(entry.name for entry in (home.published / "versions").iterdir())


def current(home: Home) -> str:
    return (home.published / "current").readlink().name


def refusal(home: Home) -> str:
    with pytest.raises(Stop) as stop:
        publish_now(home)
    assert stop.value.exit_code == UNUSABLE
    assert "\n" not in str(stop.value)
    return str(stop.value)


def in_process(home: Home, code: str) -> subprocess.CompletedProcess[str]:
    """Run code in a process of its own; it knows `publish`, `home`, os and signal."""
    start = f"""
        import os, signal, resource, sys
        from pathlib import Path
        from containment.publish import publish
        from containment.common.errors import Stop
        from containment.common.places import Home
        home = Home(Path({str(home.folder)!r}))
    """
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(start) + textwrap.dedent(code)],
        env={**os.environ, "PYTHONPATH": str(SCRIPTS)},
        capture_output=True,
        text=True,
        check=False,
    )


# --- what is published ---------------------------------------------------------------------------


def test_marts_and_nothing_else_are_published(home: Home) -> None:
    folder = publish_now(home)
    tables = published(
        home, "select schema_name, table_name from duckdb_tables() order by table_oid"
    )
    assert {schema for schema, _ in tables} == {"marts"}
    assert [name for _, name in tables] == ["first", "second"]
    assert published(home, "select count(*), max(word) from marts.second") == [(10, "a'b")]
    assert sorted(entry.name for entry in folder.rglob("*")) == [
        "SHA256SUMS",
        "containment.duckdb",
        "docs.html",
        "first.parquet",
        "parquet",
        "report.html",
        "second.parquet",
    ]


def test_comments_are_carried_over(home: Home) -> None:
    publish_now(home)
    tables = "select comment from duckdb_tables() where table_name = 'second'"
    columns = "select column_name, comment from duckdb_columns() where comment is not null"
    assert published(home, tables) == [("One row per it's number.",)]
    assert published(home, columns) == [("i", 'The "number".')]


def test_views_in_marts_are_published_as_tables(home: Home) -> None:
    with warehouse.opened(home.warehouse) as connection:
        connection.execute("create view marts.third as select * from staging.hidden")
        connection.execute("comment on view marts.third is 'One row.'")
    publish_now(home)
    found = "select comment from duckdb_tables() where table_name = 'third'"
    assert published(home, found) == [("One row.",)]
    assert published(home, "from marts.third") == [(1,)]


def test_older_clients_can_read_the_file(home: Home) -> None:
    publish_now(home)
    header = (home.published / "containment.duckdb").read_bytes()[:20]
    # The number of the storage format; 64 is the one that DuckDB 0.10 to 1.1 write.
    assert int.from_bytes(header[12:20], "little") == 64


def test_parquet_is_compressed_with_zstd(home: Home) -> None:
    publish_now(home)
    file = str(home.published / "parquet" / "second.parquet")
    with duckdb.connect() as connection:
        codecs = connection.execute("select distinct compression from parquet_metadata(?)", [file])
        assert codecs.fetchall() == [("ZSTD",)]


def test_links_are_relative_so_that_the_home_can_be_moved(home: Home, tmp_path: Path) -> None:
    publish_now(home)
    home.folder.rename(tmp_path / "moved")
    moved = Home(tmp_path / "moved")
    assert published(moved, "from marts.first") == [(1,)]
    assert (moved.published / "parquet" / "first.parquet").is_file()


def test_others_may_read_it(home: Home) -> None:
    folder = publish_now(home)
    assert folder.stat().st_mode & 0o055 == 0o055


def test_nothing_half_written_is_left(home: Home) -> None:
    publish_now(home)
    left = [entry.name for entry in home.published.rglob("*")]
    assert not [name for name in left if name.endswith(".wal") or name.startswith(".new")]


# --- one after the other -------------------------------------------------------------------------


def test_names_do_not_depend_on_the_content(home: Home) -> None:
    assert publish_now(home) != publish_now(home)


@pytest.mark.parametrize("kept", [2, 3])
def test_the_last_ones_are_kept(home: Home, kept: int) -> None:
    names = [publish_now(home, kept).name for _ in range(5)]
    assert versions(home) == names[-kept:]
    assert current(home) == names[-1]


def test_after_a_rollback_neither_the_newest_nor_the_current_one_is_removed(home: Home) -> None:
    names = [publish_now(home).name for _ in range(3)]
    publish.switch(home.published, names[0])
    publish._remove_old(home.published, 2)
    assert versions(home) == [names[0], names[2]]
    newest = publish_now(home, 2).name
    assert versions(home) == [names[2], newest]
    assert current(home) == newest


def test_left_overs_of_killed_runs_are_removed(home: Home) -> None:
    publish_now(home)
    (home.published / "versions" / ".new-abc" / "parquet").mkdir(parents=True)
    (home.published / ".new-current").symlink_to("versions/nowhere")
    publish_now(home)
    assert len(versions(home)) == 2
    assert not (home.published / ".new-current").is_symlink()


@pytest.mark.parametrize("step", ["_copy", "_check", "_sync", "_point"])
def test_killed_at_any_step(home: Home, step: str) -> None:
    publish_now(home)
    before = current(home)
    build(home, 2)
    done = in_process(
        home,
        f"""
        publish.{step} = lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL)
        publish.publish(home, publish.new_name(home.published), 3)
        """,
    )
    assert done.returncode == -signal.SIGKILL
    assert current(home) == before
    assert published(home, "from marts.first") == [(1,)]
    publish_now(home)
    assert published(home, "from marts.first") == [(2,)]
    assert not [name for name in versions(home) if name.startswith(".new")]


READER = """
import sys
import duckdb

database, parquet = sys.argv[1:]
seen, reads = set(), 0
print("reading", flush=True)
while 8 not in seen:
    with duckdb.connect(database, read_only=True) as connection:
        first = connection.execute("select max(generation) from marts.first").fetchone()
        second = connection.execute(
            "select min(generation), max(generation), count(*) from marts.second"
        ).fetchone()
        copied = connection.execute(f"select count(*) from read_parquet('{parquet}')").fetchone()
    assert second == (first[0], first[0], 10000), (first, second)
    assert copied == (10000,), copied
    assert first[0] >= max(seen, default=0), (first, seen)
    seen.add(first[0])
    reads += 1
print(reads, len(seen))
"""


def test_a_reader_never_waits_nor_sees_half(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.warehouse_folder.mkdir()
    build(home, 1, rows=10_000)
    publish_now(home)
    files = (home.published / "containment.duckdb", home.published / "parquet" / "second.parquet")
    command = [sys.executable, "-c", READER, *map(str, files)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as reader:
        assert reader.stdout is not None
        assert reader.stdout.readline() == "reading\n"
        for generation in range(2, 9):
            build(home, generation, rows=10_000)
            publish_now(home)
        said = reader.stdout.read()
    assert reader.returncode == 0
    reads, seen = map(int, said.split())
    assert reads > seen > 1


# --- when it fails -------------------------------------------------------------------------------


def test_nothing_to_publish(home: Home) -> None:
    publish_now(home)
    before = current(home)
    with warehouse.opened(home.warehouse) as connection:
        connection.execute("drop schema marts cascade")
    assert refusal(home) == f"{home.warehouse}: no table in schema marts; nothing to publish"
    assert (current(home), versions(home)) == (before, [before])


def test_a_row_that_is_missing_in_the_copy(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    publish_now(home)
    before = current(home)
    build(home, 2)
    replace = published_marts._replace

    def lose(connection: duckdb.DuckDBPyConnection, mart: str) -> None:
        replace(connection, mart)
        if mart == "second":
            connection.execute("delete from publication.marts.second where i = 3")

    monkeypatch.setattr(published_marts, "_replace", lose)
    assert "second has 10 rows in the warehouse, 9 in the copy, 9 in parquet" in refusal(home)
    assert (current(home), versions(home)) == (before, [before])


def test_disk_full(home: Home) -> None:
    publish_now(home)
    before = current(home)
    build(home, 2, rows=2_000_000)
    done = in_process(
        home,
        """
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))
        try:
            publish.publish(home, publish.new_name(home.published), 3)
        except Stop as stop:
            print(stop)
            sys.exit(stop.exit_code)
        """,
    )
    assert done.returncode == UNUSABLE, done.stderr
    assert f"{home.published}: {MAKE_ROOM}\n" == done.stdout
    assert (current(home), versions(home)) == (before, [before])
    assert published(home, "from marts.first") == [(1,)]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_permission_denied(home: Home) -> None:
    publish_now(home)
    before = current(home)
    (home.published / "versions").chmod(0o555)
    try:
        assert "cannot publish (Permission denied)" in refusal(home)
    finally:
        (home.published / "versions").chmod(0o755)
    assert (current(home), versions(home)) == (before, [before])


@pytest.mark.parametrize("link", ["current", "parquet"])
def test_a_folder_in_the_place_of_a_link_is_named(home: Home, link: str) -> None:
    publish_now(home)
    place = home.published / link
    place.unlink()
    place.mkdir()
    assert refusal(home) == f"{place}: a folder, where a link belongs; move it away and start again"
    assert len(versions(home)) == 1
    place.rmdir()
    publish_now(home)


def test_a_file_in_the_way(home: Home) -> None:
    home.published.write_text("")
    assert refusal(home).startswith(f"{home.published}")


# --- the headline --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("part", "whole", "said"),
    [(2, 3, "66.6"), (0, 7, "0.0"), (7, 7, "100.0"), (1999, 2000, "99.9"), (7, 10, "70.0")],
)
def test_percentages_are_cut(part: int, whole: int, said: str) -> None:
    assert headline.percent(part, whole) == said


@pytest.mark.parametrize(
    ("part", "whole", "low", "high"),
    # Worked out with another program: 0.2076-0.9385, 0-0.2775, 0.7225-1
    [(2, 3, "20.7", "93.8"), (0, 10, "0.0", "27.7"), (10, 10, "72.2", "100.0")],
)
def test_wilson_interval(part: int, whole: int, low: str, high: str) -> None:
    assert headline.wilson(part, whole) == (low, high)


SESSIONS = """
    create table marts.sessions as
    select * from (values
        ('chat', 'resolved', true), ('chat', 'timed_out', true), ('email', 'escalated', false),
        ('email', 'open', null)
    ) as t (channel, outcome, is_contained) where {condition};
    create table marts.segments as
    select outcome, 'session' as segment_kind, 1 as customer_message_count,
        channel = 'chat' as is_bot_involved from marts.sessions
    union all
    select 'open', kind, customer_message_count, false from (values
        ('human', 1), ('human', 0), ('excluded', 1), ('excluded', 1)
    ) as t (kind, customer_message_count) where $${condition}$$ = 'true';
    create table marts.settings as select timestamp '2026-10-05 02:00:00' as as_of;
    create table marts.row_reconciliation as
    select 'sample' as source, 'messages' as table_name, 1200 as rows_read, 1195 as rows_used,
        2 as rows_duplicate, 3 as rows_rejected;
    create table marts.rejected_rows as
    select 'sample' as source, 'messages' as table_name, reason
    from (values ('missing_id'), ('missing_id'), ('missing_time')) as t (reason);
"""


def lines(home: Home, condition: str) -> list[str]:
    with warehouse.opened(home.warehouse) as connection:
        connection.execute(SESSIONS.format(condition=condition))
    publish_now(home)
    return headline.lines(home.published / "containment.duckdb")


def test_headline(home: Home) -> None:
    assert lines(home, "true") == [
        "Containment 66.6 % (2 of 3 closed sessions; 95 % interval 20.7–93.8 %); "
        "coverage 40.0 % (2 of 5 contacts); 1 open; 2 excluded; as of 2026-10-05 02:00 UTC",
        "",
        "channel     rate  contained  closed  open",
        "chat     100.0 %          2       2     0",
        "email      0.0 %          0       1     1",
        "",
        "rows of           read   used  duplicates  rejected",
        "sample messages  1,200  1,195           2         3  missing_id 2; missing_time 1",
    ]


def test_headline_without_a_closed_session(home: Home) -> None:
    found = lines(home, "outcome = 'open'")
    assert found[0] == (
        "Containment: no closed session yet; coverage 0.0 % (0 of 1 contact); 1 open; "
        "as of 2026-10-05 02:00 UTC"
    )
    assert found[3] == "email       -          0       0     1"


def test_headline_without_a_session(home: Home) -> None:
    found = lines(home, "false")
    assert found[0] == ("Containment: no closed session yet; 0 open; as of 2026-10-05 02:00 UTC")
    assert found[2].startswith("rows of")


def test_headline_without_its_marts(home: Home) -> None:
    publish_now(home)
    (line,) = headline.lines(home.published / "containment.duckdb")
    assert line.startswith("no headline: ")
