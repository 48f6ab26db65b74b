"""The report without a browser: every number is that of its query, no night fails for it."""

from __future__ import annotations

import base64
import gzip
import json
import os
import re
import shlex
import shutil
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import duckdb
import projects
import pytest

from containment.publish import headline
from containment.query import analyses
from containment.report import charts, cubes, formats, page, sections, tiles
from containment.report.tiles import Target, View

MOST_BYTES = 3_000_000
NAME = "20260131T020000.000000Z"
SHOWN = (*sections.OVERVIEW, *sections.DATA)
TABLES = ("sessions", "containment_daily", "demand", "escalations", "satisfaction", "recontacts")


@pytest.fixture(scope="module")
def published(sample: Path) -> Path:
    return sample / "published" / "containment.duckdb"


@pytest.fixture(scope="module")
def html(sample: Path) -> str:
    return (sample / "published" / "report.html").read_text(encoding="utf-8")


@pytest.fixture
def changed(published: Path, tmp_path: Path) -> Path:
    """A copy of the published database that a test may change."""
    copy = tmp_path / "containment.duckdb"
    shutil.copy(os.path.realpath(published), copy)
    return copy


@pytest.fixture
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages without their charts, which cost most of the time."""
    monkeypatch.setattr(charts, "svg", lambda chart, rows, marks: "<svg></svg>")
    monkeypatch.setattr(charts, "library", lambda: "")


def change(database: Path, *statements: str) -> None:
    with duckdb.connect(str(database)) as connection:
        connection.execute("set schema = 'marts'")
        for statement in statements:
            connection.execute(statement)


def asked(database: Path, name: str, **settings: Any) -> list[dict]:
    query = analyses.render(sections.QUERIES / f"{name}.sql", settings=settings)
    return projects.rows(database, query)


def one(database: Path, query: str) -> Any:
    [row] = projects.rows(database, query)
    [value] = row.values()
    return value


def last_days(database: Path, days: int = 28, before: int = 0) -> str:
    """A condition on started_date: the last complete days, or those before."""
    last = one(database, "select max(calendar_date) from marts.dates where is_complete")
    to = last - timedelta(days=before * days)
    return f"started_date between date '{to - timedelta(days=days - 1)}' and date '{to}'"


def tables(html: str) -> dict[str, list[list[str]]]:
    """The cells of the table of each section, the words of a cell one after the other."""
    found = {}
    for name, part in re.findall(r'<section id="(\w+)"(.*?)</section>', html, re.DOTALL):
        body = re.search(r"<tbody>(.*?)</tbody>", part, re.DOTALL)
        rows = (
            re.findall(r"<tr( hidden[^>]*)?>(.*?)</tr>", body.group(1), re.DOTALL) if body else ()
        )
        found[name] = [
            [
                unescape(re.sub(r"<[^>]*>", " ", cell)).split()
                for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL)
            ]
            for hidden, row in rows
            if not hidden
        ]
    return found


def tile_texts(html: str) -> dict[str, dict[str, str]]:
    """The parts of each tile."""
    return {
        name: {
            part: unescape(text)
            for part, text in re.findall(r'data-part="([\w-]+)"[^>]*>([^<]*)<', content)
            if part != "estimate"
        }
        for name, content in re.findall(
            r'<article data-tile="(\w+)"(.*?)</article>', html, re.DOTALL
        )
    }


class Elements(HTMLParser):
    """The elements of a page with their attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def unpacked(html: str, name: str) -> Any:
    text = re.search(rf'<script type="text/plain" id="{name}">(.*?)</script>', html, re.DOTALL)
    assert text
    return json.loads(gzip.decompress(base64.b64decode(text.group(1))))


# --- what it says --------------------------------------------------------------------------------


def test_it_is_published_beside_the_data(sample: Path) -> None:
    assert os.readlink(sample / "published" / "report.html") == "current/report.html"


def test_the_headline_is_that_of_the_night(html: str, published: Path) -> None:
    said = headline.lines(published)[0]
    match = re.match(
        r"Containment (\S+) % \((.*) of (.*) closed .*interval (.*) %\); "
        r"coverage (\S+) % \((.*) of (.*) contacts\); (.*) open; (.*) excluded",
        said,
    )
    assert match
    rate, contained, closed, interval, *coverage, still_open, excluded = match.groups()
    assert f"<strong>{rate} %</strong> contained: {contained} of\n{closed} closed sessions;" in html
    assert f"95 % interval {interval} %;\n{still_open} open; {excluded} excluded." in html
    covered, involved, contacts = coverage
    assert f"{covered} % of all demand: {involved} of\n{contacts} contacts." in html


def test_every_number_is_that_of_the_query_beside_it(html: str, published: Path) -> None:
    found = tables(html)
    for section in SHOWN:
        if f'<section id="{section.name}"' not in html:
            assert section.empty is None, section.name
            continue
        part = html.split(f'<section id="{section.name}"')[1].split("</section>")[0]
        query = unescape(re.findall(r"<pre[^>]*><code>(.*?)</code></pre>", part, re.DOTALL)[-1])
        rows = projects.rows(published, query)
        if not rows:
            assert str(section.empty) in unescape(part)
            continue
        if section.is_one_row:
            expected = formats.transposed(list(rows[0]), list(rows[0].values()))
        else:
            values = [list(row.values()) for row in rows]
            expected = formats.table(list(rows[0]), values, section.bar, section.names)
        assert found[section.name] == [
            [f"{cell.text} {cell.below}".split() for cell in row] for row in expected.rows
        ], section.name


def test_tiles_are_the_marts_own_counts(html: str, published: Path) -> None:
    days, before = last_days(published), last_days(published, before=1)
    counted = {
        "containment_rate": "sum(contained_sessions), sum(closed_sessions) "
        "from marts.containment_daily",
        "coverage_rate": "sum(bot_involved_sessions), sum(contacts) from marts.demand",
        "durable_containment_rate_7d": "sum(durable_7d_sessions), sum(matured_7d_sessions) "
        "from marts.containment_daily",
        "answered_within_5_min_rate": "count_if(wait_seconds <= 300), count(*) "
        "from marts.escalations",
    }
    shown = tile_texts(html)
    for name, question in counted.items():
        (now, then) = (
            tuple(projects.rows(published, f"select {question} where {span}")[0].values())
            for span in (days, before)
        )
        tile = shown[name]
        assert tile["rate"] == f"{headline.percent(*now)} %"
        assert tile["interval"] == "{}–{} %".format(*headline.wilson(*now))
        assert tile["counts"].startswith(f"{now[0]:,} of {now[1]:,} ")
        if then[1]:
            [(low, _), (_, high2)] = [headline._interval(*each) for each in (now, then)]
            rate, rate2 = now[0] / now[1], then[0] / then[1]
            reach = ((rate - low) ** 2 + (rate2 - high2) ** 2) ** 0.5
            assert tile["change"] == f"{formats.points(100 * (rate - rate2))} points"
            assert tile["change-interval"].startswith(formats.points(100 * (rate - rate2 - reach)))
    for outcome in ("contained", "escalated"):
        mean = one(
            published,
            f"select sum({outcome}_csat_score_sum) / sum(rated_{outcome}_sessions) "
            f"from marts.containment_daily where {days}",
        )
        assert shown[f"{outcome}_csat_score"]["rate"] == f"{formats.percent(mean)} %"


def test_parts_add_up_to_the_tile(published: Path) -> None:
    [whole] = [row for row in asked(published, "tiles") if row["tile"] == "containment_rate"]
    for name in ("by_channel_and_bot", "by_brand", "topics", "hours"):
        rows = asked(published, name)
        assert sum(row["closed_sessions"] for row in rows) == whole["base_count"], name
        assert sum(row["contained_sessions"] for row in rows) == whole["counted"], name
    lost = sum(row["escalated_sessions"] for row in asked(published, "escalations"))
    assert lost == whole["base_count"] - whole["counted"]
    for impact in asked(published, "moved"):
        assert impact["total_effect"] == pytest.approx(impact["rate_effect"] + impact["mix_effect"])


def test_a_window_of_a_week_is_what_the_marts_say_of_it(changed: Path) -> None:
    [week] = projects.rows(
        changed,
        "select max(period_start_date) as monday from marts.containment_changes "
        "where period_kind = 'week' and is_complete",
    )
    monday = week["monday"]
    change(
        changed,
        f"update dates set is_complete = calendar_date <= date '{monday + timedelta(days=6)}'",
    )
    for row in asked(changed, "moved", report_days=7):
        [same] = projects.rows(
            changed,
            "select rate_effect, mix_effect from marts.containment_changes where period_kind = "
            f"'week' and period_start_date = date '{monday}' and dimension = '{row['dimension']}' "
            f"and dimension_value = '{row['dimension_value']}'",
        )
        assert row["rate_effect"] == pytest.approx(same["rate_effect"])
        assert row["mix_effect"] == pytest.approx(same["mix_effect"])


def test_the_estimate_is_that_of_the_mart(changed: Path) -> None:
    [week] = projects.rows(
        changed,
        "select * from marts.durable_estimates where period_kind = 'week' and dimension = 'all' "
        "and durable_containment_7d_estimate is not null order by period_start_date desc limit 1",
    )
    end = week["period_start_date"] + timedelta(days=6)
    change(changed, f"update dates set is_complete = calendar_date <= date '{end}'")
    change(
        changed,
        f"insert into dates select * replace (date '{end}' as calendar_date, true as "
        f"is_complete) from dates where not exists (select 1 from dates where calendar_date = "
        f"date '{end}') limit 1",
    )
    [estimate] = asked(changed, "durable_estimate", report_days=7)
    for name, value in estimate.items():
        assert value == pytest.approx(week[name]), name


def test_the_embedded_counts_are_those_of_the_marts(html: str, published: Path) -> None:
    made = unpacked(html, "cubes")

    def total(cube: str, *names: str) -> int:
        return sum(sum(made[cube]["columns"][name]) for name in names)

    daily = projects.rows(
        published,
        "select columns(*)::double from (select sum(closed_sessions) "
        "as closed, sum(contained_sessions) as contained, sum(open_sessions) as open, "
        "sum(matured_7d_sessions) as matured, sum(contained_csat_score_sum) as score "
        "from marts.containment_daily)",
    )[0]
    ended = ("resolved", "timed_out", "escalated")
    for cube in ("sessions", "by topic"):
        assert total(cube, *ended) == daily["closed"]
        assert total(cube, *ended[:2]) == daily["contained"]
        assert total(cube, "open") == daily["open"]
    assert total("sessions", "resolved_known", "timed_out_known") == daily["matured"]
    assert total("sessions", "contained_score") / 1e6 == pytest.approx(daily["score"], abs=1e-3)
    assert total("hours", "closed") == daily["closed"]
    assert total("escalations", "escalated") == total("sessions", "escalated")
    assert total("contacts", "contacts") == one(published, "select sum(contacts) from marts.demand")
    # Days are steps: their sum is the last day.
    last = one(published, "select max(started_date) from marts.sessions")
    assert date(1970, 1, 1) + timedelta(days=total("sessions", "day")) == last


def test_nothing_is_loaded_and_only_its_own_scripts_run(html: str) -> None:
    assert len(html.encode()) < MOST_BYTES
    assert "@import" not in html and not re.search(r"url\((?!#)", html)
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', html)
    assert policy and policy.group(1).startswith("default-src 'none';")
    assert "unsafe-eval" not in policy.group(1)
    assert "script-src 'sha256-" in unescape(policy.group(1))
    assert re.findall(r"<script([^>]*)>", html)[-1] == ""
    assert all('type="text/plain"' in of for of in re.findall(r"<script([^>]*)>", html)[:-1])
    for tag, attributes in Elements(html).found:
        for name in ("src", "href", "xlink:href", "srcset", "action"):
            value = attributes.get(name)
            assert value is None or value == "data:," or value.startswith("#"), (tag, value)


def test_who_does_not_see_has_the_same(html: str) -> None:
    found = Elements(html).found
    assert dict(found)["html"] == {"lang": "en"}
    drawings = [attributes for _, attributes in found if attributes.get("class") == "drawing"]
    assert len(drawings) == html.count("<figure") == html.count("<svg") >= 4
    for drawing in drawings:
        assert drawing["role"] == "img"
        assert "table below has every value" in str(drawing["aria-label"])
    listed = [attributes["id"] for _, attributes in found if "id" in attributes]
    ids = set(listed)
    assert len(listed) == len(ids)
    for tag, attributes in found:
        if tag == "th":
            assert attributes["scope"] in ("row", "col")
        if tag == "a":
            assert str(attributes["href"]).removeprefix("#") in ids


def test_the_same_publication_gives_the_same_bytes(published: Path, html: str) -> None:
    name = re.search(r"Publication (\S+)\.", html)
    assert name
    # The second one is made by a process that has drawn before.
    assert [page.made(published, name.group(1)) for _ in range(2)] == [html] * 2


# --- little, much, strange -----------------------------------------------------------------------


def without_sessions(database: Path) -> None:
    more = ("segments", "messages", "conversations", "dates", "timeout_sensitivity", "topics")
    change(database, *(f"delete from {table}" for table in (*TABLES, *more, "containment_funnel")))


def with_one_session(database: Path) -> None:
    day = "(select max(started_date) from sessions where outcome = 'escalated')"
    change(
        database,
        f"delete from sessions where outcome <> 'escalated' or started_date <> {day}",
        "delete from sessions where rowid > (select min(rowid) from sessions)",
        "delete from escalations where session_id not in (select session_id from sessions)",
        "delete from dates where calendar_date not in (select started_date from sessions)",
        "update dates set is_complete = true",
        "delete from containment_daily where started_date not in "
        "(select started_date from sessions) or escalated_sessions <> 1 or closed_sessions <> 1",
        "delete from containment_daily where rowid > (select min(rowid) from containment_daily)",
    )


def with_much(database: Path) -> None:
    """Three years, 240 channels, everything anew at random: the most that a page may hold."""
    copies = (
        "cross join (select unnest(range(40)) as shift) cross join (select unnest(range(6)) as n)"
    )
    for table in TABLES:
        new = "cast(started_date - cast(28 * shift as integer) as date) as started_date, "
        new += "channel || '-' || cast(40 * pow(hash(rowid, shift, n) % 1000 / 1000, 2) as integer)"
        if table in ("sessions", "escalations"):
            new += " as channel, session_id || shift || '-' || n as session_id"
        else:
            new += " as channel"
        rows = f"select x.* replace ({new}) from (select rowid, * from {table}) as x {copies}"
        change(
            database,
            f"create table much as select * exclude (rowid) from ({rows})",
            f"drop table {table}",
            f"alter table much rename to {table}",
        )
    change(
        database,
        "create or replace table dates as select * replace (cast(day as date) as calendar_date, "
        "cast(date_trunc('week', day) as date) as week_start_date, cast(date_trunc('month', day) "
        "as date) as month_start_date, true as is_complete) from (select * from dates limit 1) "
        "cross join (select unnest(generate_series((select min(started_date) from sessions), "
        "(select max(started_date) from sessions), interval 1 day)) as day)",
    )


@pytest.mark.parametrize("variant", [without_sessions, with_one_session])
def test_little(changed: Path, variant: Any, capsys: pytest.CaptureFixture[str]) -> None:
    variant(changed)
    made = page.made(changed, NAME)
    assert capsys.readouterr().err == ""
    assert "could not be made" not in made
    if variant is without_sessions:
        assert "No closed session yet" in made and "No day with a session yet" in made
    else:
        assert "0 of 1 closed sessions" in made and "0 of\n1 closed session;" in made


@pytest.mark.heavy
def test_much_is_folded_until_it_fits(changed: Path, quickly: None) -> None:
    with_much(changed)
    whole = "select count(*) as sessions, count(distinct channel) as channels from marts.sessions"
    [there] = projects.rows(changed, whole)
    assert there["channels"] > 200
    made = page.made(changed, NAME)
    assert "could not be made" not in made
    assert len(made.encode()) < MOST_BYTES - 600_000  # the charts and their library come on top
    counts = unpacked(made, "cubes")
    for name in ("sessions", "by topic"):
        columns = counts[name]["columns"]
        ended = ("resolved", "timed_out", "escalated", "open")
        assert sum(sum(columns[each]) for each in ended) == there["sessions"]
        named, rest = counts[name]["values"]["channel"], counts[name]["rest"]["channel"]
        assert len(named) + rest == there["channels"] and rest > 0
        assert max(columns["channel"]) == len(named)
    assert re.search(r"one, others:\s.*channel \([\d,]+\)", made)


def test_words_of_the_data_are_text(changed: Path, quickly: None) -> None:
    evil = "</script><script>alert(1)</script>"
    change(
        changed,
        *(f"update {table} set channel = '{evil}'" for table in TABLES),
        f"update sessions set topic = '{evil}'",
    )
    made = page.made(changed, NAME)
    assert made.count("<script") == 4 and made.count("</script") == 4
    assert "&lt;script&gt;" in made


def test_of_many_values_the_first_have_a_row_and_the_others_their_sums(
    changed: Path, quickly: None
) -> None:
    name = "case when number = 7 then 'others' else '{}' || number end"
    span = last_days(changed)
    day = f"(select min(rowid) from containment_daily where closed_sessions > 0 and {span})"
    copied = "from {0} cross join range(1, 3001) as numbers (number) where {0}.rowid = {1}"
    change(
        changed,
        f"insert into containment_daily select containment_daily.* replace ({name.format('b')} as "
        f"brand, {name.format('c')} as channel) {copied.format('containment_daily', day)}",
        "insert into escalations select escalations.* replace "
        f"({name.format('r')} as escalation_reason) "
        + copied.format("escalations", f"(select min(rowid) from escalations where {span})"),
    )
    made = page.made(changed, NAME)
    assert "could not be made" not in made
    assert re.search(r'<th scope="row" class="rest">others \([\d,]+ brands\)</th>', made)
    [whole] = [row for row in asked(changed, "tiles") if row["tile"] == "containment_rate"]
    for query, column in (("by_brand", "brand"), ("by_channel_and_bot", "channel")):
        rows = asked(changed, query)
        assert [row["is_rest"] for row in rows] == [False] * 20 + [True]
        assert sum(row["closed_sessions"] for row in rows) == whole["base_count"]
        assert re.fullmatch(r"others \([\d,]+ (brands|pairs)\)", rows[-1][column])
        # The rate of the sums, no mean of rates.
        assert rows[-1]["containment_rate"] == (
            rows[-1]["contained_sessions"] / rows[-1]["closed_sessions"]
        )
    reasons = asked(changed, "escalations")
    escalated = one(changed, f"select count(*) from marts.escalations where {last_days(changed)}")
    assert len(reasons) == 21 and reasons[-1]["is_rest"]
    assert sum(row["escalated_sessions"] for row in reasons) == escalated


def test_a_target_stands_on_its_tile_and_on_the_trend(published: Path, quickly: None) -> None:
    [whole] = [row for row in asked(published, "tiles") if row["tile"] == "containment_rate"]
    targets = (
        Target("containment_rate", date(2000, 1, 1), 0.5),
        Target("containment_rate", date(2000, 1, 2), 0.72),
        Target("containment_rate", date(2100, 1, 1), 0.9),
    )
    made = page.made(published, NAME, View(28, targets))
    shown = tile_texts(made)
    distance = formats.points(100 * (whole["rate"] - 0.72))
    assert shown["containment_rate"]["target"] == f"target 72.0 %: {distance} points"
    assert shown["coverage_rate"]["target"] == ""
    days = (date(2026, 1, 5), date(2026, 1, 9))
    line = tiles.line((*targets[1:2], Target("containment_rate", days[1], 0.8)), *days)
    assert [(row["from_date"], row["target_rate"]) for row in line] == [
        (days[0], 0.72),
        (days[1], 0.8),
    ]


def test_days_without_a_session_have_tiles_that_say_so(changed: Path, quickly: None) -> None:
    span = last_days(changed)
    change(changed, *(f"delete from {table} where {span}" for table in TABLES))
    made = page.made(changed, NAME)
    assert 'id="no-session">No session in these days.' in made
    shown = tile_texts(made)
    assert {tile["rate"] for tile in shown.values()} == {"–"}
    assert shown["containment_rate"]["counts"] == "no closed sessions in these days"
    assert 'id="filters"' in made and 'role="tab"' in made


def test_a_first_day_that_is_not_over_is_shown(changed: Path, quickly: None) -> None:
    day = one(changed, "select max(started_date) from marts.sessions where is_contained")
    change(
        changed,
        *(f"delete from {table} where started_date <> date '{day}'" for table in TABLES),
        f"delete from dates where calendar_date <> date '{day}'",
        "update dates set is_complete = false",
    )
    made = page.made(changed, NAME)
    assert "No day is over yet" in made and 'id="filters"' in made
    assert [row[0] for row in tables(made)["over_time"]] == [[str(day)]]
    tile = tile_texts(made)["containment_rate"]
    assert tile["rate"] != "–" and tile["change"] == "no earlier days"


def test_a_tile_says_why_it_has_no_figure_and_no_change(changed: Path, quickly: None) -> None:
    change(
        changed,
        f"delete from containment_daily where {last_days(changed, before=1)}",
        "update containment_daily set matured_7d_sessions = 0, durable_7d_sessions = 0",
    )
    shown = tile_texts(page.made(changed, NAME))
    assert shown["durable_containment_rate_7d"]["counts"] == "too young to know yet"
    assert shown["containment_rate"]["change"] == "no closed sessions before"


def test_an_interval_of_scores_is_one_of_scores(changed: Path, quickly: None) -> None:
    """Contained: ten scores near the top. Escalated: one less, too few."""
    change(changed, "update sessions set csat_score = null")
    for kind, count in (("is_contained", 10), ("outcome = 'escalated'", 9)):
        for span in (last_days(changed), last_days(changed, before=1)):
            change(
                changed,
                "update sessions set csat_score = case when rowid % 5 = 0 then 0 else 1 end where "
                f"rowid in (select rowid from sessions where {kind} and {span} limit {count})",
            )
    change(
        changed,
        "update sessions set csat_score = 0.01 where csat_score is not null and is_contained",
        "update sessions set csat_score = 1 where rowid in (select min(rowid) from sessions where "
        f"csat_score is not null and is_contained and {last_days(changed)})",
    )
    found = {row["tile"]: row for row in asked(changed, "scores")}
    contained, escalated = found["contained_csat_score"], found["escalated_csat_score"]
    assert contained["base_count"] == 10 and escalated["base_count"] == 9
    assert contained["rate_low"] == 0 < contained["rate_high"] < 1
    assert -100 <= contained["rate_change_low"] < contained["rate_change_high"]
    for name in ("rate_low", "rate_high", "rate_change_low", "rate_change_high"):
        assert escalated[name] is None
    shown = tile_texts(page.made(changed, NAME))["escalated_csat_score"]
    assert shown["interval"] == "too few ratings for an interval"
    assert shown["change-interval"] == ""


def test_the_impact_of_a_topic_is_that_of_the_mart(changed: Path) -> None:
    change(changed, "update dates set is_complete = true")
    rows = asked(changed, "topics", report_days=100_000)
    for row in rows:
        [same] = projects.rows(
            changed,
            "select impact from marts.topics where period_kind = 'all' "
            f"and topic = '{row['topic']}'",
        )
        assert row["impact"] == pytest.approx(same["impact"]), row["topic"]
    assert len(rows) > 3


def test_of_many_releases_the_newest_are_marked(
    changed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: dict[str, Any] = {}

    def svg(chart: charts.Chart, rows: charts.Rows, marks: Mapping[str, charts.Rows]) -> str:
        drawn.update(marks)
        return "<svg></svg>"

    monkeypatch.setattr(charts, "svg", svg)
    monkeypatch.setattr(charts, "library", lambda: "")
    last = one(changed, "select max(calendar_date) from marts.dates where is_complete")
    change(
        changed,
        "create or replace table bot_releases_compared as select * replace ('r' || number as "
        f"bot_release, timestamp '{last}' - to_days(cast(number as integer)) as "
        "release_started_at) from (select * from bot_releases_compared limit 1) "
        "cross join range(30) as numbers (number)",
    )
    page.made(changed, NAME)
    marked = drawn["releases"]
    assert [row["release"].split()[-1] for row in marked] == [f"r{11 - n}" for n in range(12)]
    assert [row["is_named"] for row in marked] == [False] * 9 + [True] * 3


def test_only_a_table_that_is_much_too_long_is_cut_and_says_so(html: str) -> None:
    for name, part in re.findall(r'<section id="(\w+)"(.*?)</section>', html, re.DOTALL):
        for box, body, cut in re.findall(
            r'<div class="(wide[^"]*)".*?<tbody>(.*?)</tbody>.*?<p class="cut"(.*?)</p>',
            part,
            re.DOTALL,
        ):
            is_long = body.count("<tr") > 24
            assert (box == "wide long") == is_long == (" hidden" not in cut), name
            assert f"{body.count('<tr')} rows; scroll" in cut


def test_a_line_for_the_shell_can_be_read_and_copied() -> None:
    for text in ("from x where y = 'a'", "from x", "a = 'b' and c = \"d\"", "'$a'", "'!`\\'"):
        assert shlex.split(page._quoted(text)) == [text]
    assert page._quoted("y = 'a'") == "\"y = 'a'\""
    assert page._quoted("y = '$HOME'").startswith("'")


SIGNAL = {
    **dict.fromkeys(("dimension", "dimension_value"), "'all'"),
    "period_kind": "'day'",
    "rate_name": "'containment_rate'",
    "rule_name": "'beyond_three_sigma'",
    "counted": "3::bigint",
    "base_count": "9::bigint",
    "direction": "'below'",
    "rate": "0.333e0",
    "rate_low": "0.12e0",
    "rate_high": "0.64e0",
    "centre_rate": "0.7e0",
    "control_low": "0.41e0",
    "control_high": "0.9e0",
}


def test_signals_are_listed_and_marked(changed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: dict[str, Any] = {}

    def svg(chart: charts.Chart, rows: charts.Rows, marks: Mapping[str, charts.Rows]) -> str:
        drawn.update(marks)
        return "<svg></svg>"

    monkeypatch.setattr(charts, "svg", svg)
    monkeypatch.setattr(charts, "library", lambda: "")
    last = one(changed, "select max(calendar_date) from marts.dates where is_complete")
    change(changed, "drop table if exists signals")
    assert 'id="signals"' not in page.made(changed, NAME) and not drawn["signals"]
    day = f"cast('{last}' as date)"
    signal = {**SIGNAL, "period_start_date": day, "period_end_date": day}
    columns = ", ".join(f"{value} as {name}" for name, value in signal.items())
    change(changed, f"create table signals as select {columns}")
    made = page.made(changed, NAME)
    assert tables(made)["signals"][0][:2] == [[str(last), "day"], ["33.3", "%", "12.0–64.0", "%"]]
    assert [mark["said"] for mark in drawn["signals"]] == [
        "day: 33.3 %, below the usual 41.0–90.0 %"
    ]
    # Those of the only source say what those of all say.
    change(changed, "insert into signals select * replace ('source' as dimension) from signals")
    change(changed, "update signals set rule_name = 'run_of_eight'")
    made = page.made(changed, NAME)
    assert [row[3] for row in tables(made)["signals"]] == [["eight", "in", "a", "row"]]
    assert [mark["said"] for mark in drawn["signals"]] == [
        "day: 33.3 %, the eighth in a row below the centre line, 70.0 %"
    ]


@pytest.mark.parametrize(
    ("column", "value", "shown"),
    [
        ("containment_rate", 2 / 3, "66.6 %"),
        ("containment_rate", 0.7, "70.0 %"),
        ("containment_rate", 0.9999, "99.9 %"),
        ("containment_rate", None, "–"),
        ("containment_rate_change", -0.04, "+0.0"),
        ("containment_rate_change", -6.25, "-6.3"),
        ("containment_rate_change", 12.34, "+12.3"),
        ("wait_seconds", 0.4, "0 s"),
        ("wait_seconds", 59.9, "59 s"),
        ("wait_seconds", 3600, "1 h"),
        ("wait_seconds", 90_061, "1 d 1 h"),
        ("closed_sessions", 1234567, "1,234,567"),
        ("net_amount", 1234.5, "1,234.50"),
        ("is_provisional", False, "no"),
        ("step", "stayed_contained", "stayed contained"),
        ("channel", "web_chat", "web_chat"),
        ("started_date", date(2026, 1, 31), "2026-01-31"),
        ("last_changed_at", datetime(2026, 1, 31, 9, 5), "2026-01-31 09:05"),
    ],
)
def test_a_value_is_written_as_its_column_says(column: str, value: object, shown: str) -> None:
    assert formats.text(column, value) == shown


# --- when it fails -------------------------------------------------------------------------------


def test_a_section_without_its_mart_is_left_out(changed: Path, quickly: None) -> None:
    change(changed, "drop table restatements")
    made = page.made(changed, NAME)
    assert 'id="restated_days"' not in made
    assert 'id="nights"' in made


@pytest.mark.parametrize(
    ("broken", "lost", "said"),
    [
        ((charts, "svg"), "over_time", "'Containment and outcomes over time'"),
        ((cubes, "encoded"), None, "filters"),
        ((charts, "library"), None, "charts in the browser"),
    ],
)
def test_what_fails_costs_only_its_part(
    changed: Path,
    quickly: None,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    broken: tuple[Any, str],
    lost: str | None,
    said: str,
) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError("no rows")

    monkeypatch.setattr(*broken, fail)
    made = page.made(changed, NAME)
    assert f"{said} could not be made (ZeroDivisionError" in capsys.readouterr().err
    assert ("This part could not be made: ZeroDivisionError" in made) == (lost is not None)
    assert tables(made)["by_brand"] and tile_texts(made)["containment_rate"]["rate"] != "–"


def test_a_broken_page_says_so_and_is_no_error(
    changed: Path,
    quickly: None,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(page, "HERE", changed.parent)
    assert page.made(changed, NAME) == page.INSTEAD
    assert "report: could not be made" in capsys.readouterr().err
