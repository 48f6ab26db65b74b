"""Exports as people really have them: what the door reads, what it rejects, what it says."""

from __future__ import annotations

import gzip
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from containment.common import sql
from containment.common.errors import UNUSABLE, Stop
from containment.raw import in_folder, in_schema, views
from containment.raw.views import RawData
from containment.settings import raw_reading
from containment.settings.lookups import Lookups
from containment.settings.raw_places import Schema
from containment.settings.raw_reading import Reading

WORDS = Lookups(frozenset({"*", "chat"}), frozenset())
HEADER = "message_id,conversation_id,author_type,sent_at,topic"
SECRET = "jane@secret.example"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "raw"
    made.mkdir()
    (made / "conversations.csv").write_text("conversation_id,channel\nk,chat\n")
    (made / "events.csv").write_text("event_id,conversation_id,event_type,occurred_at\n")
    return made


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as opened:
        opened.execute("set TimeZone = 'UTC'")
        yield opened


def inspected(folder: Path, reading: Reading | None = None) -> RawData:
    return in_folder.inspect(folder, WORDS, reading=reading, copies=folder.parent / "copies")


def messages(
    folder: Path,
    connection: duckdb.DuckDBPyConnection,
    *columns: str,
    reading: Reading | None = None,
) -> list[Any]:
    """Columns of the messages that the door gives, in the order of their ids."""
    raw = inspected(folder, reading)
    views.write_views(raw, connection)
    rows = connection.execute(
        f"select {', '.join(columns)} from raw.files_messages order by message_id, sent_at"
    ).fetchall()
    return [row[0] for row in rows] if len(columns) == 1 else rows


def refused(folder: Path, reading: Reading | None = None) -> str:
    with pytest.raises(Stop) as stop:
        inspected(folder, reading)
    assert stop.value.exit_code == UNUSABLE
    assert "\n" not in str(stop.value) and SECRET not in str(stop.value)
    return str(stop.value)


def write_parquet(file: Path, query: str) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    with duckdb.connect() as made:
        made.execute("set TimeZone = 'UTC'")
        made.execute(f"copy ({query}) to {sql.text(str(file))} (format parquet)")
    return file


def line(number: int, topic: str = "t", at: str = "2026-01-01T09:00:00Z") -> str:
    return f"m{number},k,bot,{at},{topic}"


# --- ids -----------------------------------------------------------------------------------------

REST = "'bot' as author_type, timestamptz '2026-01-01 09:00+00' as sent_at"


@pytest.mark.parametrize(
    ("of", "value", "limit"),
    [
        ("DOUBLE", 2.0**53, "9,007,199,254,740,992"),  # what 2^53 + 1 is stored as
        ("DOUBLE", 2.0**53 + 2, "9,007,199,254,740,992"),
        ("FLOAT", 2.0**24, "16,777,216"),
        ("DOUBLE", "'inf'", "9,007,199,254,740,992"),
    ],
)
def test_ids_beyond_what_their_type_holds_stop_the_run(
    folder: Path, of: str, value: Any, limit: str
) -> None:
    file = write_parquet(
        folder / "messages.parquet",
        f"select 'm' as message_id, cast({value} as {of}) as conversation_id, {REST}",
    )
    said = refused(folder)
    assert said.startswith(f"{file}: conversation_id of messages has the type {of}, which holds")
    assert f"only below {limit}" in said


@pytest.mark.parametrize("of", ["DOUBLE", "FLOAT", "DECIMAL(18, 2)"])
def test_whole_numbers_that_their_type_holds_are_left_to_staging(
    folder: Path, connection: duckdb.DuckDBPyConnection, of: str
) -> None:
    write_parquet(
        folder / "messages.parquet",
        f"select 'm' as message_id, cast(16777215 as {of}) as conversation_id, {REST} "
        f"union all select 'n', cast('nan' as {'DOUBLE' if of[:2] == 'DE' else of}), {REST}"
        if of[:2] != "DE"
        else f"select 'm' as message_id, cast(16777215 as {of}) as conversation_id, {REST}",
    )
    (first, *others) = messages(folder, connection, "conversation_id")
    assert first in ("16777215.0", "16777215.00")
    assert others in ([], [None])


# --- null words ----------------------------------------------------------------------------------


@pytest.mark.parametrize("more", ["", "5,k\n"])  # with a line that only Python reads
def test_null_words_are_null_but_a_quoted_id_is_an_id(
    folder: Path, connection: duckdb.DuckDBPyConnection, more: str
) -> None:
    (folder / "messages.csv").write_text(
        f"{HEADER},author_id,loaded_at\n"
        "1,k,bot,2026-01-01T09:00:00Z,\\N,NULL,NaN\n"
        '2,k,bot,2026-01-01T09:00:00Z,"\\N","NULL",None\n'
        "3,k,bot,2026-01-01T09:00:00Z,<NA>,nan,null\n"
        "4,k,bot,2026-01-01T09:00:00Z,Nullable,None,\n"
        "6,k,bot,2026-01-01T09:00:00Z, NULL , NULL ,\n" + more
    )
    found = messages(folder, connection, "topic", "author_id", "loaded_at")
    assert found == [
        (None, None, None),
        (None, "NULL", None),
        (None, None, None),
        ("Nullable", None, None),
        (None, None, None),
    ]


def test_null_words_hold_in_parquet_and_json_too(
    folder: Path, connection: duckdb.DuckDBPyConnection
) -> None:
    write_parquet(
        folder / "messages_1.parquet",
        f"select '1' as message_id, 'k' as conversation_id, {REST}, 'nan' as topic, "
        "'None' as author_id",
    )
    (folder / "messages_2.jsonl").write_text(
        '{"message_id": "2", "conversation_id": "k", "author_type": "bot", '
        '"sent_at": "2026-01-01T09:00:00Z", "topic": "<NA>", "author_id": NaN}\n'
    )
    assert messages(folder, connection, "topic", "author_id") == [(None, None), (None, None)]


def test_null_words_are_a_setting(folder: Path, connection: duckdb.DuckDBPyConnection) -> None:
    (folder / "messages.csv").write_text(f"{HEADER}\n{line(1, 'n/a')}\n{line(2, 'NULL')}\n")
    reading = Reading(null_words=("n/a",))
    assert messages(folder, connection, "topic", reading=reading) == [None, "NULL"]


# --- times ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("of", "given"),
    [
        ("TIMESTAMP_S", "2026-01-01 09:00:00"),
        ("TIMESTAMP_MS", "2026-01-01 09:00:00"),
        ("TIMESTAMP", "2026-01-01 09:00:00"),
        ("TIMESTAMP_NS", "2026-01-01 09:00:00"),
        ("TIMESTAMPTZ", "2026-01-01 11:00:00+02"),
        ("DATE", "2026-01-01"),
    ],
)
def test_every_parquet_time_type_is_read(
    folder: Path, connection: duckdb.DuckDBPyConnection, of: str, given: str
) -> None:
    write_parquet(
        folder / "messages.parquet",
        "select 'm' as message_id, 'k' as conversation_id, 'bot' as author_type, "
        f"cast('{given}' as {of}) as sent_at",
    )
    (found,) = messages(folder, connection, "cast(sent_at as varchar)")
    assert found == ("2026-01-01 00:00:00" if of == "DATE" else "2026-01-01 09:00:00")


@pytest.mark.parametrize(
    ("written", "utc"),
    [
        ("2026-07-01 09:00:00", "2026-07-01T07:00:00.000000Z"),
        ("2026-01-01T09:00", "2026-01-01T08:00:00.000000Z"),
        ("2026-07-01", "2026-06-30T22:00:00.000000Z"),
        # Clocks show 02:30 twice: the second, in standard time.
        ("2026-10-25 02:30:00", "2026-10-25T01:30:00.000000Z"),
        # Clocks never show 02:30: as if they had not been put forward.
        ("2026-03-29 02:30:00", "2026-03-29T01:30:00.000000Z"),
        ("2026-07-01 09:00:00Z", "2026-07-01 09:00:00Z"),
        ("2026-07-01T09:00:00+05:00", "2026-07-01T09:00:00+05:00"),
        ("yesterday", "yesterday"),
    ],
)
def test_times_without_an_offset_are_of_the_raw_timezone(
    folder: Path, connection: duckdb.DuckDBPyConnection, written: str, utc: str
) -> None:
    (folder / "messages.csv").write_text(f"{HEADER}\n{line(1, at=written)}\n")
    reading = Reading(timezone="Europe/Berlin")
    assert messages(folder, connection, "sent_at", reading=reading) == [utc]


def test_typed_times_without_a_zone_are_of_the_raw_timezone_too(
    folder: Path, connection: duckdb.DuckDBPyConnection
) -> None:
    write_parquet(
        folder / "messages.parquet",
        "select 'm' as message_id, 'k' as conversation_id, 'bot' as author_type, "
        "timestamp '2026-07-01 09:00' as sent_at, timestamptz '2026-07-01 09:00+00' as loaded_at",
    )
    reading = Reading(timezone="Europe/Berlin")
    ((sent, loaded),) = messages(folder, connection, "sent_at", "loaded_at", reading=reading)
    assert (str(sent), str(loaded)) == ("2026-07-01 07:00:00", "2026-07-01 09:00:00")


@pytest.mark.parametrize(
    ("forms", "timezone", "written", "utc"),
    [
        (("%m/%d/%y %H:%M",), None, "1/2/26 10:00", "2026-01-02T10:00:00.000000Z"),
        (("%d.%m.%Y %H:%M",), "Europe/Berlin", "02.07.2026 10:00", "2026-07-02T08:00:00.000000Z"),
        (("%Y", "%d %b %Y"), None, "2 Jan 2026", "2026-01-02T00:00:00.000000Z"),
        (
            ("%d/%m/%Y %H:%M %z",),
            "Asia/Tokyo",
            "02/01/2026 10:00 +0200",
            "2026-01-02T08:00:00.000000Z",
        ),
        (("%m/%d/%y",), None, "2026-01-02T10:00:00Z", "2026-01-02T10:00:00Z"),
        (("%m/%d/%y",), None, "13/13/26", "13/13/26"),
        (("%m/%d/%Y",), None, "1/2/26", "1/2/26"),
    ],
)
def test_times_are_read_by_the_raw_time_format(
    folder: Path,
    connection: duckdb.DuckDBPyConnection,
    forms: tuple[str, ...],
    timezone: str | None,
    written: str,
    utc: str,
) -> None:
    (folder / "messages.csv").write_text(f"{HEADER}\n{line(1, at=written)}\n")
    reading = Reading(time_formats=forms, timezone=timezone)
    assert messages(folder, connection, "sent_at", reading=reading) == [utc]


@pytest.mark.parametrize(
    ("epoch", "written"),
    [
        ("seconds", "1767258000"),
        ("seconds", "1767258000.0"),
        ("seconds", "1.767258e9"),
        ("milliseconds", "1767258000000"),
        ("microseconds", "1767258000000000"),
    ],
)
@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet"])
def test_numbers_are_read_by_the_raw_epoch(
    folder: Path, connection: duckdb.DuckDBPyConnection, epoch: str, written: str, kind: str
) -> None:
    if kind == "csv":
        (folder / "messages.csv").write_text(f"{HEADER}\n{line(1, at=written)}\n")
    elif kind == "jsonl":
        row = '"message_id": "m1", "conversation_id": "k", "author_type": "bot"'
        (folder / "messages.jsonl").write_text(f'{{{row}, "sent_at": {written}}}\n')
    else:
        write_parquet(
            folder / "messages.parquet",
            "select 'm1' as message_id, 'k' as conversation_id, 'bot' as author_type, "
            f"{written} as sent_at",
        )
    assert "set raw_epoch" in refused(folder)
    found = messages(folder, connection, "sent_at", reading=Reading(epoch=epoch))
    assert found == ["2026-01-01T09:00:00.000000Z"]


def test_an_epoch_that_is_a_thousand_times_off_is_said(folder: Path) -> None:
    (folder / "messages.csv").write_text(f"{HEADER}\n{line(1, at='1767258000')}\n")
    said = "messages: most values of sent_at are before the year 2000 in milliseconds since 1970"
    assert f"{said}; check raw_epoch" in inspected(folder, Reading(epoch="milliseconds")).warnings
    assert inspected(folder, Reading(epoch="seconds")).warnings == (
        f"events: no row in 1 file of {folder}",
    )


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (
            ["1/2/26 10:00", "1/3/26 11:00"],
            "looks like '1/2/26 10:00'; set raw_time_format to '%d/%m/%y %H:%M' (day first) or "
            "'%m/%d/%y %H:%M' (month first); each value cannot be read",
        ),
        (
            ["13/2/2026 10:00", "1/3/2026 11:00"],
            "looks like '13/2/2026 10:00'; set raw_time_format to '%d/%m/%Y %H:%M'; each value "
            "cannot be read",
        ),
        (
            ["20260102 10:00", "2026-01-01T09:00:00Z"],
            "looks like '20260102 10:00'; set raw_time_format to '%Y%m%d %H:%M'; 1 of 2 values "
            "cannot be read",
        ),
        (
            [SECRET],
            "looks like 'aaaa@aaaaaa.aaaaaaa'; write ISO 8601, or set raw_time_format (as strptime "
            "has it); each value cannot be read",
        ),
        (
            ["2026-01-01 09:00 PST"],
            "looks like '9999-99-99 99:99 aaa'; its zone means several, write an offset or an IANA "
            "name; each value cannot be read",
        ),
    ],
)
def test_what_a_column_looks_like_that_nothing_reads(
    folder: Path, values: list[str], said: str
) -> None:
    rows = "".join(f"{line(number, at=value)}\n" for number, value in enumerate(values))
    (folder / "messages.csv").write_text(f"{HEADER}\n{rows}")
    raw = inspected(folder)
    (warning,) = [each for each in raw.warnings if "sent_at" in each]
    start = f"{folder / 'messages.csv'}: sent_at of messages "
    assert warning == start + said or sorted(values)[0] not in said
    assert SECRET not in " ".join(raw.warnings)
    assert raw.proposals


@pytest.mark.parametrize(
    ("number", "said"),
    [
        ("639030000000000000", "numbers of 18 digits (.NET ticks); export ISO 8601"),
        ("46023.41", "numbers of 5 digits (days of a spreadsheet); export ISO 8601"),
        ("4915112345678", "numbers of 13 digits; set raw_epoch to milliseconds"),
        ("491", "numbers of 3 digits; set raw_epoch (seconds, milliseconds, microseconds), or"),
    ],
)
def test_numbers_that_are_no_times(folder: Path, number: str, said: str) -> None:
    (folder / "messages.csv").write_text(f"{HEADER}\n{line(1, at=number)}\n")
    assert f"sent_at of messages holds {said}" in refused(folder)


def test_offsets_that_are_mixed_are_a_finding(folder: Path) -> None:
    (folder / "messages.csv").write_text(
        f"{HEADER}\n{line(1)}\n{line(2, at='2026-01-01 09:00')}\n{line(3, at='soon')}\n"
    )
    raw = inspected(folder)
    assert raw.findings == {"times_with_offset": 1, "times_without_offset": 1}
    assert any("messages.sent_at" in each and "raw_timezone" in each for each in raw.warnings)
    local = inspected(folder, Reading(timezone="Europe/Berlin"))
    assert local.findings["times_without_offset"] == 0
    assert not any("raw_timezone" in each for each in local.warnings)


def test_offsets_that_are_mixed_between_files_of_two_kinds_are_a_finding(folder: Path) -> None:
    write_parquet(
        folder / "messages.parquet",
        "select 'm' as message_id, 'k' as conversation_id, 'bot' as author_type, "
        "timestamp '2026-01-01 09:00' as sent_at",
    )
    (folder / "events.csv").write_text(
        "event_id,conversation_id,event_type,occurred_at\ne,k,resolved,2026-01-01 10:00:00 +0200\n"
    )
    assert inspected(folder).findings == {"times_with_offset": 1, "times_without_offset": 1}


# --- files ---------------------------------------------------------------------------------------

GOOD = [line(1), line(2), line(3)]


def ids(folder: Path, connection: duckdb.DuckDBPyConnection) -> list[str]:
    return messages(folder, connection, "message_id")


def faults(folder: Path) -> list[tuple[str, int, str]]:
    return [(each.file, each.line, each.reason) for each in inspected(folder).unreadable]


@pytest.mark.parametrize(
    "ends", [("\r\n", "\n", "\r\n"), ("\n", "\r\n", "\n"), ("\r", "\n", "\r\n")]
)
def test_line_ends_may_be_mixed(
    folder: Path, connection: duckdb.DuckDBPyConnection, ends: tuple[str, ...]
) -> None:
    rows = "".join(f"{row}{end}" for row, end in zip(GOOD, ends, strict=True))
    (folder / "messages.csv").write_bytes(f"{HEADER}\r\n{rows}".encode())
    assert ids(folder, connection) == ["m1", "m2", "m3"]
    assert messages(folder, connection, "topic") == ["t", "t", "t"]
    assert faults(folder) == []


@pytest.mark.parametrize("kind", ["csv", "jsonl", "json"])
def test_cells_of_many_megabytes_are_read(
    folder: Path, connection: duckdb.DuckDBPyConnection, kind: str
) -> None:
    body = 'x, "y"\n' * 1_000_000
    row = {"message_id": "m1", "conversation_id": "k", "author_type": "bot", "body": body}
    row["sent_at"] = "2026-01-01T09:00:00Z"
    if kind == "csv":
        quoted = body.replace('"', '""')
        (folder / "messages.csv").write_text(f'body,{HEADER}\n"{quoted}",{line(1)}\nb,{line(2)}\n')
    else:
        text = json.dumps([row]) if kind == "json" else json.dumps(row) + "\n"
        (folder / f"messages.{kind}").write_text(text)
    assert ids(folder, connection) == (["m1", "m2"] if kind == "csv" else ["m1"])
    assert sum(file.stat().st_size for file in (folder.parent / "copies").iterdir()) < 100_000


@pytest.mark.parametrize("name", ["csv", "csv.gz", "tsv", "jsonl", "json", "parquet"])
def test_a_part_without_a_byte_has_no_rows(
    folder: Path, connection: duckdb.DuckDBPyConnection, name: str
) -> None:
    (folder / "messages.csv").write_text(f"{HEADER}\n{line(1)}\n")
    (folder / f"messages_2.{name}").write_bytes(b"")
    assert ids(folder, connection) == ["m1"]


@pytest.mark.parametrize("name", ["csv", "jsonl", "json"])
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
def test_a_byte_order_mark_says_the_encoding(
    folder: Path, connection: duckdb.DuckDBPyConnection, name: str, encoding: str
) -> None:
    row = {"message_id": "m1", "conversation_id": "k", "author_type": "bot", "topic": "é"}
    row["sent_at"] = "2026-01-01T09:00:00Z"
    texts = {
        "csv": f"{HEADER}\n{line(1, 'é')}\n",
        "jsonl": json.dumps(row),
        "json": json.dumps([row]),
    }
    (folder / f"messages.{name}").write_bytes(texts[name].encode(encoding))
    assert messages(folder, connection, "message_id", "topic") == [("m1", "é")]


def test_wrong_bytes_in_a_column_that_is_never_read_do_no_harm(
    folder: Path, connection: duckdb.DuckDBPyConnection
) -> None:
    (folder / "messages.csv").write_bytes(
        f"body,{HEADER}\n".encode() + b"\xff\xfe," + f"{line(1)}\n".encode()
    )
    (folder / "messages_2.jsonl").write_bytes(
        b'{"body": "\xff", "message_id": "m2", "conversation_id": "k", "author_type": "bot", '
        b'"sent_at": "2026-01-01T09:00:00Z"}\n'
        b'{"body": "\\ud83d", "message_id": "m3", "conversation_id": "k", "author_type": "bot", '
        b'"sent_at": "2026-01-01T09:00:00Z"}\n'
    )
    (folder / "messages_4.json").write_bytes(
        b'[{"body": "\\udc00 \xff", "message_id": "m4", "conversation_id": "k", '
        b'"author_type": "bot", "sent_at": "2026-01-01T09:00:00Z"}]'
    )
    assert ids(folder, connection) == ["m1", "m2", "m3", "m4"]
    assert faults(folder) == []


def test_a_line_that_cannot_be_read_is_told_by_its_number_alone(
    folder: Path, connection: duckdb.DuckDBPyConnection
) -> None:
    (folder / "messages.csv").write_bytes(
        f"{HEADER},body\n{line(1)},{SECRET}\n{line(2)},{SECRET},more\nm3,k,bot\n"
        f'{line(4)},"{SECRET}\n{line(5)},\n'.encode()
        + b"m6,k,bot,2026-01-01T09:00:00Z,\xff,\n"
        + f"{line(7)},é\n".encode()
    )
    assert ids(folder, connection) == ["m1", "m5", "m7"]
    assert faults(folder) == [
        ("messages.csv", 3, "wrong_number_of_values"),
        ("messages.csv", 4, "wrong_number_of_values"),
        ("messages.csv", 5, "open_quote"),
        ("messages.csv", 7, "not_utf8"),
    ]
    raw = inspected(folder)
    assert SECRET not in repr(raw)
    assert f"{folder / 'messages.csv'}: 4 lines that cannot be read (" in " ".join(raw.warnings)
    for copy in (folder.parent / "copies").iterdir():
        assert SECRET.encode() not in copy.read_bytes()


def test_a_json_line_that_cannot_be_read_is_told_by_its_number_alone(
    folder: Path, connection: duckdb.DuckDBPyConnection
) -> None:
    rest = '"conversation_id": "k", "author_type": "bot", "sent_at": "2026-01-01T09:00:00Z"'
    (folder / "messages.jsonl").write_text(
        f'{{"message_id": "m1", {rest}}}\n'
        f'{{"body": "{SECRET}", "message_id": \n'
        "\n"
        f'{{"message_id": "m4", {rest}, "message_id": "m5"}}\n'
        f'{{"message_id": "m5", {rest}, "MESSAGE_ID": "m6"}}\n'
        f'{{"message_id": "m6", {rest}, "body": "{SECRET}", "body": 2}}\n'
        f'["{SECRET}"]\n'
        f'{{"message_id": "\\ud83d", {rest}}}\n'
        f'{{"message_id": "m9", {rest}}}'
    )
    assert ids(folder, connection) == ["m1", "m6", "m9"]
    assert [(number, reason) for _, number, reason in faults(folder)] == [
        (2, "no_json_object"),
        (4, "key_twice"),
        (5, "key_twice"),
        (7, "no_json_object"),
        (8, "not_utf8"),
    ]
    assert SECRET not in repr(inspected(folder))


@pytest.mark.parametrize("kind", ["csv", "jsonl", "json"])
def test_a_file_without_a_header_is_told_without_its_values(folder: Path, kind: str) -> None:
    row = {"m1": 1, "k": 2, "customer": 3, "2026-01-01T09:00:00Z": 4, SECRET: 5, "+49 170 12": 6}
    texts = {"csv": ",".join(row), "jsonl": json.dumps(row), "json": json.dumps([row])}
    file = folder / f"messages.{kind}"
    file.write_text(texts[kind] + "\n")
    assert refused(folder) == (
        f"{file}: messages has no column message_id, and no header of column names; "
        "write one, or export the file again"
    )


def test_a_key_twice_in_a_json_document(
    folder: Path, connection: duckdb.DuckDBPyConnection
) -> None:
    rest = '"conversation_id": "k", "author_type": "bot", "sent_at": "2026-01-01T09:00:00Z"'
    (folder / "messages.json").write_text(
        f'[{{"message_id": "m1", {rest}}}, {{"message_id": "m2", {rest}, "sent_at": "{SECRET}"}}]'
    )
    assert ids(folder, connection) == ["m1"]
    assert faults(folder) == [("messages.json", 2, "key_twice")]


@pytest.mark.parametrize(
    "deep", ["[" * 100_000 + "]" * 100_000, '{"a":' * 100_000 + "1" + "}" * 100_000]
)
@pytest.mark.parametrize("key", ["body", "topic"])
def test_json_may_be_nested_deeply(
    folder: Path, connection: duckdb.DuckDBPyConnection, deep: str, key: str
) -> None:
    (folder / "messages.jsonl").write_text(
        f'{{"{key}": {deep}, "message_id": "m1", "conversation_id": "k", "author_type": "bot", '
        '"sent_at": "2026-01-01T09:00:00Z"}\n'
    )
    assert ids(folder, connection) == ["m1"]


def test_json_keys_may_be_in_any_case_also_within_a_file(
    folder: Path, connection: duckdb.DuckDBPyConnection
) -> None:
    row = {"message_id": "m1", "conversation_id": "k", "author_type": "bot", "topic": "a"}
    row["sent_at"] = "2026-01-01T09:00:00Z"
    capitals = {name.upper(): value for name, value in row.items()} | {"MESSAGE_ID": "m2"}
    (folder / "messages_1.jsonl").write_text(json.dumps(row) + "\n" + json.dumps(capitals) + "\n")
    (folder / "messages_2.json").write_text(json.dumps([capitals | {"MESSAGE_ID": "m3"}]))
    found = messages(folder, connection, "message_id", "topic")
    assert found == [("m1", "a"), ("m2", "a"), ("m3", "a")]


def test_keys_in_another_case_far_below_are_read_too(
    folder: Path, connection: duckdb.DuckDBPyConnection
) -> None:
    row = {"message_id": "m1", "conversation_id": "k", "author_type": "bot"}
    row["sent_at"] = "2026-01-01T09:00:00Z"
    capitals = {name.upper(): value for name, value in row.items()} | {"MESSAGE_ID": "m2"}
    (folder / "messages.jsonl").write_text(
        (json.dumps(row) + "\n") * 1100 + json.dumps(capitals) + "\n"
    )
    assert ids(folder, connection)[-1] == "m2"


def test_structs_lists_and_maps_are_json_text(
    folder: Path, connection: duckdb.DuckDBPyConnection
) -> None:
    write_parquet(
        folder / "messages.parquet",
        f"select '1' as message_id, 'k' as conversation_id, {REST}, {{'a': [1, 2]}} as topic, "
        "map {'k': 'v'} as author_id",
    )
    assert messages(folder, connection, "topic", "author_id") == [('{"a":[1,2]}', '{"k":"v"}')]


def test_bytes_are_text(folder: Path, connection: duckdb.DuckDBPyConnection) -> None:
    write_parquet(
        folder / "messages.parquet",
        f"select encode('é') as message_id, 'k' as conversation_id, {REST}",
    )
    assert ids(folder, connection) == ["é"]


def test_tsv_and_a_separator_line_are_read(
    folder: Path, connection: duckdb.DuckDBPyConnection
) -> None:
    (folder / "messages.tsv").write_text(f"{HEADER}\n{line(1)}\n".replace(",", "\t"))
    (folder / "messages_2.csv").write_text(f"sep=;\r\n{HEADER}\r\n{line(2)}\r\n".replace(",", ";"))
    assert ids(folder, connection) == ["m1", "m2"]


def test_keys_of_subfolders_are_columns(
    folder: Path, connection: duckdb.DuckDBPyConnection
) -> None:
    header, row = HEADER.removesuffix(",topic"), line(1).removesuffix(",t")
    for key in ("billing", "a%20b", "__HIVE_DEFAULT_PARTITION__"):
        part = folder / "messages" / f"topic={key}" / "day=1" / "part.csv"
        part.parent.mkdir(parents=True)
        part.write_text(f"{header}\n{row}\n")
    assert sorted(messages(folder, connection, "topic"), key=str) == [None, "a b", "billing"]


def test_folders_of_keys_may_hold_the_tables(
    folder: Path, connection: duckdb.DuckDBPyConnection
) -> None:
    part = folder / "topic=billing" / "day=1"
    part.mkdir(parents=True)
    (part / "messages.csv").write_text(
        f"{HEADER.removesuffix(',topic')}\n{line(1).removesuffix(',t')}\n"
    )
    assert messages(folder, connection, "topic") == ["billing"]


def test_what_is_no_file_is_left_out_and_named(
    folder: Path, connection: duckdb.DuckDBPyConnection
) -> None:
    (folder / "messages.csv").write_text(f"{HEADER}\n{line(1)}\n")
    os.mkfifo(folder / "messages_pipe.csv")
    (folder / "messages_gone.csv").symlink_to(folder / "nowhere.csv")
    (folder / "messages_again.csv").symlink_to(folder / "messages.csv")
    (folder / "messages_hard.csv").hardlink_to(folder / "messages.csv")
    assert ids(folder, connection) == ["m1"]
    said = " ".join(inspected(folder).warnings)
    assert f"{folder / 'messages_pipe.csv'}: no file but a pipe" in said
    assert f"{folder / 'messages_gone.csv'}: a link to nothing" in said


def test_only_a_pipe_is_no_table(folder: Path) -> None:
    os.mkfifo(folder / "messages.csv")
    assert "no messages* file" in refused(folder) and "a pipe" in refused(folder)


def test_folders_that_links_lead_back_to_are_read_once(
    folder: Path, connection: duckdb.DuckDBPyConnection
) -> None:
    part = folder / "messages" / "a"
    part.mkdir(parents=True)
    (part / "part.csv").write_text(f"{HEADER}\n{line(1)}\n")
    (part / "loop").symlink_to(folder / "messages")
    (part / "top").symlink_to(folder)
    (folder / "messages" / "b").symlink_to(part)
    assert ids(folder, connection) == ["m1"]


def test_a_decimal_holds_any_number_exactly(
    folder: Path, connection: duckdb.DuckDBPyConnection
) -> None:
    write_parquet(
        folder / "messages.parquet",
        "select 'm' as message_id, 12345678901234567890.00::decimal(38, 2) as conversation_id, "
        f"{REST}",
    )
    assert messages(folder, connection, "conversation_id") == ["12345678901234567890"]


def test_what_is_named_like_a_table_and_not_read_is_said(
    folder: Path, connection: duckdb.DuckDBPyConnection
) -> None:
    (folder / "Messages.csv").write_text(f"{HEADER}\n{line(1)}\n")
    (folder / "messages_2.ndjson.gz").write_bytes(
        gzip.compress(
            b'{"message_id": "m2", "conversation_id": "k", "author_type": "bot", '
            b'"sent_at": "2026-01-01T09:00:00Z"}\n'
        )
    )
    parts = folder / "messages.parquet"
    write_parquet(
        parts / "part-0.parquet", f"select 'm3' as message_id, 'k' as conversation_id, {REST}"
    )
    (folder / "messages_4.csv.zip").write_bytes(b"PK")
    (folder / "messages_2026").mkdir()
    (folder / "messages_2026" / "part.csv").write_text(f"{HEADER}\n{line(5)}\n")
    assert ids(folder, connection) == ["m1", "m2", "m3"]
    said = inspected(folder).warnings
    assert f"{folder / 'messages_2026'}: a folder, not read; put its files into messages/" in said
    assert any(
        each.startswith(f"{folder / 'messages_4.csv.zip'}: of none of the kinds") for each in said
    )


@pytest.mark.parametrize("content", [b"", b"\n", b"[ ]\n"])
@pytest.mark.parametrize("name", ["events.csv", "events.jsonl", "events.json", "events.parquet"])
def test_an_empty_table_is_the_same_in_every_format(
    folder: Path, name: str, content: bytes
) -> None:
    (folder / "messages.csv").write_text(f"{HEADER}\n{line(1)}\n")
    (folder / "events.csv").unlink()
    (folder / name).write_bytes(content if name == "events.json" else content.strip(b"[ ]\n"))
    assert inspected(folder).warnings == (f"events: no row in 1 file of {folder}",)


def test_columns_may_have_other_names(folder: Path, connection: duckdb.DuckDBPyConnection) -> None:
    (folder / "messages.csv").write_text("ID,k,Role,ts\nm1,c,bot,2026-01-01T09:00:00Z\n")
    assert "say its name in raw_columns" in refused(folder)
    names = {"message_id": "id", "conversation_id": "k", "author_type": "role", "sent_at": "ts"}
    reading = Reading(columns={"messages": names})
    found = messages(folder, connection, "message_id", "sent_at", reading=reading)
    assert found == [("m1", "2026-01-01T09:00:00Z")]
    for wrong in ({"mesages": names}, {"messages": {"sent": "ts"}}):
        assert refused(folder, Reading(columns=wrong)).startswith("raw_columns: ")


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("s3://bucket/raw", "an address, but a run reads folders; copy the files"),
        ("https://host/raw?sig=abc", "an address, but a run reads folders; copy the files"),
        ("raw/*.csv", "a pattern; name the folder that holds the files"),
    ],
)
def test_a_path_that_is_no_folder(tmp_path: Path, path: str, said: str) -> None:
    assert said in refused(tmp_path / path)
    assert "abc" not in refused(tmp_path / path)


def test_a_folder_of_folders(tmp_path: Path) -> None:
    (tmp_path / "2026-01").mkdir()
    (tmp_path / "2026-01" / "messages.csv").write_text(HEADER)
    assert refused(tmp_path) == (
        f"{tmp_path}: only subfolders (2026-01); name one of them, or put the files of a table "
        "into conversations/"
    )


def test_another_encoding_is_said(folder: Path) -> None:
    rows = "".join(f"{line(number, 'Gebühr')}\n" for number in range(20))
    file = folder / "messages.csv"
    file.write_bytes(f"{HEADER}\n{rows}".encode("cp1252"))
    assert refused(folder) == f"{file}: not UTF-8 text (20 lines); save it as UTF-8"


def test_half_a_gzip_file_far_below_its_beginning(folder: Path) -> None:
    rows = "".join(f"{line(number)}\n" for number in range(200_000))
    file = folder / "messages.csv.gz"
    packed = gzip.compress(f"{HEADER}\n{rows}".encode(), compresslevel=1)
    file.write_bytes(packed[: len(packed) // 2])
    assert refused(folder) == f"{file}: not a complete gzip file; export it again"


# --- what is kept between nights -----------------------------------------------------------------


def test_a_file_that_changed_is_checked_again_and_its_old_copy_goes(
    folder: Path, connection: duckdb.DuckDBPyConnection
) -> None:
    file, copies = folder / "messages.csv", folder.parent / "copies"
    file.write_text(f"{HEADER}\n{line(1)}\nm2,k\n")
    assert len(faults(folder)) == 1
    assert len(faults(folder)) == 1  # as it was known
    (copy,) = copies.glob("*.parquet")
    copy.unlink()
    assert ids(folder, connection) == ["m1"]  # made again
    file.write_text(f"{HEADER}\n{line(1)}\n{line(2)}\n")
    assert ids(folder, connection) == ["m1", "m2"]
    assert faults(folder) == [] and not list(copies.glob("*.parquet"))
    (copies / "checked.json").write_text("{half")
    assert ids(folder, connection) == ["m1", "m2"]


@pytest.mark.parametrize(
    "damage", ["gone", "empty", "garbage", "other rows", "notes", "shape", "file"]
)
def test_what_is_kept_heals(
    folder: Path, connection: duckdb.DuckDBPyConnection, damage: str
) -> None:
    file, copies = folder / "messages.csv", folder.parent / "copies"
    file.write_text(f"{HEADER}\n{line(1)}\n{line(2)}\nm2,k\n")
    assert ids(folder, connection) == ["m1", "m2"]
    (copy,) = copies.glob("*.parquet")
    notes = copies / "checked.json"
    if damage == "gone":
        copy.unlink()
    elif damage == "empty":
        copy.write_bytes(b"")
    elif damage == "garbage":
        copy.write_bytes(b"no parquet at all, but long enough for one")
    elif damage == "other rows":
        write_parquet(copy, f"select * from '{copy}' limit 1")
    elif damage == "notes":
        notes.write_text("[" * 200_000)
    elif damage == "shape":
        notes.write_text(json.dumps({f"files_messages {file}": 5}))
    else:
        shutil.rmtree(copies)
        copies.write_text("")
    assert ids(folder, connection) == ["m1", "m2"]


def test_a_file_that_is_rewritten_in_place_is_checked_again(
    folder: Path, connection: duckdb.DuckDBPyConnection
) -> None:
    file = folder / "messages.csv"
    file.write_text(f"{HEADER}\n{line(1)}\nm2,k\n")
    assert ids(folder, connection) == ["m1"]
    was = file.stat()
    file.write_text(f"{HEADER}\n{line(3)}\nm2,k\n")
    os.utime(file, ns=(was.st_atime_ns, was.st_mtime_ns))
    assert ids(folder, connection) == ["m3"]


def test_a_warning_names_the_file_and_not_its_copy(folder: Path) -> None:
    (folder / "messages.csv").write_text(f"{HEADER}\n{line(1, at='1/13/26 10:00')}\nm2,k\n")
    (said,) = [each for each in inspected(folder).warnings if "raw_time_format" in each]
    assert said.startswith(f"{folder / 'messages.csv'}: ")


def test_a_copy_of_a_night_that_ended_early_is_not_taken_for_another(
    folder: Path, connection: duckdb.DuckDBPyConnection
) -> None:
    (folder / "messages.csv").write_text(f"{HEADER}\n{line(1, at='2026-07-01 09:00')}\nm2,k\n")
    assert messages(folder, connection, "sent_at") == ["2026-07-01 09:00"]
    ratings = folder / "ratings.csv"
    ratings.write_text("rating_id\nr\n")
    assert "ratings has no column" in refused(folder, Reading(timezone="Asia/Tokyo"))
    ratings.unlink()
    assert messages(folder, connection, "sent_at") == ["2026-07-01 09:00"]
    assert len(list((folder.parent / "copies").iterdir())) == 2  # the notes, and one copy


def test_another_setting_reads_a_copied_file_anew(
    folder: Path, connection: duckdb.DuckDBPyConnection
) -> None:
    (folder / "messages.csv").write_text(f"{HEADER}\n{line(1, at='2026-07-01 09:00')}\nm2,k\n")
    assert messages(folder, connection, "sent_at") == ["2026-07-01 09:00"]
    reading = Reading(timezone="Europe/Berlin")
    found = messages(folder, connection, "sent_at", reading=reading)
    assert found == ["2026-07-01T07:00:00.000000Z"]


def test_tables_of_a_database_are_read_by_the_same_settings(tmp_path: Path) -> None:
    file = tmp_path / "support.duckdb"
    with duckdb.connect(str(file)) as made:
        made.execute("create schema lake")
        made.execute("create table lake.conversations as select 'k' as conversation_id")
        made.execute(
            "create table lake.messages as select 1.0::double as message_id, 'k' as "
            "conversation_id, 'bot' as author_type, '1/2/26 10:00' as sent_at, 'NULL' as topic"
        )
    place = Schema("lake", str(file))
    raw = in_schema.inspect(place, "files", tmp_path / "warehouse.duckdb")
    assert "set raw_time_format" in " ".join(raw.warnings)
    reading = Reading(time_formats=("%d/%m/%y %H:%M",), timezone="Europe/Berlin")
    raw = in_schema.inspect(place, "files", tmp_path / "warehouse.duckdb", reading=reading)
    assert not raw.warnings
    with duckdb.connect() as connection:
        views.write_views(raw, connection)
        query = "select message_id, sent_at, topic from raw.files_messages"
        assert connection.execute(query).fetchall() == [
            ("1.0", "2026-02-01T09:00:00.000000Z", None)
        ]


# --- settings ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("raw_timezone", "PST"),
        ("raw_timezone", "+02:00"),
        ("raw_timezone", 2),
        ("raw_time_format", "dd/mm/yyyy"),
        ("raw_time_format", ["%Q"]),
        ("raw_epoch", "hours"),
        ("raw_epoch", ["seconds"]),
        ("raw_epoch", {"files": {"messages": "seconds"}}),
        ("null_words", "NULL"),
        ("null_words", [""]),
        ("raw_columns", {"files": "ts"}),
        ("raw_columns", {"files": {"messages": {"sent_at": 1}}}),
    ],
)
def test_settings_that_cannot_be_used_are_refused(name: str, value: Any) -> None:
    given = dict.fromkeys(raw_reading.SETTINGS, (None, "dbt_project.yml"))
    with pytest.raises(Stop) as stop:
        raw_reading.parse("files", given | {name: (value, "--vars")}, ["Europe/Berlin", "UTC"])
    assert str(stop.value).startswith(f"--vars: {name} is ")


def test_a_setting_is_for_every_source_or_for_each() -> None:
    given = dict.fromkeys(raw_reading.SETTINGS, (None, "dbt_project.yml"))
    given["raw_timezone"] = ({"files": "Europe/Berlin"}, "--vars")
    given["raw_epoch"] = ("seconds", "--vars")
    zones = ["Europe/Berlin"]
    assert raw_reading.parse("files", given, zones).timezone == "Europe/Berlin"
    assert raw_reading.parse("rasa", given, zones).timezone is None
    assert raw_reading.parse("rasa", given, zones).epoch == "seconds"
