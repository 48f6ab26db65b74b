"""The folder of the source `files`: found, checked, and put into views."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from containment.common import sql, warehouse
from containment.common.errors import LOCKED, UNUSABLE, Stop
from containment.common.places import PROJECT
from containment.raw import find, in_folder, views
from containment.settings import source_yml
from containment.settings.lookups import Lookups

LOOKUPS = Lookups(
    channels=frozenset({"*", "chat", "email"}),
    event_types=frozenset({("*", "resolved"), ("files", "handoff"), ("other", "bot_left")}),
)
CONVERSATIONS = "conversation_id,channel\nk1,chat\n"
MESSAGES = (
    "message_id,conversation_id,author_type,sent_at,body\n"
    "m1,k1,customer,2026-01-01T09:00:00-07:00,secret\n"
)
EVENTS = "event_id,conversation_id,event_type,occurred_at\ne1,k1,resolved,2026-01-01T16:05:00Z\n"
OPTIONAL_COLUMNS = ("author_id", "is_public", "topic", "loaded_at", "bot_version")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with one small csv file a table."""
    made = tmp_path / "raw"
    write(made / "conversations.csv", CONVERSATIONS)
    write(made / "messages.csv", MESSAGES)
    write(made / "events.csv", EVENTS)
    return made


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as opened:
        opened.execute("set TimeZone = 'UTC'")
        yield opened


def write(file: Path, content: str | bytes) -> Path:
    """Write a file, packed when its name ends in .gz; make its folder."""
    data = content.encode() if isinstance(content, str) else content
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(gzip.compress(data) if file.suffix == ".gz" else data)
    return file


def write_lines(file: Path, *rows: Mapping[str, Any]) -> Path:
    return write(file, "".join(json.dumps(row) + "\n" for row in rows))


def write_parquet(file: Path, query: str) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    with duckdb.connect() as connection:
        connection.execute(f"copy ({query}) to {sql.text(str(file))} (format parquet)")
    return file


def read(folder: Path, view: str, connection: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    """The rows of a view made for the folder, in the order of their first column."""
    views.write_views(in_folder.inspect(folder, LOOKUPS), connection)
    rows = connection.execute(f"select * from raw.{view} order by 1")
    names = [column[0] for column in rows.description]
    return [dict(zip(names, row, strict=True)) for row in rows.fetchall()]


def types(view: str, connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    return {row[0]: row[1] for row in connection.execute(f"describe raw.{view}").fetchall()}


def refusal(folder: Path) -> str:
    """The one line with which the folder is refused."""
    with pytest.raises(Stop) as stop:
        in_folder.inspect(folder, LOOKUPS)
    assert stop.value.exit_code == UNUSABLE
    assert "\n" not in str(stop.value)
    return str(stop.value)


# --- what is read --------------------------------------------------------------------------------


def test_views_have_exactly_the_columns_of_the_contract(
    folder: Path, connection: duckdb.DuckDBPyConnection
) -> None:
    read(folder, "files_messages", connection)
    for table in source_yml.declared(PROJECT, source_yml.CONTRACT):
        assert list(types(table.view, connection)) == list(table.columns)


def test_text_times_stay_text_and_missing_columns_are_null(
    folder: Path, connection: duckdb.DuckDBPyConnection
) -> None:
    (row,) = read(folder, "files_messages", connection)
    assert row == {
        "message_id": "m1",
        "conversation_id": "k1",
        "author_type": "customer",
        "sent_at": "2026-01-01T09:00:00-07:00",
        **dict.fromkeys(OPTIONAL_COLUMNS),
    }


def test_message_text_is_in_no_statement(folder: Path) -> None:
    write_lines(folder / "messages_2.jsonl", message("m2") | {"body": "secret"})
    write_parquet(
        folder / "messages_3.parquet",
        "select 'm3' as message_id, 'k1' as conversation_id, 'bot' as author_type, "
        "timestamp '2026-01-01' as sent_at, 'secret' as body",
    )
    assert "body" not in " ".join(in_folder.inspect(folder, LOOKUPS).selects.values())


def message(message_id: str) -> dict[str, Any]:
    return {
        "message_id": message_id,
        "conversation_id": "k1",
        "author_type": "bot",
        "sent_at": "2026-01-01T10:00:00Z",
    }


@pytest.mark.parametrize("suffix", [".csv", ".csv.gz", ".CSV"])
def test_csv_is_read_with_quotes_blanks_and_a_byte_order_mark(
    folder: Path, connection: duckdb.DuckDBPyConnection, suffix: str
) -> None:
    (folder / "messages.csv").unlink()
    write(
        folder / f"messages{suffix}",
        "\ufeffbody,message_id,conversation_id,author_type,sent_at,topic,author_id\r\n"
        '"a, ""b""\r\nc",m1,k1,bot,2026-01-01T00:00:00Z,"",\r\n'
        "\r\n"
        ",007,k1,bot,2026-01-01T00:00:00Z,x,1\r\n",
    )
    rows = read(folder, "files_messages", connection)
    found = [(row["message_id"], row["topic"], row["author_id"]) for row in rows]
    assert found == [("007", "x", "1"), ("m1", None, None)]


@pytest.mark.parametrize("delimiter", [";", "\t", "|"])
def test_csv_may_have_another_delimiter(
    folder: Path, connection: duckdb.DuckDBPyConnection, delimiter: str
) -> None:
    write(folder / "messages.csv", MESSAGES.replace(",", delimiter))
    assert [row["message_id"] for row in read(folder, "files_messages", connection)] == ["m1"]


def test_csv_files_may_differ_in_columns_and_their_order(
    folder: Path, connection: duckdb.DuckDBPyConnection
) -> None:
    write(
        folder / "messages" / "day=2" / "part.csv",
        "topic,sent_at,author_type,conversation_id,message_id\nbilling,2026,bot,k1,m2\n".replace(
            "2026", "2026-01-02"
        ),
    )
    rows = read(folder, "files_messages", connection)
    assert [(row["message_id"], row["topic"]) for row in rows] == [("m1", None), ("m2", "billing")]


@pytest.mark.parametrize("suffix", [".jsonl", ".jsonl.gz"])
def test_jsonl_numbers_and_booleans_become_text(
    folder: Path, connection: duckdb.DuckDBPyConnection, suffix: str
) -> None:
    (folder / "messages.csv").unlink()
    write_lines(
        folder / f"messages{suffix}",
        message("x") | {"message_id": 12345678901234567890, "is_public": False},
        message("y") | {"topic": None, "body": {"deep": "secret"}},
    )
    rows = read(folder, "files_messages", connection)
    found = [(row["message_id"], row["is_public"], row["topic"]) for row in rows]
    assert found == [("12345678901234567890", "false", None), ("y", None, None)]


def test_parquet_keeps_times_and_booleans_and_makes_ids_text(
    folder: Path, connection: duckdb.DuckDBPyConnection
) -> None:
    (folder / "messages.csv").unlink()
    write_parquet(
        folder / "messages.parquet",
        "select 7 as message_id, uuid '00000000-0000-0000-0000-000000000001' as conversation_id, "
        "'bot' as author_type, timestamptz '2026-01-01 02:00:00+02' as sent_at, "
        "false as is_public, date '2026-01-02' as loaded_at",
    )
    (row,) = read(folder, "files_messages", connection)
    assert row["message_id"] == "7"
    assert row["conversation_id"] == "00000000-0000-0000-0000-000000000001"
    assert str(row["sent_at"]) == "2026-01-01 00:00:00"
    assert str(row["loaded_at"]) == "2026-01-02 00:00:00"
    assert row["is_public"] is False
    found = types("files_messages", connection)
    assert (found["sent_at"], found["is_public"]) == ("TIMESTAMP", "BOOLEAN")


@pytest.mark.parametrize("session_timezone", ["UTC", "America/New_York"])
def test_times_with_a_zone_are_utc_whatever_the_session(
    folder: Path, connection: duckdb.DuckDBPyConnection, session_timezone: str
) -> None:
    connection.execute(f"set TimeZone = '{session_timezone}'")
    write_parquet(
        folder / "messages_2.parquet",
        "select 'm2' as message_id, 'k1' as conversation_id, 'bot' as author_type, "
        "timestamptz '2026-01-01 02:00:00+02' as sent_at",
    )
    rows = read(folder, "files_messages", connection)
    assert rows[1]["sent_at"] == "2026-01-01 00:00:00+00"


def test_parquet_files_may_differ_in_columns_and_types(
    folder: Path, connection: duckdb.DuckDBPyConnection
) -> None:
    (folder / "messages.csv").unlink()
    common = "'k1' as conversation_id, 'bot' as author_type"
    write_parquet(
        folder / "messages" / "1.parquet",
        f"select 1 as message_id, {common}, timestamp_ns '2026-01-01 00:00:00.123456' as sent_at",
    )
    write_parquet(
        folder / "messages" / "2.parquet",
        f"select timestamp '2026-01-02' as sent_at, 'x' as message_id, {common}, "
        "{'a': 1} as body, true as is_public",
    )
    rows = read(folder, "files_messages", connection)
    assert [str(row["sent_at"]) for row in rows] == [
        "2026-01-01 00:00:00.123456",
        "2026-01-02 00:00:00",
    ]
    assert [row["is_public"] for row in rows] == [None, True]


def test_formats_may_mix_and_are_text_then(
    folder: Path, connection: duckdb.DuckDBPyConnection
) -> None:
    write_lines(folder / "messages.jsonl", message("m2"))
    write_parquet(
        folder / "messages_old.parquet",
        "select 'm3' as message_id, 'k1' as conversation_id, 'bot' as author_type, "
        "timestamp '2026-01-01 10:00:00.5' as sent_at, true as is_public",
    )
    rows = read(folder, "files_messages", connection)
    assert [(row["message_id"], row["sent_at"], row["is_public"]) for row in rows] == [
        ("m1", "2026-01-01T09:00:00-07:00", None),
        ("m2", "2026-01-01T10:00:00Z", None),
        ("m3", "2026-01-01 10:00:00.5", True),
    ]


def test_a_time_column_without_any_value_may_have_any_type(
    folder: Path, connection: duckdb.DuckDBPyConnection
) -> None:
    write_parquet(
        folder / "conversations.parquet",
        "select 'k2' as conversation_id, cast(null as integer) as created_at",
    )
    rows = read(folder, "files_conversations", connection)
    assert [row["created_at"] for row in rows] == [None, None]


def test_files_beside_the_data_are_left_alone(
    folder: Path, connection: duckdb.DuckDBPyConnection
) -> None:
    write(folder / "messages" / "_temporary" / "a.csv", "half a file")
    write(folder / "messages" / ".a.csv", "half a file")
    write(folder / "messages" / "_SUCCESS", "")
    write(folder / "messages.xlsx", "not ours")
    write(folder / "notes.csv", "not ours")
    assert len(read(folder, "files_messages", connection)) == 1


ODD_NAMES = ["it's", "a b", "[raw]", "all*", "what?", "{a,b}", "semi;colon", 'quo"te', "ümlaut%"]


@pytest.mark.parametrize("name", ODD_NAMES)
def test_odd_paths_are_read_as_they_are(
    tmp_path: Path, connection: duckdb.DuckDBPyConnection, name: str
) -> None:
    folder = tmp_path / name
    write(folder / "conversations.csv", CONVERSATIONS)
    write(folder / f"messages{name}.csv", MESSAGES)
    write_parquet(
        folder / "messages" / name / "part.parquet",
        "select 'm2' as message_id, 'k1' as conversation_id, 'bot' as author_type, "
        "'2026-01-01' as sent_at",
    )
    write_lines(folder / "messages" / f"{name}.jsonl", message("m3"))
    rows = read(folder, "files_messages", connection)
    assert [row["message_id"] for row in rows] == ["m1", "m2", "m3"]


def test_a_name_in_brackets_is_no_pattern(
    tmp_path: Path, connection: duckdb.DuckDBPyConnection
) -> None:
    for name in ("[x]", "x", "a*", "ab"):
        write(tmp_path / name / "conversations.csv", f"conversation_id\n{name}\n")
        write(tmp_path / name / "messages.csv", MESSAGES)
    for name in ("[x]", "a*"):
        rows = read(tmp_path / name, "files_conversations", connection)
        assert [row["conversation_id"] for row in rows] == [name]


VALUES = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8)


@settings(max_examples=50, deadline=None)
@given(topics=st.lists(VALUES, min_size=1, max_size=5))
def test_any_text_comes_through_csv_and_jsonl(
    tmp_path_factory: pytest.TempPathFactory, topics: Sequence[str]
) -> None:
    folder = tmp_path_factory.mktemp("raw")
    write(folder / "conversations.csv", CONVERSATIONS)
    rows = [
        f'c{n},k1,bot,2026-01-01,"{t}"' for n, t in enumerate(s.replace('"', '""') for s in topics)
    ]
    header = "message_id,conversation_id,author_type,sent_at,topic\n"
    write(folder / "messages.csv", header + "\n".join(rows) + "\n")
    write_lines(
        folder / "messages.jsonl",
        *(message(f"j{number}") | {"topic": topic} for number, topic in enumerate(topics)),
    )
    with duckdb.connect() as connection:
        found = [row["topic"] for row in read(folder, "files_messages", connection)]
    assert found == [topic or None for topic in topics] + list(topics)


# --- what is refused -----------------------------------------------------------------------------


def test_folder_missing(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    assert refusal(gone) == f"raw_path {gone}: no such folder; check the path"


def test_folder_is_a_file(tmp_path: Path) -> None:
    file = write(tmp_path / "raw", "")
    assert refusal(file) == f"raw_path {file}: not a folder; name the folder that holds the files"


@pytest.mark.parametrize("table", ["conversations", "messages"])
def test_required_file_missing(folder: Path, table: str) -> None:
    (folder / f"{table}.csv").unlink()
    assert refusal(folder) == (f"{folder}: no {table}* file; put one there ({find.SUFFIX_LIST})")


def test_required_file_of_another_kind(folder: Path) -> None:
    (folder / "messages.csv").rename(folder / "messages.xlsx")
    assert refusal(folder) == (
        f"{folder}: messages.xlsx is a workbook; save each sheet as CSV (UTF-8)"
    )


def test_required_file_of_no_known_kind(folder: Path) -> None:
    (folder / "messages.csv").rename(folder / "messages.txt")
    assert refusal(folder).endswith("; messages.txt is of none of these kinds")


@pytest.mark.parametrize("content", [b"PAR1", b"no parquet at all, but long enough for one"])
def test_corrupt_parquet(folder: Path, content: bytes) -> None:
    write_parquet(folder / "messages_1.parquet", "select 1 as message_id")
    (folder / "messages_1.parquet").unlink()
    file = write(folder / "messages_2.parquet", content)
    assert refusal(folder).startswith(f"{file}: not a readable parquet file (")
    assert refusal(folder).endswith("); export it again")


def test_every_parquet_footer_is_read(folder: Path) -> None:
    (folder / "messages.csv").unlink()
    query = (
        "select 'm' as message_id, 'k1' as conversation_id, 'bot' as author_type, "
        "'2026-01-01' as sent_at from range(5)"
    )
    for number in range(5):
        file = write_parquet(folder / "messages" / f"{number}.parquet", query)
    file.write_bytes(file.read_bytes()[:-10])
    assert str(file) in refusal(folder)


@pytest.mark.parametrize(
    ("name", "content", "found"),
    [
        ("messages.csv", "id,conversation_id,author_type,sent_at\n", "id"),
        (
            "messages.jsonl",
            '{"id": 1, "conversation_id": 1, "author_type": 1, "sent_at": ""}',
            "id",
        ),
        ("messages.csv.gz", '"id",conversation_id,author_type,sent_at\n', "id"),
    ],
)
def test_required_column_missing(folder: Path, name: str, content: str, found: str) -> None:
    (folder / "messages.csv").unlink()
    file = write(folder / name, content)
    assert refusal(folder) == (
        f"{file}: messages has no column message_id; add or rename it, "
        f"or say its name in raw_columns (found: {found}, conversation_id, author_type, sent_at)"
    )


def test_required_column_missing_in_parquet(folder: Path) -> None:
    file = write_parquet(folder / "events.parquet", "select 1 as event_id, 2 as conversation_id")
    assert refusal(folder) == (
        f"{file}: events has no column event_type; add or rename it, or say its name "
        "in raw_columns (found: event_id, conversation_id)"
    )


def test_column_twice(folder: Path) -> None:
    file = write(folder / "conversations.csv", "conversation_id,channel,Channel\nk1,a,b\n")
    assert refusal(folder) == f"{file}: conversations has the column channel twice; keep one"


@pytest.mark.parametrize(
    ("name", "content", "found"),
    [
        ("messages.csv", MESSAGES.replace("2026-01-01T09:00:00-07:00", "1767258000"), "1767258000"),
        ("messages.jsonl", json.dumps(message("m") | {"sent_at": 1767258000.5}), "1767258000.5"),
    ],
)
def test_time_is_a_number_in_text(folder: Path, name: str, content: str, found: str) -> None:
    (folder / "messages.csv").unlink()
    file = write(folder / name, content)
    assert refusal(folder) == (
        f"{file}: sent_at of messages holds numbers of 10 digits; set raw_epoch to seconds"
    )


@pytest.mark.parametrize(
    ("of", "value", "said"),
    [
        ("BIGINT", "1767258000", "holds numbers of 10 digits; set raw_epoch to seconds"),
        (
            "BIGINT",
            "1767258000000000000",
            "holds numbers of 19 digits; set raw_epoch (seconds, milliseconds, "
            "microseconds), or export ISO 8601",
        ),
        (
            "DOUBLE",
            "1767258000000",
            "holds numbers of 13 digits; set raw_epoch to milliseconds",
        ),
        ("TIME", "'10:00:00'", "has the type TIME; expected a timestamp or ISO 8601 text"),
    ],
)
def test_time_is_of_another_type(folder: Path, of: str, value: str, said: str) -> None:
    file = write_parquet(
        folder / "events.parquet",
        "select 'e' as event_id, 'k1' as conversation_id, 'resolved' as event_type, "
        f"cast({value} as {of}) as occurred_at",
    )
    assert refusal(folder) == f"{file}: occurred_at of events {said}"


@pytest.mark.parametrize("content", [b"no gzip", gzip.compress(MESSAGES.encode() * 99)[:-20]])
def test_broken_gzip(folder: Path, content: bytes) -> None:
    (folder / "messages.csv").unlink()
    file = folder / "messages.csv.gz"
    file.write_bytes(content)
    assert refusal(folder) == f"{file}: not a complete gzip file; export it again"


@pytest.mark.parametrize(("content", "line"), [("[\n", 1), ("\n7\n", 2)])
def test_jsonl_that_is_none(folder: Path, content: str, line: int) -> None:
    file = write(folder / "conversations.jsonl", content)
    assert refusal(folder) == (
        f"{file} line {line}: not a JSON object; write one object per line, or name the file .json"
    )


# --- what is only said ---------------------------------------------------------------------------


def warnings(folder: Path) -> list[str]:
    return list(in_folder.inspect(folder, LOOKUPS).warnings)


def test_nothing_to_say(folder: Path) -> None:
    assert warnings(folder) == []


def test_no_events_file(folder: Path, connection: duckdb.DuckDBPyConnection) -> None:
    (folder / "events.csv").unlink()
    assert warnings(folder) == [
        f"no events* file in {folder}: no session can end by a resolution or an escalation, "
        "so every closed session counts as contained"
    ]
    assert read(folder, "files_events", connection) == []


def test_ratings_are_read_as_text_whatever_their_type(
    folder: Path, connection: duckdb.DuckDBPyConnection
) -> None:
    assert read(folder, "files_ratings", connection) == []
    given = {"rating_id": "r1", "conversation_id": "k1", "rated_at": "2026-01-01T09:00:00Z"}
    write_lines(folder / "ratings.jsonl", {**given, "score": 4, "comment": "secret"})
    numbers = "'r2' as rating_id, 'k1' as conversation_id, 4.5 as score, 10 as max_score"
    write_parquet(
        folder / "ratings_2.parquet",
        f"select {numbers}, timestamptz '2026-01-01 09:00+00' as rated_at",
    )
    rows = read(folder, "files_ratings", connection)
    assert [(row["score"], row["max_score"]) for row in rows] == [("4", None), ("4.5", "10")]
    declared = {table.name: table for table in source_yml.declared(PROJECT, source_yml.CONTRACT)}
    assert set(types("files_ratings", connection)) == set(declared["ratings"].columns)
    assert warnings(folder) == []


@pytest.mark.parametrize("name", ["messages.csv", "messages.jsonl"])
def test_table_without_rows(folder: Path, name: str) -> None:
    (folder / "messages.csv").unlink()
    write(folder / name, MESSAGES.splitlines()[0] + "\n" if name.endswith("csv") else "")
    assert warnings(folder) == [f"messages: no row in 1 file of {folder}"]


def test_channels_without_a_policy(folder: Path) -> None:
    channels = ["Chat ", " EMAIL", "", "fax", "Fax", "tty", "pager", "zulu", "yodel", "x", "w"]
    rows = "".join(f"k{number},{channel}\n" for number, channel in enumerate(channels))
    write(folder / "conversations.csv", "conversation_id,channel\n" + rows)
    assert warnings(folder) == [
        "channels without a row in config/channel_policies.csv: "
        "fax (2), pager (1), tty (1), w (1), x (1) and 2 more; each uses the timeout of '*'"
    ]


# --- the warehouse file --------------------------------------------------------------------------


def test_views_are_kept_in_the_warehouse(folder: Path, tmp_path: Path) -> None:
    file = tmp_path / "containment.duckdb"
    for _ in range(2):
        with warehouse.opened(file) as connection:
            assert len(read(folder, "files_messages", connection)) == 1


@pytest.mark.parametrize("kept_bytes", [0, 10, 5000])
def test_damaged_warehouse_is_deleted_and_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], kept_bytes: int
) -> None:
    file = tmp_path / "containment.duckdb"
    with warehouse.opened(file) as connection:
        connection.execute("create table t as select * from range(100000)")
    file.write_bytes(file.read_bytes()[:kept_bytes])
    with warehouse.opened(file) as connection:
        assert connection.execute("select count(*) from duckdb_tables()").fetchone() == (0,)
    said = capsys.readouterr().err
    assert said.startswith(f"warning: {file}: damaged (") and said.count("\n") == 1
    assert said.endswith("; deleted, it is built anew from the raw tables\n")


def test_warehouse_held_by_another_process(tmp_path: Path) -> None:
    file = tmp_path / "containment.duckdb"
    with holder(file) as pid:
        with pytest.raises(Stop) as stop, warehouse.opened(file):
            pass
        assert stop.value.exit_code == LOCKED
        assert str(stop.value) == (f"{file}: process {pid} has it open; close that and start again")


@contextmanager
def holder(file: Path) -> Iterator[int]:
    """Another process that has a database file open; gives its number."""
    code = f"import duckdb; c = duckdb.connect({str(file)!r}); print(1, flush=True); input()"
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", code], **pipes) as process:
        process.stdout.readline()
        yield process.pid
        process.communicate(b"\n")
