"""scripts/query: what it answers, in which form, and what it refuses in one line."""

from __future__ import annotations

import csv
import io
import json
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import projects
import pytest

from containment.commands import query
from containment.query import drawn, units

Ask = Callable[..., tuple[int, str, str]]


@pytest.fixture
def ask(sample: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Ask:
    """Ask the publication of the sample; gives the exit code, the answer and what was said."""

    def asked(*arguments: str, home: Path = sample) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["query", "--home", str(home), *arguments])
        with pytest.raises(SystemExit) as ended:
            query.main()
        said = capsys.readouterr()
        assert isinstance(ended.value.code, int)
        return ended.value.code, said.out, said.err

    return asked


def answer(ask: Ask, *arguments: str) -> str:
    code, out, err = ask(*arguments)
    assert (code, err) == (0, "")
    return out


def test_a_table_has_names_and_types(ask: Ask) -> None:
    drawn = answer(ask, "select 1 as one, 'a' as word")
    assert [line.split() for line in drawn.splitlines()[1:3]] == [
        ["│", "one", "│", "word", "│"],
        ["│", "integer", "│", "varchar", "│"],
    ]


def test_where_there_is_no_terminal_every_row_is_shown(ask: Ask) -> None:
    assert answer(ask, "select 'row' || i as word from range(500) t(i)").count("│ row") == 500


def test_marts_are_named_with_or_without_their_schema(ask: Ask) -> None:
    assert answer(ask, "select count(*) from sessions", "--csv") == "count_star()\n1548\n"
    assert answer(ask, "select count(*) from marts.sessions", "--csv") == "count_star()\n1548\n"


def test_csv_holds_every_row_and_empty_fields_for_nothing(ask: Ask) -> None:
    question = "select i, null as nothing, i = 1 as is_one, 'a,\"b' as word from range(20001) t(i)"
    rows = list(csv.DictReader(io.StringIO(answer(ask, question, "--csv"))))
    assert len(rows) == 20001
    assert rows[1] == {"i": "1", "nothing": "", "is_one": "true", "word": 'a,"b'}


def test_csv_keeps_every_value_as_it_is(ask: Ask) -> None:
    question = "select '=1+1' as a, '-5' as a, chr(8238) as b, '@x' as c, chr(27) as d, 'a''b' as e"
    assert answer(ask, question, "--csv") == "a,a,b,c,d,e\n=1+1,-5,\u202e,@x,\x1b,a'b\n"


def test_a_spreadsheet_is_written_and_said(ask: Ask, tmp_path: Path) -> None:
    file = tmp_path / "daily.xlsx"
    said = answer(ask, "select '=1+1' as a from sessions limit 3", "--xlsx", str(file))
    assert said == f"{file}: 3 rows\n"
    assert zipfile.is_zipfile(file)


def test_a_table_shows_no_control_character_and_no_megabytes(ask: Ask) -> None:
    drawn = answer(ask, "select chr(8238) || 'a' as w, repeat('x', 1000000) as x, chr(27) as y")
    assert "\\u202ea" in drawn and "\u202e" not in drawn and "\x1b" not in drawn
    assert len(drawn) < 20_000 and "x…" in drawn


# --- rates, points, widths -----------------------------------------------------------------------


def cells(drawn: str) -> list[list[str]]:
    """The rows of a drawn table, as text."""
    lines = drawn.split("├")[1].splitlines()[1:-1]
    return [[cell.strip() for cell in line.strip("│").split("│")] for line in lines]


def test_a_rate_is_percent_and_cut(ask: Ask) -> None:
    """Rule 8: rates are printed cut, not rounded."""
    question = (
        "select 2 / 3 as containment_rate, 0.7 as coverage_rate, 1.0::double as matched_share, "
        "null::double as timeout_rate, -1.25::double as rate_effect, "
        "0.04 as containment_rate_change"
    )
    assert cells(answer(ask, question)) == [["66.6 %", "70.0 %", "100.0 %", "NULL", "-1.3", "+0.0"]]


def test_what_is_no_rate_stays_as_it_is(ask: Ask) -> None:
    question = "select 69.4::double as my_rate, 3 as share, 'x' as word_share, [0.5] as rates"
    assert cells(answer(ask, question)) == [["69.4", "3", "x", "[0.5]"]]


@pytest.mark.parametrize("form", ["--csv", "--json"])
def test_programs_get_the_number_itself(ask: Ask, form: str) -> None:
    found = answer(ask, "select 0.125::double as containment_rate", form)
    assert "0.125" in found and "%" not in found


def test_every_fraction_of_a_mart_has_a_unit_that_fits(sample: Path) -> None:
    """A law over the whole publication: what is called a rate lies between 0 and 1."""
    database = sample / "published" / "containment.duckdb"
    fractions = projects.rows(
        database,
        "select table_name, column_name, comment from duckdb_columns() "
        "where schema_name = 'marts' and data_type = 'DOUBLE'",
    )
    rates = [row for row in fractions if units.of(row["column_name"]) is units.Unit.PERCENT]
    assert len({row["column_name"] for row in rates}) > 20
    for row in rates:
        mart, name = row["table_name"], row["column_name"]
        outside = f"select 1 from marts.{mart} where {name} not between 0 and 1 limit 1"
        assert projects.rows(database, outside) == [], name
    for row in fractions:
        in_points = "in points" in row["comment"] or "points of the change" in row["comment"]
        if in_points:
            assert units.of(row["column_name"]) is units.Unit.POINTS, row


WIDE = {
    "session_id": ["0123456789abcdef0123456789abcdef", "1"],
    "topic": ["a topic of many words, longer than any column should be", "short"],
    "closed_sessions": ["123456789012345", "1"],
}


def shown(values: Mapping[str, Sequence[str]]) -> list[drawn.Column]:
    return [
        drawn.Column(
            name, "varchar", cells, name == "closed_sessions", is_trimmed=name != "closed_sessions"
        )
        for name, cells in values.items()
    ]


@pytest.mark.parametrize("room", range(20, 140))
def test_a_table_is_no_wider_than_the_terminal_and_keeps_its_numbers(room: int) -> None:
    lines = list(drawn.lines(shown(WIDE), room))
    text = "\n".join(lines)
    if room >= 34:  # a name and a number beside it take that much
        assert max(map(len, lines)) <= room
    assert "123456789012345" in text
    assert ("0123456789abcdef0123456789abcdef" in text) <= (room >= 32)


def test_ids_are_trimmed_before_texts() -> None:
    text = "\n".join(drawn.lines(shown(WIDE), 100))
    assert WIDE["topic"][0] in text and "0123456789abcdef0123456789ab" not in text


def test_a_table_that_is_piped_is_not_trimmed() -> None:
    text = "\n".join(drawn.lines(shown(WIDE), None))
    assert all(value in text for values in WIDE.values() for value in values)


def test_wide_letters_take_two_places() -> None:
    lines = list(drawn.lines(shown({"topic": ["漢字", "ab"]}), None))
    assert len({drawn.width_of(line) for line in lines}) == 1


def test_a_page_is_written_escaped_and_loads_nothing(ask: Ask, tmp_path: Path) -> None:
    file = tmp_path / "answer.html"
    question = "select '<script>alert(1)</script>' as \"<b>\", 2 / 3 as containment_rate"
    assert answer(ask, question, "--html", str(file)) == f"{file}: 1 row\n"
    page = file.read_text(encoding="utf-8")
    assert "<script" not in page and "<b>" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert ">66.6 %</td>" in page
    assert not re.search(r"(src|href)=|https?://", page)
    assert [*tmp_path.iterdir()] == [file]


def test_a_page_holds_no_more_than_a_browser_draws(ask: Ask, tmp_path: Path) -> None:
    code, _, err = ask("from range(10001)", "--html", str(tmp_path / "a.html"))
    assert (code, err.count("\n")) == (2, 1)
    assert "more than 10,000 rows; limit the question" in err
    assert [*tmp_path.iterdir()] == []


def test_a_spreadsheet_shows_rates_as_percent(ask: Ask, tmp_path: Path) -> None:
    file = tmp_path / "rates.xlsx"
    answer(ask, "select 0.5::double as containment_rate, 0.5::double as x", "--xlsx", str(file))
    with zipfile.ZipFile(file) as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
        styles = book.read("xl/styles.xml").decode()
    found = re.findall(r'<c r="[AB]2"(?: s="(\d+)")?><v>(0.5)</v>', sheet)
    assert [value for _, value in found] == ["0.5", "0.5"]
    assert found[0][0] and not found[1][0]
    numbers = re.findall(r'<xf numFmtId="(\d+)"', styles.split("<cellXfs")[1])
    assert f'<numFmt numFmtId="{numbers[int(found[0][0])]}" formatCode="0.00%"/>' in styles


def test_json_is_an_array_of_objects(ask: Ask) -> None:
    question = (
        "select 1 as number, 0.5::decimal(3, 1) as half, null as nothing, true as yes, "
        "date '2026-01-31' as day, timestamp '2026-01-31 10:00:00' as moment, [1, 2] as list"
    )
    assert json.loads(answer(ask, question, "--json")) == [
        {
            "number": 1,
            "half": 0.5,
            "nothing": None,
            "yes": True,
            "day": "2026-01-31",
            "moment": "2026-01-31T10:00:00",
            "list": [1, 2],
        }
    ]
    assert json.loads(answer(ask, "from sessions where false", "--json")) == []


def test_a_metric_has_the_columns_that_were_asked_for(ask: Ask) -> None:
    asked = ("--metric", "containment_rate,closed_sessions", "--by", "channel,week", "--json")
    rows = json.loads(answer(ask, *asked))
    assert list(rows[0]) == ["channel", "week", "containment_rate", "closed_sessions"]
    assert sum(row["closed_sessions"] for row in rows) == 1542
    assert rows == sorted(rows, key=lambda row: (row["channel"], row["week"]))


def test_metrics_and_dimensions_are_listed(ask: Ask) -> None:
    rows = json.loads(answer(ask, "--list", "--json"))
    assert all(row["description"].endswith((".", ")")) and row["of"] for row in rows), rows
    names = {(row["kind"], row["name"]) for row in rows}
    assert {("metric", "containment_rate"), ("dimension", "topic"), ("dimension", "week")} <= names


def test_the_query_can_be_shown_and_asked_again(ask: Ask) -> None:
    asked = ("--metric", "containment_rate", "--by", "channel")
    shown = answer(ask, *asked, "--show-sql")
    assert answer(ask, shown, "--csv") == answer(ask, *asked, "--csv")


ANALYSES = sorted((projects.ROOT / "analyses").rglob("*.sql"))


@pytest.mark.parametrize("path", ANALYSES, ids=str)
def test_every_analysis_can_be_asked_without_dbt(ask: Ask, path: Path) -> None:
    assert answer(ask, str(path), "--csv").count("\n") >= (1 if path.parent.name == "report" else 2)


def test_from_a_point_of_the_trend_to_its_messages(ask: Ask) -> None:
    """The way down that docs/bi-tools.md shows."""
    (week,) = json.loads(
        answer(
            ask,
            *("--metric", "containment_rate,escalated_sessions", "--by", "week,channel"),
            *("--where", "week = '2026-09-14' and channel = 'chat'", "--json"),
        )
    )
    sessions = json.loads(
        answer(
            ask,
            "select session_id from sessions where date_trunc('week', started_date) = "
            "'2026-09-14' and channel = 'chat' and outcome = 'escalated' order by started_at",
            "--json",
        )
    )
    assert len(sessions) == week["escalated_sessions"] > 0
    messages = f"from messages where session_id = '{sessions[0]['session_id']}' order by sent_at"
    assert json.loads(answer(ask, messages, "--json"))


# --- what is refused -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["selec 1"], 'syntax error at or near "selec"'),
        (["select foo from sessions"], 'Referenced column "foo" not found in FROM clause! Cand'),
        (
            ["from my_mart"],
            'Table with name my_mart does not exist! ("show tables" lists the marts)',
        ),
        (["from sesions"], 'Table with name sesions does not exist! Did you mean "sessions"?'),
        (["select 1; select 2"], "not one query; ask one at a time"),
        ([""], "not one query; ask one at a time"),
        (["select 1", "--home", " "], "--home is blank; name a folder"),
        ([], "no question; give SQL, a file of analyses/ or --metric (see --help)"),
        (["select 1", "--metric", "containment_rate"], "SQL and --metric are two questions"),
        (["--by", "week"], "--by and --where go with --metric"),
        (["analyses/none.sql"], "analyses/none.sql: cannot be read (No such file or directory)"),
        (["--none"], "No such option"),
        (["drop table sessions"], "Cannot execute statement of type"),
        (["create table more as select 1"], "Cannot execute statement of type"),
        (["copy sessions to 'more.csv'"], 'Cannot access file "more.csv"'),
        (["from read_csv('/etc/passwd')"], 'Cannot access file "/etc/passwd"'),
        (["attach 'more.duckdb'"], "Cannot access file"),
        (["select '\udcff'"], "the question is not UTF-8 text"),
        (
            ["--metric", "closed_sessions", "--where", "topic = '\udcff'"],
            "the question is not UTF",
        ),
        (["select 1", "--csv", "--xlsx", "a.xlsx"], "--xlsx and --csv are two forms"),
        (["select 1", "--csv", "--html", "a.html"], "--html and --csv are two forms"),
        (["select 1", "--html", "a.htm"], "a.htm: not the name of a page; name it a.html"),
        (["drop table sessions", "--html", "a.html"], "Cannot execute statement of type"),
        (["select 1", "--xlsx", "a.csv"], "a.csv: not the name of a spreadsheet; name it a.xlsx"),
        (["set enable_external_access = true"], "Cannot change configuration option"),
    ],
)
def test_a_refusal_is_one_line_and_exit_2(ask: Ask, arguments: list[str], said: str) -> None:
    code, out, err = ask(*arguments)
    assert (code, out) == (2, "")
    assert err.startswith(f"error: {said}")
    assert err.count("\n") == 1


def test_nothing_published_is_one_line(ask: Ask, tmp_path: Path) -> None:
    code, out, err = ask("select 1", home=tmp_path)
    assert (code, out) == (2, "")
    assert err == (
        f"error: {tmp_path}/published: nothing is published here; run scripts/nightly, or check "
        "--home\n"
    )


def test_the_command_itself(sample: Path) -> None:
    command = [sys.executable, str(projects.ROOT / "scripts" / "query"), "--home", str(sample)]
    environment = {"CONTAINMENT_VENV": sys.prefix, "PATH": "/usr/bin:/bin"}
    done = subprocess.run(
        [*command, "-", "--csv"],
        input="select count(*) as sessions from sessions",
        env=environment,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "sessions\n1548\n", "")
    # Whoever reads the answer may stop: `| head`.
    with subprocess.Popen(
        [*command, "select * from range(300000)", "--csv"],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as cut:
        assert cut.stdout is not None and cut.stderr is not None
        cut.stdout.readline()
        cut.stdout.close()
        assert cut.stderr.read() == b""
