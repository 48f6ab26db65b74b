"""scripts/mcp: an assistant asks by the SDK's own client, and gets answers or one line."""

from __future__ import annotations

import contextlib
import json
import math
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import projects
import pytest
from anyio.from_thread import start_blocking_portal
from mcp import StdioServerParameters, stdio_client
from mcp.client import Client

from containment.common.errors import Stop
from containment.query import comparison, definitions, described, metrics, tools

SECONDS = 2
SCRIPT = projects.ROOT / "scripts" / "mcp"
Call = Callable[..., dict[str, Any]]
RUNAWAY = "select count(*) from range(10000000) a, range(10000000) b where a.range * b.range = 7"
# One function for one value: DuckDB looks for no interruption while it is at work.
DEAF = "select levenshtein(repeat('a', 200000), repeat('b', 200000))"


@contextlib.contextmanager
def connected(home: Path, log: Path) -> Iterator[Call]:
    """A client of a server that this starts; gives its way to call a tool."""
    server = StdioServerParameters(
        command=str(SCRIPT),
        args=["--home", str(home), "--seconds", str(SECONDS)],
        env={"CONTAINMENT_VENV": sys.prefix},
    )
    with (
        log.open("w") as said,
        start_blocking_portal() as portal,
        portal.wrap_async_context_manager(Client(stdio_client(server, errlog=said))) as client,
    ):

        def call(tool: str, **arguments: Any) -> dict[str, Any]:
            result = portal.call(client.call_tool, tool, arguments)
            (content,) = result.content
            if result.is_error:
                return {"error": content.text}
            assert json.loads(content.text) == result.structured_content
            return result.structured_content

        call.tools = portal.call(client.list_tools).tools  # type: ignore[attr-defined]
        yield call


@pytest.fixture(scope="module")
def call(sample: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Call]:
    log = tmp_path_factory.mktemp("mcp") / "stderr"
    with connected(sample, log) as call:
        yield call
    assert log.read_text() == ""  # it was started with what it needs, and had nothing to say


@pytest.fixture(scope="module")
def published(sample: Path) -> Path:
    return sample / "published" / "containment.duckdb"


@pytest.fixture(scope="module")
def days(published: Path) -> tuple[list[str], list[str]]:
    """Two neighbouring weeks that are over: first and last day of each."""
    rows = projects.rows(
        published,
        "select period_start_date as a, period_start_date + 6 as b from marts.containment_trend "
        "where period_kind = 'week' and is_complete order by 1 desc limit 2",
    )
    later, earlier = ([str(row["a"])[:10], str(row["b"])[:10]] for row in rows)
    return earlier, later


# --- what is answered ----------------------------------------------------------------------------


def test_each_tool_says_what_it_takes_and_that_it_changes_nothing(call: Call) -> None:
    found = {tool.name: tool for tool in call.tools}  # type: ignore[attr-defined]
    assert set(found) == {
        *("list_metrics", "define", "query_metrics", "compare_periods", "run_sql"),
    }
    for tool in found.values():
        assert tool.description.endswith(".")
        assert tool.annotations.read_only_hint and not tool.annotations.open_world_hint


def test_every_answer_says_what_it_is_made_of(
    call: Call, sample: Path, published: Path, days: tuple[list[str], list[str]]
) -> None:
    (as_of,) = projects.rows(published, "select max(as_of) as as_of from marts.settings")
    for answer in (
        call("list_metrics"),
        call("define", word="session"),
        call("query_metrics", metrics=["containment_rate"]),
        call("compare_periods", metric="containment_rate", before=days[0], after=days[1]),
        call("run_sql", sql="select 1 as one"),
    ):
        assert answer["publication"] == os.readlink(sample / "published" / "current").split("/")[-1]
        assert answer["as_of"] == f"{as_of['as_of'].isoformat()}Z"
        assert isinstance(answer["warnings"], list)


def test_metrics_dimensions_rules_and_marts_are_listed(call: Call) -> None:
    listed = call("list_metrics")
    assert {each["name"] for each in listed["metrics"]} == set(metrics.load())
    (rate,) = (each for each in listed["metrics"] if each["name"] == "containment_rate")
    assert rate["made_of"] == ["contained_sessions", "closed_sessions"]
    assert {each["name"] for each in listed["dimensions"]} >= {"week", "channel", "topic"}
    assert all(each["description"] for each in (*listed["metrics"], *listed["dimensions"]))
    assert list(listed["rules"]) == [str(number) for number in range(1, len(listed["rules"]) + 1)]
    assert "sessions" in listed["marts"] and all(listed["marts"].values())


@pytest.mark.parametrize(
    ("word", "kind", "text"),
    [
        ("Rule 7", "rule", "The first that applies is the `segment_kind`"),
        ("8", "rule", "Every rate is a ratio of two counts"),
        ("contained", "term", "resolved or timed out"),
        ("containment_rate", "metric", "contained_sessions / closed_sessions"),
        ("channel", "dimension", "For metrics of: segments, sessions"),
        ("sessions", "mart", "One row per session"),
        ("sessions.outcome", "column", "The first that applies"),
    ],
)
def test_a_word_is_defined(call: Call, word: str, kind: str, text: str) -> None:
    found = {each["kind"]: each["text"] for each in call("define", word=word)["definitions"]}
    assert text in found[kind]
    assert "](" not in found[kind]


def test_all_that_is_listed_can_be_defined() -> None:
    known = metrics.load()
    dimensions = described.dimensions(known)
    names = [*known, *(each.name for each in dimensions), *definitions.rules(), *described.marts()]
    for name in names:
        assert all(each.text for each in definitions.of(name, known, dimensions))


def test_a_rate_has_its_counts_and_is_written_cut(call: Call, published: Path) -> None:
    names = ["containment_rate", "containment_rate_low"]
    answer = call("query_metrics", metrics=names, by=["week", "channel"], limit=1000)
    expected = projects.rows(
        published,
        "select date_trunc('week', started_date) as week, channel, "
        "count(*) filter (is_contained) as contained, "
        "count(*) filter (outcome <> 'open') as closed "
        "from marts.sessions group by all order by all",
    )
    assert answer["is_complete"] and len(answer["rows"]) == len(expected) > 10
    for row, counts in zip(answer["rows"], expected, strict=True):
        assert (row["week"], row["channel"]) == (str(counts["week"])[:10], counts["channel"])
        assert row["contained_sessions"] == counts["contained"]
        assert row["closed_sessions"] == counts["closed"]
        if counts["closed"]:
            tenths = counts["contained"] * 1000 // counts["closed"]
            assert row["containment_rate_written"] == f"{tenths // 10}.{tenths % 10} %"
            assert row["containment_rate"] == counts["contained"] / counts["closed"]


def test_days_and_values_choose_the_rows(
    call: Call, published: Path, days: tuple[list[str], list[str]]
) -> None:
    first, last = days[1]
    answer = call(
        "query_metrics",
        metrics=["closed_sessions"],
        filters={"channel": ["chat", "email"], "is_bot_involved": True},
        from_date=first,
        to_date=last,
    )
    (expected,) = projects.rows(
        published,
        "select count(*) as sessions from marts.sessions where channel in ('chat', 'email') "
        f"and is_bot_involved and started_date between '{first}' and '{last}' "
        "and outcome <> 'open'",
    )
    assert answer["rows"] == [{"closed_sessions": expected["sessions"]}]
    none = call("query_metrics", metrics=["coverage_rate"], filters={"channel": "Chat"})
    assert none["notes"] == ["no row has these values; list them with run_sql"]


def test_a_value_is_a_value_whatever_is_written_in_it(call: Call) -> None:
    """Neither SQL nor a template: 49 would be what Jinja makes of it."""
    for value in ("x' or '1' = '1", "{{ 7 * 7 }}", "') or true --"):
        answer = call("query_metrics", metrics=["closed_sessions"], filters={"channel": value})
        assert answer["rows"] == [{"closed_sessions": None}]


def test_a_mean_score_has_no_interval_of_a_rate(call: Call) -> None:
    before, after = ["2026-08-10", "2026-09-06"], ["2026-09-07", "2026-10-04"]
    found = call("compare_periods", metric="csat_score", before=before, after=after)
    [row] = found["rows"]
    assert row["csat_score_increase"] == row["after_csat_score"] - row["before_csat_score"]
    assert row["after_rated_sessions"] > 0
    assert not [name for name in row if "difference" in name or "low" in name or name == "verdict"]


def test_two_weeks_are_compared_as_the_trend_does(
    call: Call, published: Path, days: tuple[list[str], list[str]]
) -> None:
    answer = call("compare_periods", metric="containment_rate", before=days[0], after=days[1])
    (row,) = answer["rows"]
    (trend,) = projects.rows(
        published,
        "select * from marts.containment_trend where period_kind = 'week' "
        f"and period_start_date = '{days[1][0]}'",
    )
    assert row["before_closed_sessions"] == trend["previous_closed_sessions"]
    assert row["after_contained_sessions"] == trend["contained_sessions"]
    for name, column in {
        "before_containment_rate": "previous_containment_rate",
        "before_containment_rate_low": "previous_containment_rate_low",
        "after_containment_rate_high": "containment_rate_high",
        "containment_rate_difference": "containment_rate_change",
        "containment_rate_difference_low": "containment_rate_change_low",
        "containment_rate_difference_high": "containment_rate_change_high",
    }.items():
        assert math.isclose(row[name], trend[column], rel_tol=1e-9, abs_tol=1e-9), name
    low, high = row["containment_rate_difference_low"], row["containment_rate_difference_high"]
    assert row["includes_zero"] is (low <= 0 <= high)
    assert row["containment_rate_difference_written"].endswith(" points")
    assert answer["days"] == {"before": 7, "after": 7}


def test_a_group_of_one_period_alone_has_no_difference(
    call: Call, days: tuple[list[str], list[str]]
) -> None:
    answer = call(
        "compare_periods",
        metric="containment_rate",
        before=["1999-01-01", "1999-01-02"],
        after=days[1],
        by=["channel"],
    )
    assert answer["rows"] and "the periods differ in length" in answer["notes"][0]
    for row in answer["rows"]:
        assert row["containment_rate_difference"] is None and not row["includes_zero"]
        assert row["verdict"].startswith("nothing to compare")


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [
        (-1.0, 1.0, "includes 0"),
        (0.0, 1.0, "includes 0"),
        (0.1, 1.0, "higher than before"),
        (-1.0, -0.1, "lower than before"),
    ],
)
def test_the_verdict_is_what_the_interval_says(low: float, high: float, said: str) -> None:
    row = {"x_difference": 0.0, "x_difference_low": low, "x_difference_high": high}
    assert said in (comparison.verdict("x", row) or "")


def test_rows_are_limited_and_long_texts_cut(call: Call) -> None:
    answer = call("run_sql", sql="from sessions order by session_id", limit=3)
    assert len(answer["rows"]) == 3 and not answer["is_complete"]
    assert answer["notes"] == ["the first 3 rows; there are more"]
    whole = call("run_sql", sql="select * from range(3)", limit=3)
    assert whole["is_complete"] and whole["notes"] == []
    (row,) = call("run_sql", sql="select repeat('x', 1000000) as x, chr(8238) as y, 1 as y")["rows"]
    assert len(row["x"]) == tools.LONGEST_TEXT and row["y"] == "\\u202e" and len(row) == 3
    many = call("run_sql", sql="select repeat('x', 200) as x from range(1000)", limit=1000)
    assert len(json.dumps(many["rows"])) < 1.1 * tools.MOST_CHARACTERS and not many["is_complete"]


def test_a_warning_goes_with_every_answer(sample: Path, tmp_path: Path) -> None:
    """And a publication that was switched is asked by the next question."""
    folder = tmp_path / "published" / "versions" / "20990101T000000.000000Z"
    folder.mkdir(parents=True)
    shutil.copy(sample / "published" / "containment.duckdb", folder)
    with duckdb.connect(str(folder / "containment.duckdb")) as connection:
        connection.execute(
            "update marts.data_quality set is_exceeded = true, action = 'warn' "
            "where finding = (select min(finding) from marts.data_quality)"
        )
    link = tmp_path / "published" / "containment.duckdb"
    link.symlink_to(sample / "published" / "containment.duckdb")
    asked = tools.Tools(lambda: link)
    before = asked.define("session")
    link.unlink()
    link.symlink_to(folder / "containment.duckdb")
    after = asked.define("session")
    assert after["publication"] == folder.name != before["publication"]
    assert before["warnings"] == [] and len(after["warnings"]) >= 1
    assert all(each["says"] and "\n" not in each["says"] for each in after["warnings"])


# --- what is refused -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tool", "arguments", "said"),
    [
        ("run_sqll", {}, "no tool 'run_sqll'; did you mean 'run_sql'?"),
        ("run_sql", {}, "run_sql: sql: Field required"),
        (
            "run_sql",
            {"sql": "select 1", "limit": "many"},
            "run_sql: limit: Input should be",
        ),
        ("run_sql", {"sql": "select 1", "limit": 0}, "run_sql: limit is 0; give 1 to 1,000"),
        ("run_sql", {"sql": "selec 1"}, 'run_sql: syntax error at or near "selec"'),
        ("run_sql", {"sql": "from sesions"}, "run_sql: Table with name sesions does not exist!"),
        ("run_sql", {"sql": "select 1; select 2"}, "run_sql: not one query"),
        ("run_sql", {"sql": "from read_text('/etc/passwd')"}, "run_sql: Cannot access file"),
        ("run_sql", {"sql": "from '/etc/passwd'"}, "run_sql: Table with name /etc/passwd"),
        ("run_sql", {"sql": "from glob('/*')"}, "run_sql: Cannot access file"),
        ("run_sql", {"sql": "attach 'x.duckdb'"}, "run_sql: nothing but a query is answered"),
        ("run_sql", {"sql": "copy sessions to 'x.csv'"}, "run_sql: nothing but a query"),
        ("run_sql", {"sql": "install httpfs"}, "run_sql: nothing but a query is answered"),
        ("run_sql", {"sql": "load httpfs"}, "run_sql: nothing but a query is answered"),
        ("run_sql", {"sql": "drop table sessions"}, "run_sql: nothing but a query is answered"),
        ("run_sql", {"sql": "set threads = 1"}, "run_sql: nothing but a query is answered"),
        (
            "define",
            {"word": "contaned"},
            "define: no definition of 'contaned'; did you mean",
        ),
        ("query_metrics", {"metrics": []}, "query_metrics: no metric is asked for"),
        (
            "query_metrics",
            {"metrics": ["containment_rat"]},
            "query_metrics: no metric 'containment_rat'; did you mean 'containment_rate'",
        ),
        (
            "query_metrics",
            {"metrics": ["containment_rate"], "filters": {"1 = 1) or (": "x"}},
            "query_metrics: no dimension '1 = 1) or ('",
        ),
        (
            "query_metrics",
            {"metrics": ["containment_rate"], "from_date": "last week"},
            "query_metrics: no day: 'last week'; write it as 2026-09-30",
        ),
        (
            "compare_periods",
            {"metric": "containment_rate", "before": ["2026-09-01"], "after": ["2026-09-02"]},
            "compare_periods: a period is two days",
        ),
        (
            "compare_periods",
            {
                "metric": "containment_rate_low",
                "before": ["2026-09-01", "2026-09-02"],
                "after": ["2026-09-03", "2026-09-04"],
            },
            "compare_periods: containment_rate_low is the end of an interval; compare contain",
        ),
        (
            "compare_periods",
            {
                "metric": "containment_rate",
                "before": ["2026-09-02", "2026-09-01"],
                "after": ["2026-09-03", "2026-09-04"],
            },
            "compare_periods: a period from 2026-09-02 to 2026-09-01 has no day",
        ),
    ],
)
def test_a_refusal_is_one_line(call: Call, tool: str, arguments: dict[str, Any], said: str) -> None:
    error = call(tool, **arguments)["error"]
    assert error.startswith(said)
    assert "\n" not in error and "Traceback" not in error


@pytest.mark.parametrize("sql", [RUNAWAY, DEAF])
def test_a_query_without_an_end_is_ended(call: Call, sql: str) -> None:
    said = f"run_sql: it took more than {SECONDS} seconds, and was ended; ask for fewer"
    assert call("run_sql", sql=sql) == {"error": f"{said} days or rows"}
    assert call("run_sql", sql="select 1 as one")["rows"] == [{"one": 1}]


def test_nothing_published_is_one_line(tmp_path: Path) -> None:
    log = tmp_path / "stderr"
    with connected(tmp_path, log) as call:
        error = call("list_metrics")["error"]
    assert error == (
        f"list_metrics: {tmp_path}/published: nothing is published here; run scripts/nightly, or "
        "check --home"
    )
    assert log.read_text() == ""


def test_a_wrong_option_is_one_line_on_standard_error() -> None:
    done = subprocess.run(
        [str(SCRIPT), "--seconds", "0"],
        env={"CONTAINMENT_VENV": sys.prefix, "PATH": os.environ["PATH"]},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert done.stderr.startswith("error: Invalid value for '--seconds'")


def test_standard_output_holds_the_protocol_alone(sample: Path) -> None:
    """Each line that is written is a message, whatever is asked."""
    asked = [
        {
            "method": "initialize",
            "id": 1,
            "params": {
                "protocolVersion": "2025-06-18",
                "capabilities": {},
                "clientInfo": {"name": "test", "version": "1"},
            },
        },
        {"method": "notifications/initialized"},
        {
            "method": "tools/call",
            "id": 2,
            "params": {"name": "run_sql", "arguments": {"sql": "from sessions", "limit": 1}},
        },
        {"method": "tools/call", "id": 3, "params": {"name": "define", "arguments": {"word": "x"}}},
    ]
    with subprocess.Popen(
        [str(SCRIPT), "--home", str(sample)],
        env={"CONTAINMENT_VENV": sys.prefix, "PATH": os.environ["PATH"]},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as server:
        assert server.stdin and server.stdout and server.stderr
        for message in asked:
            server.stdin.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")
        server.stdin.flush()
        messages = [json.loads(server.stdout.readline()) for _ in range(3)]
        server.stdin.close()
        assert server.stdout.read() == "" and server.stderr.read() == ""
    assert server.returncode == 0
    assert sorted(each["id"] for each in messages) == [1, 2, 3]
    assert all(each["jsonrpc"] == "2.0" for each in messages)


# --- days ----------------------------------------------------------------------------------------


def test_a_period_has_both_of_its_days() -> None:
    assert comparison.period("2026-02-28", "2026-03-01").days == 2
    assert comparison.period("2026-03-01", "2026-03-01").first == date(2026, 3, 1)
    with pytest.raises(Stop, match="no day: 'yesterday'"):
        comparison.period("yesterday", "2026-03-01")
