"""A patched publication is the one that would have been written in full, night after night."""

from __future__ import annotations

import os
import random
import re
from pathlib import Path

import duckdb
import pytest
import same_tables

from containment.common import warehouse
from containment.common.places import Home
from containment.publish import checksums, publish, published_marts
from containment.report import page

MARTS = """
    create schema marts;
    create table marts.conversations as
        select (i % 3)::varchar as source, 'c' || i as conversation_id, i % 7 as session_count,
            case when i % 11 > 0 then timestamp '2025-01-01' + interval (i % 400) day end
                as first_activity_at
        from range({conversations}) as t (i);
    create table marts.sessions as
        select 's' || i as session_id, 'c' || (i % {conversations}) as conversation_id,
            (date '2025-01-01' + interval (i % 400) day)::date as started_date,
            case i % 3 when 0 then 'resolved' when 1 then 'open' end as outcome,
            i / 7.0 as csat_score, i % 2 = 0 as is_contained
        from range(3 * {conversations}) as t (i);
    create view marts.open_sessions as select * from marts.sessions where outcome = 'open';
    create table marts.rejected_rows as
        select 'c' || (i % 5) as conversation_id, 'no_time' as reason from range(20) as t (i);
    create table marts.containment_daily as
        select started_date, count(*) as sessions from marts.sessions group by started_date;
    create table marts.run_log as select 0 as run_id;
    comment on table marts.sessions is 'One row per session.';
"""
# What may happen between two publications.
CHANGES = (
    "insert into marts.sessions by name select * replace ('n' || {n} || session_id as session_id) "
    "from marts.sessions using sample 3",
    "delete from marts.sessions where conversation_id = 'c{n}'",
    "delete from marts.conversations where conversation_id = 'c{n}'",
    "update marts.sessions set outcome = 'escalated' where conversation_id = 'c{n}'",
    "update marts.sessions set csat_score = case when {n} % 2 = 0 then 'nan'::double end "
    "where conversation_id = 'c{n}'",
    "update marts.sessions set started_date = date '1970-01-01' + {n} where session_id = 's{n}'",
    "update marts.conversations set first_activity_at = null where conversation_id = 'c{n}'",
    "insert into marts.rejected_rows from marts.rejected_rows limit 1",
    "delete from marts.rejected_rows where rowid = (select min(rowid) from marts.rejected_rows)",
    "update marts.run_log set run_id = run_id + 1",
    "create or replace table marts.containment_daily as select started_date, count(*) as sessions, "
    "{n} as number from marts.sessions group by started_date",
    "comment on table marts.sessions is 'One row per session, {n}.'",
    "comment on column marts.sessions.outcome is 'It''s {n}.'",
    "create or replace table marts.later_{n} as select {n} as number, 'c' as conversation_id",
    "alter table marts.conversations add column if not exists more integer default {n}",
    "update marts.sessions set outcome = null",
    "delete from marts.sessions",
    "select 1",
)
RARE = CHANGES[-4:-1]


@pytest.fixture(autouse=True)
def without_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publish.docs, "write", lambda page: page.write_text("docs"))
    monkeypatch.setattr(page, "made", lambda database, name, view: name)
    # A file as small as here takes twice the room after a patch, for a block holds little.
    monkeypatch.setattr(published_marts, "MOST_GROWTH", 9)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home whose warehouse holds marts of 2,000 conversations."""
    made = Home(tmp_path / "home")
    made.warehouse_folder.mkdir(parents=True)
    with warehouse.opened(made.warehouse) as connection:
        connection.execute(MARTS.format(conversations=2000))
    return made


def change(home: Home, *statements: str) -> None:
    with warehouse.opened(home.warehouse) as connection:
        for statement in statements:
            connection.execute(statement)


def published_now(home: Home, *, with_parquet: bool = True) -> tuple[Path, str]:
    """Publish; give the folder and how it was made, after it was compared with the warehouse."""
    how: list[str] = []
    folder = publish.publish(
        home,
        publish.new_name(home.published),
        3,
        with_parquet=with_parquet,
        tell=how.append,
    )
    same_tables.assert_published(home.warehouse, folder, with_parquet=with_parquet)
    assert publish.damage(home.published, folder.name) == []
    return folder, how[0]


def inodes(folder: Path) -> dict[str, int]:
    files = (path for path in (folder / "parquet").rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.stat().st_ino for path in files}


def test_nothing_changed_is_the_old_files(home: Home) -> None:
    first, how = published_now(home)
    assert how == "written in full: no sound publication to patch"
    second, how = published_now(home)
    assert how == "patched: 0 of 6 marts changed"
    assert inodes(first) == inodes(second)
    assert len(inodes(first)) > 30


def test_a_row_changes_its_month_alone(home: Home) -> None:
    first, _ = published_now(home)
    change(home, "update marts.sessions set outcome = 'escalated' where session_id = 's2'")
    second, how = published_now(home)
    assert how == "patched: 1 of 6 marts changed"
    before, after = inodes(first), inodes(second)
    assert {name for name in before if before[name] != after[name]} == {
        "parquet/sessions/2025-01.parquet"
    }


def test_a_moved_row_changes_both_months(home: Home) -> None:
    first, _ = published_now(home)
    change(home, "update marts.sessions set started_date = '2020-02-29' where session_id = 's41'")
    second, _ = published_now(home)
    before, after = inodes(first), inodes(second)
    assert {name for name in after if before.get(name) != after[name]} == {
        "parquet/sessions/2020-02.parquet",
        "parquet/sessions/2025-02.parquet",
    }


def test_the_last_row_of_a_month_takes_its_file_along(home: Home) -> None:
    change(home, "update marts.sessions set started_date = '0001-12-31' where session_id = 's40'")
    first, _ = published_now(home)
    assert "parquet/sessions/0001-12.parquet" in inodes(first)
    change(home, "update marts.sessions set started_date = '9999-12-31' where session_id = 's40'")
    second, _ = published_now(home)
    assert "parquet/sessions/0001-12.parquet" not in inodes(second)
    assert "parquet/sessions/9999-12.parquet" in inodes(second)


def test_a_mart_without_a_row_has_a_file(home: Home) -> None:
    change(home, "delete from marts.sessions", "delete from marts.conversations")
    folder, _ = published_now(home)
    assert {"parquet/sessions/none.parquet", "parquet/conversations/none.parquet"} <= set(
        inodes(folder)
    )


@pytest.mark.parametrize(
    ("seed", "nights"), [(1, 12), pytest.param(2, 60, marks=pytest.mark.heavy)]
)
def test_any_nights_equal_what_was_built(
    home: Home, seed: int, nights: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    draw = random.Random(seed)
    patched = 0
    published_now(home)
    for _ in range(nights):
        drawn = draw.choices(CHANGES, [1 if each in RARE else 8 for each in CHANGES], k=4)
        change(home, *(each.format(n=draw.randrange(2000)) for each in drawn))
        if draw.random() < 0.15:
            publish.switch(home.published, draw.choice(publish.names(home.published)))
        # However many groups differ: of so few conversations most would be replaced.
        monkeypatch.setattr(published_marts, "MOST_DIFFERING", draw.choice((0.3, 1)))
        _, how = published_now(home)
        patched += how.startswith("patched")
    assert patched > nights / 2


@pytest.mark.heavy
def test_thirty_patches_take_no_more_room_and_old_clients_can_open_it(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(published_marts, "MOST_GROWTH", 1.2)
    change(
        home,
        "drop schema marts cascade",
        *MARTS.format(conversations=60_000).strip().split(";")[:-1],
    )
    folder, _ = published_now(home, with_parquet=False)
    whole = (folder / "containment.duckdb").stat().st_size
    hows = []
    for night in range(30):
        change(
            home,
            f"update marts.sessions set outcome = 'night {night}', csat_score = {night} "
            f"where hash(conversation_id) % 50 = {night % 7}",
        )
        folder, how = published_now(home, with_parquet=False)
        hows.append(how)
        assert (folder / "containment.duckdb").stat().st_size <= 1.2 * whole
    assert sum(how.startswith("patched") for how in hows) >= 25, hows
    header = (folder / "containment.duckdb").read_bytes()[:20]
    assert int.from_bytes(header[12:20], "little") == 64


def test_it_is_made_whole_where_it_would_take_too_much_room(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    published_now(home)
    monkeypatch.setattr(published_marts, "MOST_GROWTH", 0.5)
    _, how = published_now(home)
    assert how == "written in full: a patched one would take too much room"


def test_it_is_made_whole_of_a_damaged_one_and_of_none(home: Home) -> None:
    first, _ = published_now(home)
    with (first / "containment.duckdb").open("r+b") as file:
        file.seek(-3, os.SEEK_END)
        file.write(b"x")
    second, how = published_now(home)
    assert how == "written in full: no sound publication to patch"
    (second / checksums.FILE).unlink()
    _, how = published_now(home)
    assert how == "written in full: no sound publication to patch"


def test_it_is_made_whole_where_the_patched_one_is_another(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    published_now(home)
    change(home, "update marts.sessions set outcome = 'escalated' where session_id = 's2'")
    collect = published_marts._collect_rows

    def forgetful(connection: duckdb.DuckDBPyConnection, *arguments: object) -> None:
        collect(connection, *arguments)
        connection.execute('delete from "come to sessions"')

    monkeypatch.setattr(published_marts, "_collect_rows", forgetful)
    _, how = published_now(home)
    assert how == "written in full: sessions would not be what was built"


def test_an_error_in_patching_is_no_reason_to_publish_nothing(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    published_now(home)

    def fails(*_: object, **__: object) -> None:
        raise duckdb.InvalidInputException("a row: secret")

    monkeypatch.setattr(published_marts, "_patched", fails)
    _, how = published_now(home)
    assert how.startswith("written in full: ") and "secret" not in how


def test_a_new_warehouse_makes_it_whole_once(home: Home) -> None:
    published_now(home)
    change(home, f"drop table {published_marts.SIZE}")
    assert published_now(home)[1] == "written in full: a new warehouse"
    assert published_now(home)[1].startswith("patched")


def test_a_linked_file_that_is_damaged_is_written_anew(home: Home) -> None:
    first, _ = published_now(home)
    file = first / "parquet" / "sessions" / "2025-03.parquet"
    with file.open("r+b") as stream:
        stream.seek(20)
        stream.write(b"xx")
    second, how = published_now(home)
    assert how.startswith("patched")
    before, after = inodes(first), inodes(second)
    assert {name for name in before if before[name] != after[name]} == {
        "parquet/sessions/2025-03.parquet"
    }


def test_where_files_cannot_be_linked_they_are_written(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    def link(*_: object) -> None:
        raise PermissionError

    first, _ = published_now(home)
    monkeypatch.setattr(os, "link", link)
    second, how = published_now(home)
    assert how.startswith("patched")
    assert set(inodes(first).values()).isdisjoint(inodes(second).values())


def test_parquet_can_be_left_out_and_comes_back(home: Home) -> None:
    published_now(home)
    link = home.published / "parquet"
    assert link.is_dir()
    folder, _ = published_now(home, with_parquet=False)
    assert not link.is_symlink() and not (folder / "parquet").exists()
    assert (home.published / "containment.duckdb").is_file()
    published_now(home)
    assert link.is_dir()
    publish.switch(home.published, folder.name)
    assert not link.is_symlink()


def test_a_mart_that_no_model_makes_any_more_is_gone(home: Home) -> None:
    change(home, "create table marts.third as select 1 as conversation_id")
    published_now(home)
    change(home, "drop table marts.third")
    folder, how = published_now(home)
    assert how.startswith("patched")
    assert not (folder / "parquet" / "third.parquet").exists()


def test_a_row_is_told_by_each_of_its_columns(home: Home) -> None:
    """The hash that finds what changed sees each column, and null apart from a value."""
    published_now(home)
    for column, value in (
        ("session_id", "'other'"),
        ("conversation_id", "'c1'"),
        ("started_date", "'2031-01-01'"),
        ("outcome", "null"),
        ("csat_score", "-0.5"),
        ("is_contained", "null"),
    ):
        change(home, f"update marts.sessions set {column} = {value} where rowid = 3")
        _, how = published_now(home)
        assert re.match(r"patched: [1-9]", how), column


def test_rows_that_swap_a_value_of_the_last_column_are_told_apart(home: Home) -> None:
    """Of DuckDB's hash of several values the last one is hardly mixed in: sums of 24 bits."""
    with warehouse.opened(home.warehouse) as connection:
        here = published_marts.columns(connection)["sessions"]
        of_row = published_marts._row_hash(here)
        # By how much the hash of a row moves with its last column: two of a kind could cancel out.
        moves, different = connection.execute(
            f"""
            with rows as (
                select i as row_number, 's' || i as session_id, 'c' || i as conversation_id,
                    date '2025-01-01' as started_date, 'open' as outcome, 0.5 as csat_score,
                    flag as is_contained
                from range(200_000) as t (i) cross join (values (true), (false)) as f (flag)
            ),
            hashed as (
                select row_number,
                    sum(case when is_contained then 1 else -1 end * {of_row}::hugeint) as move
                from rows
                group by row_number
            )
            select count(*), count(distinct abs(move)) from hashed
            """
        ).fetchall()[0]
    assert (here[-1][0], moves, different) == ("is_contained", 200_000, 200_000)
