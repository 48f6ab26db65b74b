"""Ids as salted hashes: the same id gives the same hash everywhere, and nothing gives it away."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import projects
import pytest

from containment.common.errors import UNUSABLE, Stop
from containment.common.places import Home
from containment.raw import hashed_ids, in_folder, in_schema, views
from containment.raw.views import RawData
from containment.settings import raw_places, source_yml
from containment.settings import settings as settings_module
from containment.settings.lookup_tables import Content, Row
from containment.settings.lookups import Lookups
from containment.settings.values import Given

DESK = """
sources:
  - name: desk
    tables:
      - name: ticket
        identifier: desk_ticket
        columns:
          - {name: id, data_type: varchar, config: {meta: {required: true, hashed: true}}}
          - {name: user_id, data_type: varchar, config: {meta: {hashed: true}}}
          - {name: priority, data_type: varchar}
      - name: ticket_tag
        identifier: desk_ticket_tag
        columns:
          - {name: tag, data_type: varchar}
"""
PHONE = "+4917012345678"
SALT = "a salt of more than sixteen"
AUTHORS = Content(
    ("author_role", "user_id", "author_type"),
    [
        Row("line 2", {"author_role": "agent", "user_id": "*", "author_type": "agent"}),
        Row("line 3", {"author_role": "agent", "user_id": "900", "author_type": "bot"}),
    ],
)
WORDS = Lookups(frozenset(), frozenset(), contents={"desk/desk_authors.csv": AUTHORS})


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project with one source, two of whose columns are ids."""
    yml = source_yml.yml(tmp_path, "desk")
    yml.parent.mkdir(parents=True)
    yml.write_text(DESK)
    return tmp_path


@pytest.fixture
def landed(tmp_path: Path) -> Path:
    folder = tmp_path / "landed"
    folder.mkdir()
    (folder / "ticket.csv").write_text(f"id,user_id,priority\n{PHONE},900,1\n8, {PHONE} ,2\n9,,3\n")
    return folder


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(tmp_path / "containment.duckdb")) as opened:
        yield opened


def found(root: Path, landed: Path) -> RawData:
    return in_folder.inspect(landed, WORDS, "desk", root)


def hash_of(connection: duckdb.DuckDBPyConnection, id_: str | None, salt: str = SALT) -> Any:
    connection.execute(f"set variable {views.SALT} = '{salt}'")
    query = f"select {hashed_ids.expression('$1::varchar')}"
    return connection.execute(query, [id_]).fetchall()[0][0]


# --- the hash ------------------------------------------------------------------------------------


def test_one_id_is_one_hash(connection: duckdb.DuckDBPyConnection) -> None:
    hashes = {hash_of(connection, id_) for id_ in ("7", " 7 ", "7.0", "7.00")}
    assert len(hashes) == 1
    assert len(hashes.pop()) == hashed_ids.LENGTH


def test_other_ids_and_other_salts_are_other_hashes(connection: duckdb.DuckDBPyConnection) -> None:
    ids = ["7", "07", "7.5", "70", "a", "A", PHONE, PHONE[1:]]
    hashes = {hash_of(connection, id_, salt) for id_ in ids for salt in (SALT, SALT + "!")}
    assert len(hashes) == 2 * len(ids)


@pytest.mark.parametrize("id_", [None, "", " "])
def test_no_id_stays_none(connection: duckdb.DuckDBPyConnection, id_: str | None) -> None:
    assert hash_of(connection, id_) is None


# --- the raw tables ------------------------------------------------------------------------------


def test_ids_are_hashed_in_every_column_and_bots_are_still_found(
    root: Path, landed: Path, connection: duckdb.DuckDBPyConnection
) -> None:
    raw = hashed_ids.hashed(found(root, landed), "desk", SALT, WORDS, root)
    views.write_views(raw, connection)
    rows = connection.execute("select * from raw.desk_ticket order by priority").fetchall()
    phone = hash_of(connection, PHONE)
    assert rows == [
        (phone, "900", "1"),
        (hash_of(connection, "8"), phone, "2"),
        (hash_of(connection, "9"), None, "3"),
    ]


def test_what_is_kept_holds_neither_the_ids_nor_the_salt(
    root: Path, landed: Path, connection: duckdb.DuckDBPyConnection
) -> None:
    raw = hashed_ids.hashed(found(root, landed), "desk", SALT, WORDS, root)
    assert SALT not in repr(raw)
    views.write_views(raw, connection)
    assert (
        connection.execute("select view_name from duckdb_views() where not internal").fetchall()
        == []
    )
    connection.execute("checkpoint")
    assert connection.execute(f"select getvariable('{views.SALT}')").fetchall() == [(None,)]
    definitions = connection.execute("select sql from duckdb_tables()").fetchall()
    values = connection.execute("select * from raw.desk_ticket").fetchall()
    for secret in (PHONE, SALT):
        assert secret not in str(definitions) + str(values)


def test_a_source_that_is_taken_out_is_read_through_views_again(
    root: Path, landed: Path, connection: duckdb.DuckDBPyConnection
) -> None:
    plain = found(root, landed)
    for raw in (plain, hashed_ids.hashed(plain, "desk", SALT, WORDS, root), plain):
        views.write_views(raw, connection)
    rows = connection.execute("select id from raw.desk_ticket order by priority").fetchall()
    assert rows[0] == (PHONE,)


def test_an_attached_database_and_a_schema_of_the_warehouse(
    root: Path, tmp_path: Path, connection: duckdb.DuckDBPyConnection
) -> None:
    lake = tmp_path / "lake.duckdb"
    with duckdb.connect(str(lake)) as made:
        made.execute("create schema desk")
        made.execute("create table desk.ticket as select 7 as id, 8.0::double as user_id")
    connection.execute("create schema desk")
    connection.execute(f"create table desk.ticket as select '7' as id, '{PHONE}' as user_id")
    connection.close()
    file = tmp_path / "containment.duckdb"
    for place in ({"database": str(lake), "schema": "desk"}, {"schema": "desk"}):
        where = raw_places.parse("desk", place, "test", tmp_path)
        assert isinstance(where, raw_places.Schema)
        raw = in_schema.inspect(where, "desk", file, root)
        with duckdb.connect(str(file)) as again:
            views.write_views(hashed_ids.hashed(raw, "desk", SALT, WORDS, root), again)
            ids = again.execute("select id, user_id from raw.desk_ticket").fetchall()
            other = PHONE if "database" not in place else "8"
            assert ids == [(hash_of(again, "7"), hash_of(again, other))]


def test_an_error_does_not_quote_the_row(connection: duckdb.DuckDBPyConnection) -> None:
    bad = RawData({"desk_ticket": f"select cast('{PHONE}' as date)"}, "a table", salt=SALT)
    with pytest.raises(Stop) as stop:
        views.write_views(bad, connection)
    assert PHONE not in str(stop.value)
    assert SALT not in str(stop.value)
    assert "a value cannot be converted" in str(stop.value)


# --- the salt ------------------------------------------------------------------------------------


def test_a_home_makes_its_salt_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home = Home(tmp_path)
    first = hashed_ids.salt(home, {})
    said = capsys.readouterr().out
    assert str(home.id_salt) in said
    assert first not in said
    assert hashed_ids.salt(home, {hashed_ids.VARIABLE: " "}) == first
    assert capsys.readouterr().out == ""
    assert home.id_salt.stat().st_mode & 0o777 == 0o600
    assert len(first) == 64
    assert hashed_ids.salt(Home(tmp_path / "other"), {}) != first


def test_the_environment_goes_before_the_home(tmp_path: Path) -> None:
    home = Home(tmp_path)
    assert hashed_ids.salt(home, {hashed_ids.VARIABLE: SALT}) == SALT
    assert not home.id_salt.exists()


def test_a_salt_that_can_be_guessed_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Stop, match="CONTAINMENT_ID_SALT: too short") as stop:
        hashed_ids.salt(Home(tmp_path), {hashed_ids.VARIABLE: "0123456789abcde"})
    assert stop.value.exit_code == UNUSABLE
    assert "0123456789abcde" not in str(stop.value)


@pytest.mark.parametrize("content", [b"", b"short\n", b"\xff" * 40])
def test_a_home_whose_salt_is_damaged_does_not_make_another(tmp_path: Path, content: bytes) -> None:
    home = Home(tmp_path)
    home.id_salt.parent.mkdir()
    home.id_salt.write_bytes(content)
    with pytest.raises(Stop, match="id_salt"):
        hashed_ids.salt(home, {})
    assert home.id_salt.read_bytes() == content


@pytest.mark.skipif(os.getuid() == 0, reason="root may write everywhere")
def test_a_home_that_cannot_keep_a_salt(tmp_path: Path) -> None:
    (tmp_path / "history").mkdir(mode=0o500)
    with pytest.raises(Stop, match="CONTAINMENT_ID_SALT"):
        hashed_ids.salt(Home(tmp_path), {})


# --- the setting ---------------------------------------------------------------------------------


def load(value: Any) -> tuple[str, ...]:
    options = {"hashed_ids": Given(value, "--vars")}
    return settings_module.load(projects.ROOT, options, None, {}).hashed_ids


def test_rasa_s_ids_are_hashed_by_default() -> None:
    assert settings_module.load(projects.ROOT, {}, None, {}).hashed_ids == ("rasa",)


@pytest.mark.parametrize(
    ("value", "expected"),
    [([], ()), (None, ()), ("files", ("files",)), (["rasa", "intercom", "rasa"],) * 2],
)
def test_sources_that_say_which_columns_are_ids(value: Any, expected: Any) -> None:
    assert load(value) == tuple(dict.fromkeys(expected))


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("desk", "--vars: hashed_ids: no source 'desk'"),
        ({"rasa": True}, "--vars: hashed_ids is {'rasa': True}; name sources, e.g. [rasa]"),
        (["rasa", "sample"], "--vars: hashed_ids names 'sample', which marks no column as an id"),
    ],
)
def test_sources_that_cannot_be_hashed(value: Any, said: str) -> None:
    with pytest.raises(Stop) as stop:
        load(value)
    assert str(stop.value).startswith(said)
    assert stop.value.exit_code == UNUSABLE
