"""One value of the raw data: it is kept as it is, and neither stops nor spoils what people read."""

from __future__ import annotations

import logging
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree
from zipfile import ZipFile

import projects
import pytest

from containment.common import console, shown
from containment.common.errors import Stop, nearest
from containment.publish import headline
from containment.query import spreadsheet

LONG = "x" * 1_000_000
# What a channel, a brand, a topic, a bot, an event type, a reason ... may be.
VALUES = {
    "the row of all": "*",
    "placeholders": "others",
    "no value": "none",
    "every": "all",
    "null byte": "a\x00b",
    "colours": "\x1b[31mred\x1b[0m",
    "line ends": "a\r\nb\u2028c",
    "turned round": "\u202eevil\u202c",
    "not seen": "a\u200bb",
    "eight bit": "\x9b31m",
    "html": "<script>alert(1)</script>",
    "jinja": "{{ 1 / 0 }}{% raw %}",
    "sql": "'; drop table x; --",
    "form": "%s {0} {x}",
    "csv": 'a,"b"',
    "formula": "=1+1",
    "path": "../../etc/passwd",
    "megabyte": LONG,
    "lines": "a\n" * 50_000,
}
UNSEEN = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b\u2028\u202c\u202e]")


# --- a value, a line -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "value",
    [*VALUES.values(), "\ud800", "\ufffe", "👩\u200d👧"],
    ids=[*VALUES, "half a pair", "no letter", "joined"],
)
def test_a_value_is_shown_on_its_line_and_short(value: str) -> None:
    for said in (shown.shown(value), shown.quoted(value), shown.line(value)):
        assert said.isprintable()
        said.encode()  # half a pair of UTF-16 cannot be
    assert len(shown.shown(value)) <= 80 and len(shown.quoted(value)) <= 80
    assert len(shown.line(value)) <= 2000


def test_what_is_cut_says_so_and_what_is_short_is_whole() -> None:
    assert shown.shown("x" * 80) == "x" * 80
    assert shown.shown("x" * 81) == "x" * 79 + "…"
    assert shown.shown("a\x1b\n\u202e") == "a\\x1b\\n\\u202e"
    assert shown.shown("Zürich, 東京") == "Zürich, 東京"


@pytest.mark.parametrize(
    "value",
    [16**5000, [[[[[[[[1]]]]]]]], ["x"] * 10**6, {"a": LONG}, 0.5, None, True, "+99:00"],
    ids=lambda value: type(value).__name__,
)
def test_a_setting_is_quoted_whatever_it_is(value: object) -> None:
    assert len(shown.quoted(value)) <= 80
    if value in (0.5, None, True, "+99:00"):
        assert shown.quoted(value) == repr(value)


def test_a_long_word_is_not_compared() -> None:
    assert nearest(LONG, ["chat"]) == nearest(16**5000, ["chat"]) == ""
    assert nearest("chatt", ["chat"]) == "; did you mean 'chat'?"


def test_no_value_ends_a_line_or_fills_a_log(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = tmp_path / "logs" / "nightly.log"
    before = list(logging.getLogger("containment").handlers)
    console.log_to(log)
    try:
        for value in VALUES.values():
            console.say(value)
            console.warn(value)
            console.fail(str(Stop(f"{value}: no such folder")))
    finally:
        for handler in set(logging.getLogger("containment").handlers) - set(before):
            logging.getLogger("containment").removeHandler(handler)
            handler.close()
    said = capsys.readouterr()
    for text in (said.out, said.err, log.read_text(encoding="utf-8")):
        assert UNSEEN.search(text) is None
        assert max(map(len, text.split("\n"))) < 2_100
    assert said.out.count("\n") == len(VALUES)
    assert [file.name for file in log.parent.iterdir()] == ["nightly.log"]


# --- top N and others ----------------------------------------------------------------------------


def test_of_many_the_first_are_named_and_the_others_summed() -> None:
    rows = [("others", 50, 60, 1), *((f"c{n:04}", 1, 2, 3) for n in range(1000))]
    found = list(headline.top(rows, 20, "channels"))
    assert len(found) == 21
    assert found[0] == ("others", 50, 60, 1)
    assert found[-1] == ("others (981 channels)", 981, 1962, 2943)
    assert list(headline.top(rows[:21], 20, "channels")) == rows[:21]  # one alone is no shorter


# --- a night -------------------------------------------------------------------------------------


def write_raw(folder: Path) -> None:
    """Conversations with each of the values in each of the columns that may hold any."""
    raw: dict[str, list[dict[str, Any]]] = {"conversations": [], "messages": [], "events": []}

    def add(event: str, **odd: str) -> None:
        number = len(raw["conversations"])
        of = {"conversation_id": f"c{number}"}
        day = f"2026-03-{1 + number % 20:02}T{number % 24:02}"
        raw["conversations"].append(
            {
                **of,
                "channel": odd.get("channel", "chat"),
                "brand": odd.get("brand", "A"),
                "customer_id": odd.get("customer_id"),
                "exclusion_reason": odd.get("exclusion_reason"),
            }
        )
        first = {"message_id": "1", "author_type": "customer", "sent_at": f"{day}:00:00Z"}
        second = {"message_id": "2", "author_type": "bot", "sent_at": f"{day}:01:00Z"}
        raw["messages"] += [
            {**of, **first, "topic": odd.get("topic", "t")},
            {**of, **second, "author_id": odd.get("author_id", "bot")},
        ]
        raw["events"].append(
            {
                **of,
                "event_id": "1",
                "event_type": odd.get("event_type", event),
                "occurred_at": f"{day}:02:00Z",
                "reason": odd.get("reason"),
            }
        )

    for value in VALUES.values():
        for column in ("channel", "brand", "topic", "author_id", "event_type", "reason"):
            add("escalated", **{column: value})
        add("resolved", customer_id=value)
        add("resolved", exclusion_reason=value)
        add("resolved", channel=value, brand=value, topic=value, author_id=value)
    for table, rows in raw.items():
        projects.write_jsonl(folder / f"{table}.jsonl", rows)


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    """A home with a night over such values, and what the night said."""
    folder = tmp_path_factory.mktemp("values")
    raw = folder / "raw"
    raw.mkdir()
    write_raw(raw)
    home = folder / "home"
    done = projects.nightly(home, "--source", "files", "--raw-path", str(raw))
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    yield home, done.stdout + done.stderr


@pytest.mark.heavy
def test_a_night_over_such_values_is_published_whole_and_said_shortly(
    night: tuple[Path, str],
) -> None:
    home, said = night
    logs = [file for file in (home / "logs").iterdir() if file.name.startswith("nightly")]
    assert [file.name for file in logs] == ["nightly.log"]
    report = (home / "published" / "report.html").read_text(encoding="utf-8")
    dbt_log = (home / "logs" / "dbt.log").read_text(encoding="utf-8")
    for text in (said, logs[0].read_text(encoding="utf-8"), report):
        assert UNSEEN.search(text) is None
        assert "x" * 81 not in text
    assert len(said) < 30_000 and len(report) < 1_500_000
    assert LONG not in dbt_log and report.count("<script") == 4  # its own
    database = home / "published" / "containment.duckdb"
    for column in ("channel", "brand", "topic", "bot_id"):
        rows = projects.rows(database, f"select {column} as v from marts.segments")
        kept = {str(row["v"]).strip() for row in rows}  # blanks around an id are no part of it
        assert not {value.strip() for value in VALUES.values()} - kept, column
    # The channel that is named like the row of all has a row of its own.
    [star] = projects.rows(
        database,
        "select count(*) as n, max(closed_sessions) as closed from marts.timeout_sensitivity "
        "where channel = '*' and not is_every_channel and timeout_minutes = 60",
    )
    assert star == {"n": 1, "closed": 2}


@pytest.mark.heavy
@pytest.mark.parametrize(
    "command",
    [
        ("publications",),
        ("query", "select distinct channel, brand, topic from sessions"),
        ("query", "analyses/report/by_brand.sql"),
    ],
    ids=str,
)
def test_other_commands_say_them_shortly(night: tuple[Path, str], command: tuple[str, ...]) -> None:
    done = subprocess.run(
        [sys.executable, str(projects.ROOT / "scripts" / command[0]), *command[1:]],
        env={**os.environ, "CONTAINMENT_VENV": sys.prefix, "CONTAINMENT_HOME": str(night[0])},
        capture_output=True,
        text=True,
        cwd=projects.ROOT,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert UNSEEN.search(done.stdout) is None
    assert "x" * 2001 not in done.stdout


# --- a spreadsheet -------------------------------------------------------------------------------

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def sheet(file: Path) -> tuple[list[list[tuple[str, str, bool]]], str]:
    """The cells of a spreadsheet, row by row: type, content, whether marked as text; its XML."""
    with ZipFile(file) as parts:
        xml = parts.read("xl/worksheets/sheet1.xml").decode()
        styles = ElementTree.fromstring(parts.read("xl/styles.xml"))
    marked = [each.get("quotePrefix") == "1" for each in styles.iterfind(f"{MAIN}cellXfs/{MAIN}xf")]
    rows = []
    for row in ElementTree.fromstring(xml).iter(f"{MAIN}row"):
        cells = []
        for cell in row:
            content = cell.find(f"{MAIN}v")
            if content is None:
                content = cell.find(f"{MAIN}is/{MAIN}t")
            said = "" if content is None else content.text or ""
            cells.append((cell.get("t", "n"), said, marked[int(cell.get("s", "0"))]))
        rows.append(cells)
    return rows, xml


def test_nothing_in_a_spreadsheet_can_be_executed(tmp_path: Path) -> None:
    odd = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\uff1d1", "http://a.b", "mailto:a@b"]
    file = tmp_path / "a.xlsx"
    assert spreadsheet.write(file, odd, [odd]) == 1
    (header, row), xml = sheet(file)
    for cells in (header, row):
        assert [kind for kind, _, _ in cells] == ["inlineStr"] * len(odd)
        assert [mark for _, _, mark in cells] == [True] * 7 + [False] * 2
    assert [text for _, text, _ in row] == [*odd[:5], "_x000D_=1", *odd[6:]]  # the value is kept
    assert "<f>" not in xml and "hyperlink" not in xml
    assert 'state="frozen"' in xml and '<autoFilter ref="A1:I2"/>' in xml


def test_every_value_has_its_type_where_that_keeps_it(tmp_path: Path) -> None:
    import duckdb

    cursor = duckdb.execute("""
        select
            1 as a, 999999999999999 as a, 9007199254740993 as big, 1.25::decimal(9, 2) as price,
            123456789012345678.25::decimal(38, 2) as long_price, 0.5 as half, 'nan'::double as nan,
            '-inf'::double as inf, true as yes, null as nothing, date '2026-01-31' as day,
            timestamp '2026-01-31 12:00:00' as moment, date '1850-01-01' as old,
            timestamp 'infinity' as never, '007' as id, [1, 2] as list, {'k': 'ä'} as struct,
            map {1: 2} as map, chr(27) || chr(65534) as odd, '' as blank, time '06:00' as hour
    """)
    names = [column[0] for column in cursor.description or ()]
    file = tmp_path / "a.xlsx"
    spreadsheet.write(file, names, cursor.fetchall())
    (header, row), _ = sheet(file)
    assert [text for _, text, _ in header] == names  # two of the same name among them
    assert [(kind, text) for kind, text, _ in row] == [
        ("n", "1"),
        ("n", "999999999999999"),
        ("inlineStr", "9007199254740993"),
        ("n", "1.25"),
        ("inlineStr", "123456789012345678.25"),
        ("n", "0.5"),
        ("inlineStr", "nan"),
        ("inlineStr", "-inf"),
        ("b", "1"),
        # nothing: no cell
        ("n", "46053"),
        ("n", "46053.5"),
        ("inlineStr", "1850-01-01"),
        ("inlineStr", "9999-12-31 23:59:59.999999"),
        ("inlineStr", "007"),
        ("inlineStr", "[1, 2]"),
        ("inlineStr", '{"k": "ä"}'),
        ("inlineStr", '{"1": 2}'),
        ("inlineStr", "_x001B_\\ufffe"),
        ("inlineStr", ""),
        ("n", "0.25"),
    ]


def test_a_cell_holds_what_it_can_and_says_that_it_is_cut(tmp_path: Path) -> None:
    file = tmp_path / "a.xlsx"
    spreadsheet.write(file, ["a"], [["x" * 32_767], ["x" * 32_768], ["👧" * 20_000]])
    texts = [row[0][1] for row in sheet(file)[0][1:]]
    assert texts == ["x" * 32_767, "x" * 32_766 + "…", "👧" * 16_383 + "…"]


def test_a_spreadsheet_that_cannot_be_leaves_all_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "a.xlsx"
    file.write_text("what was there")
    monkeypatch.setattr(spreadsheet, "MOST_ROWS", 3)
    monkeypatch.setattr(spreadsheet, "MOST_COLUMNS", 2)
    (tmp_path / "folder.xlsx").mkdir()
    for target, columns, rows, said in (
        (file, ["a"], [[1]] * 3, "more than the 2 rows of a sheet; limit the question, or take"),
        (file, ["a", "b", "c"], [], "3 columns, and a sheet holds 2; limit the question, or take"),
        (file, [], [], "this gives no rows"),
        (tmp_path / "a.csv", ["a"], [], "not the name of a spreadsheet; name it a.xlsx"),
        (tmp_path / "folder.xlsx", ["a"], [], "exists, but is not a file"),
        (tmp_path / "none" / "a.xlsx", ["a"], [], "no such folder; make it"),
    ):
        with pytest.raises(Stop, match=re.escape(said)):
            spreadsheet.write(target, columns, rows)
    assert file.read_text() == "what was there"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.xlsx", "folder.xlsx"]
    assert spreadsheet.write(file, ["a"], [[1]] * 2) == 2
