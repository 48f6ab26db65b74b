"""scripts/query: what it answers, in which form, and what it refuses in one line."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import projects
import pytest

from containment.commands import query

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


def test_a_table_is_drawn_as_duckdb_draws_it(ask: Ask) -> None:
    drawn = answer(ask, "select 1 as one, 'a' as word")
    assert [line.split() for line in drawn.splitlines()[1:3]] == [
        ["│", "one", "│", "word", "│"],
        ["│", "int32", "│", "varchar", "│"],
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
