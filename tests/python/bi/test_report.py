"""The report: every number is that of its query, nothing is loaded, no night fails for it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from datetime import date, datetime
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import duckdb
import projects
import pytest

from containment.publish import headline
from containment.query import analyses
from containment.report import formats, page, sections
from containment.report.charts import Drawing, Rows

MOST_BYTES = 3_000_000
NAME = "20260131T020000.000000Z"
# Chromium tells nobody that it starts, and is asked for nothing but the page.
BROWSER = (
    *("chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic"),
    *("--no-first-run", "--disable-background-networking", "--disable-component-update"),
    *("--disable-sync", "--enable-logging=stderr", "--hide-scrollbars", "--dump-dom"),
)
# At the end of a copy of the page: what the browser made of it, as attributes of <html>.
PROBE = """
<script>
const drawn = [...document.querySelectorAll("figure svg")].map(
    svg => svg.querySelectorAll("path, rect:not(.background), circle").length > 2
        && svg.getBoundingClientRect().width > 300 && svg.getBBox().height > 200);
const root = document.documentElement;
root.dataset.charts = drawn.length;
root.dataset.undrawn = drawn.filter(each => !each).length;
root.dataset.wider = root.scrollWidth > window.innerWidth;
root.dataset.loaded = performance.getEntriesByType("resource").length;
</script>
"""


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


def change(database: Path, *statements: str) -> None:
    with duckdb.connect(str(database)) as connection:
        connection.execute("set schema = 'marts'")
        for statement in statements:
            connection.execute(statement)


def without_sessions(database: Path) -> None:
    tables = ("sessions", "segments", "messages", "conversations", "containment_daily", "dates")
    tables += ("timeout_sensitivity", "topics", "containment_funnel", "demand")
    change(database, *(f"delete from {table}" for table in tables))


def with_one_session(database: Path) -> None:
    keep = "(select session_id from sessions where outcome = 'escalated' order by 1 limit 1)"
    change(
        database,
        f"delete from sessions where session_id not in {keep}",
        "delete from segments where segment_id not in (select session_id from sessions)",
        "delete from dates where calendar_date not in (select started_date from sessions)",
        "delete from containment_daily where started_date not in "
        "(select started_date from sessions) or closed_sessions <> 1 or escalated_sessions <> 1",
        "delete from containment_daily where rowid > (select min(rowid) from containment_daily)",
        "create or replace table demand as select * replace (1 as contacts, "
        "1 as bot_involved_sessions, 1 as closed_contacts, 0 as automated_sessions) "
        "from demand limit 1",
    )


def with_three_years(database: Path) -> None:
    """The five weeks of the sample, 31 times over."""
    for table, column in (("containment_daily", "started_date"), ("dates", "calendar_date")):
        earlier = f"cast({column} - 35 * shifts.number as date) as {column}"
        change(
            database,
            f"insert into {table} select {table}.* replace ({earlier}) from {table} "
            "cross join (select cast(unnest(range(1, 31)) as integer) as number) as shifts",
        )
    change(
        database,
        "update dates set month_start_date = date_trunc('month', calendar_date), "
        "week_start_date = date_trunc('week', calendar_date), is_complete = true",
        "create or replace table timeout_sensitivity as select channel, timeout_minutes, "
        "channel = '*' as is_every_channel, 10 as closed_sessions, 7 as contained_sessions, "
        "0.7 as containment_rate "
        "from (select distinct channel from sessions union all select '*') "
        "cross join (select unnest([5, 30, 60, 1440]) as timeout_minutes)",
    )


VARIANTS = {
    "none": without_sessions,
    "one": with_one_session,
    "three years": with_three_years,
}


class Elements(HTMLParser):
    """The elements of a page with their attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


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
    assert f"<strong>{rate} %</strong>" in html
    assert f"{contained} of {closed}\nclosed sessions contained;" in html
    assert f"95 % interval {interval} %;\n{still_open} open; {excluded}\nexcluded." in html
    covered, involved, contacts = coverage
    assert f"{covered} % of all demand: {involved} of\n{contacts} contacts." in html


def test_every_number_is_that_of_the_query_beside_it(html: str, published: Path) -> None:
    shown = [each for each in sections.SECTIONS if f'<section id="{each.name}"' in html]
    assert [each.name for each in sections.SECTIONS if each not in shown] == []
    for section in shown:
        part = html.split(f'<section id="{section.name}"')[1].split("</section>")[0]
        queries = re.findall(r"<pre[^>]*><code>(.*?)</code></pre>", part, re.DOTALL)
        query = unescape(queries[-1])
        rows = projects.rows(published, query)
        table = [
            [unescape(cell) for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", line)]
            for line in re.findall(r"<tr>(.*?)</tr>", part, re.DOTALL)
        ]
        if section.is_one_row:
            expected = formats.transposed(list(rows[0]), list(rows[0].values()))
        elif not rows:
            assert section.empty in unescape(part)
            continue
        else:
            expected = formats.table(list(rows[0]), [list(row.values()) for row in rows])
        assert table[0] == list(expected.header)
        assert table[1:] == [[cell.text for cell in row] for row in expected.rows], section.name


def test_its_parts_add_up(published: Path) -> None:
    def asked(name: str) -> list[dict]:
        return projects.rows(published, analyses.render(sections.QUERIES / f"{name}.sql"))

    (whole,) = asked("headline")
    assert whole["closed_sessions"] > whole["contained_sessions"] > whole["open_sessions"] > 0
    for name in ("over_time", "by_channel_and_bot", "by_brand"):
        for column in ("contained_sessions", "closed_sessions", "open_sessions"):
            assert sum(row[column] for row in asked(name)) == whole[column], (name, column)
    days = projects.rows(published, "select calendar_date from marts.dates order by all")
    periods = asked("over_time")
    assert [row["period_start_date"] for row in periods] == [day["calendar_date"] for day in days]
    assert [row["is_provisional"] for row in periods][-1] is True
    counted = {row["segment_kind"]: row["segment_count"] for row in asked("not_counted")}
    assert counted["session"] == whole["closed_sessions"] + whole["open_sessions"]
    rates = {row["rate_name"]: row["sessions"] for row in asked("rates")}
    assert (
        sum(row["escalated_sessions"] for row in asked("escalations")) == (rates["escalation rate"])
    )
    assert (
        sum(rates[f"{name} rate"] for name in ("escalation", "resolution", "timeout"))
        == (whole["closed_sessions"])
    )


def test_nothing_is_loaded_and_nothing_is_run(html: str) -> None:
    assert len(html.encode()) < MOST_BYTES
    assert "<script" not in html
    assert "@import" not in html and "url(" not in html
    for tag, attributes in Elements(html).found:
        for name in ("src", "href", "xlink:href", "srcset", "action"):
            value = attributes.get(name)
            assert value is None or value == "data:," or value.startswith("#"), (tag, value)


def test_who_does_not_see_has_the_same(html: str) -> None:
    found = Elements(html).found
    assert dict(found)["html"] == {"lang": "en"}
    charts = [attributes for tag, attributes in found if tag == "svg"]
    assert len(charts) == html.count("<figure") >= 2
    for chart in charts:
        assert chart["role"] == "img"
        assert "table below has every value" in str(chart["aria-label"])
    ids = {attributes["id"] for _, attributes in found if "id" in attributes}
    for tag, attributes in found:
        if tag == "th":
            assert attributes["scope"] in ("row", "col")
        if tag == "a":
            assert str(attributes["href"]).removeprefix("#") in ids


@pytest.mark.parametrize("variant", VARIANTS)
def test_little_and_much(changed: Path, variant: str, capsys: pytest.CaptureFixture[str]) -> None:
    VARIANTS[variant](changed)
    made = page.made(changed, NAME)
    assert capsys.readouterr().err == ""
    assert "could not be made" not in made
    assert len(made.encode()) < MOST_BYTES
    said = {"none": "No closed session yet", "one": "0 of 1\nclosed session contained"}
    assert said.get(variant, "66.2 %") in made
    assert made.count("<figure") == {"none": 0, "one": 3, "three years": 3}[variant]


def test_words_of_the_data_are_text(changed: Path) -> None:
    change(changed, "update containment_daily set channel = '<script>alert(1)</script>'")
    made = page.made(changed, NAME)
    assert "<script" not in made
    assert "&lt;script&gt;" in made


def with_many_values(database: Path) -> None:
    """10,000 brands, 1,000 channels, and topics and reasons by the thousand; one is `others`."""
    name = "case when number = 7 then 'others' else '{}' || number % {} end"
    copied = "from {0} cross join range(1, 10001) as numbers (number) where {1}"
    day = copied.format(
        "containment_daily",
        "containment_daily.rowid = (select min(rowid) from containment_daily "
        "where closed_sessions > 0 and open_sessions = 0)",
    )
    escalation = copied.format(
        "escalations", "escalations.rowid = (select min(rowid) from escalations)"
    )
    change(
        database,
        "insert into containment_daily select containment_daily.* replace ("
        f"{name.format('b', 10000)} as brand, {name.format('c', 1000)} as channel) {day}",
        f"insert into escalations select escalations.* replace ({name.format('r', 3000)} as "
        f"escalation_reason, number as wait_seconds, true as is_answered) {escalation}",
        "insert into topics select topics.* replace (topic || number as topic, "
        "closed_sessions + number as closed_sessions) from topics "
        "cross join range(1, 3001) as numbers (number) where period_kind = 'all'",
        "update topics set headline_closed_sessions = (select sum(closed_sessions) from topics "
        "where period_kind = 'all'), headline_contained_sessions = (select sum(contained_sessions) "
        "from topics where period_kind = 'all') where period_kind = 'all'",
        "insert into timeout_sensitivity select timeout_sensitivity.* replace ("
        f"{name.format('c', 1000)} as channel, false as is_every_channel) from "
        "timeout_sensitivity cross join range(1, 1001) as numbers (number) "
        "where is_every_channel",
    )


def test_of_many_values_the_first_have_a_row_and_the_others_their_sums(
    changed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with_many_values(changed)
    made = page.made(changed, NAME)
    assert capsys.readouterr().err == "" and "could not be made" not in made
    assert len(made.encode()) < 500_000
    assert re.search(r'<th scope="row" class="rest">others \(9,9\d\d brands\)</th>', made)

    def asked(name: str) -> list[dict]:
        return projects.rows(changed, analyses.render(sections.QUERIES / f"{name}.sql"))

    (whole,) = asked("headline")
    for name, column in (("by_brand", "brand"), ("by_channel_and_bot", "channel")):
        rows = asked(name)
        assert len(rows) == 21
        assert [row["is_rest"] for row in rows] == [False] * 20 + [True]
        for counted in ("contained_sessions", "closed_sessions", "open_sessions"):
            assert sum(row[counted] for row in rows) == whole[counted], (name, counted)
        rest = rows[-1]
        assert re.fullmatch(r"others \([\d,]+ (brands|pairs)\)", rest[column])
        # The rate of the sums, no mean of rates.
        assert rest["containment_rate"] == rest["contained_sessions"] / rest["closed_sessions"]
    escalations = asked("escalations")
    [all_of_them] = projects.rows(changed, "select count(*) as n from marts.escalations")
    assert len(escalations) == 21 and escalations[-1]["is_rest"]
    assert sum(row["escalated_sessions"] for row in escalations) == all_of_them["n"]
    own = [row["escalation_reason"] for row in escalations[:-1]]
    quoted = ", ".join(f"'{reason}'" for reason in own)
    [rest] = projects.rows(
        changed,
        "select median(wait_seconds) as median from marts.escalations "
        f"where coalesce(escalation_reason, 'not given') not in ({quoted})",
    )
    assert escalations[-1]["median_wait_seconds"] == rest["median"]
    topics = asked("topics")
    [all_topics] = projects.rows(
        changed,
        "select sum(closed_sessions) as closed, sum(contained_sessions) as contained "
        "from marts.topics where period_kind = 'all'",
    )
    assert len(topics) == 21 and topics[-1]["is_rest"]
    assert sum(row["closed_sessions"] for row in topics) == all_topics["closed"]
    assert topics[-1]["other_topics_containment_rate"] == (
        sum(row["contained_sessions"] for row in topics[:-1])
        / sum(row["closed_sessions"] for row in topics[:-1])
    )
    timeouts = asked("timeout_sensitivity")
    assert len({row["channel"] for row in timeouts}) == 22
    assert timeouts[0]["channel"] == "all channels"
    [summed] = projects.rows(
        changed,
        "select sum(closed_sessions) as closed from marts.timeout_sensitivity "
        "where not is_every_channel",
    )
    assert (
        sum(row["closed_sessions"] for row in timeouts if row["channel"] != "all channels")
        == (summed["closed"])
    )


def test_a_value_named_like_all_or_others_is_none_of_them(changed: Path) -> None:
    change(
        changed,
        "update containment_daily set brand = 'others', channel = 'all channels'",
        "insert into timeout_sensitivity select timeout_sensitivity.* replace "
        "(false as is_every_channel, 1 as contained_sessions) from timeout_sensitivity "
        "where is_every_channel",
    )
    made = page.made(changed, NAME)
    assert "could not be made" not in made
    assert 'class="rest"' not in made
    # The line of all channels, and that of the channel `*`.
    assert "</i>all channels</span>" in made and "</i>*</span>" in made


@pytest.mark.parametrize(
    ("column", "value", "shown"),
    [
        ("containment_rate", 2 / 3, "66.6 %"),
        ("containment_rate", 0.7, "70.0 %"),
        ("containment_rate", 0.9999, "99.9 %"),
        ("containment_rate", None, "–"),
        ("containment_rate_change", -0.04, "+0.0 points"),
        ("containment_rate_change", 12.34, "+12.3 points"),
        ("median_wait_seconds", 0.4, "0 s"),
        ("median_wait_seconds", 59.9, "59 s"),
        ("median_wait_seconds", 3600, "1 h"),
        ("median_wait_seconds", 90_061, "1 d 1 h"),
        ("closed_sessions", 1234567, "1,234,567"),
        ("is_provisional", False, "no"),
        ("started_date", date(2026, 1, 31), "2026-01-31"),
        ("last_changed_at", datetime(2026, 1, 31, 9, 5), "2026-01-31 09:05"),
    ],
)
def test_a_value_is_written_as_its_column_says(column: str, value: object, shown: str) -> None:
    assert formats.text(column, value) == shown


# --- when it fails -------------------------------------------------------------------------------


def test_a_section_without_its_mart_is_left_out(changed: Path) -> None:
    change(changed, "drop table restatements")
    made = page.made(changed, NAME)
    assert 'id="restated_days"' not in made
    assert 'id="nights"' in made


def test_a_broken_chart_costs_its_section_only(
    changed: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(rows: Rows) -> Drawing | None:
        raise ZeroDivisionError("no rows")

    first, *others = sections.SECTIONS
    monkeypatch.setattr(page, "SECTIONS", (sections.Section("lately", "Lately", "", (broken,)),))
    made = page.made(changed, NAME)
    assert "This part could not be made: ZeroDivisionError" in made
    assert "66.2 %" in made
    assert "'Lately' could not be made" in capsys.readouterr().err
    assert (first.name, len(others) > 5) == ("lately", True)


def test_a_broken_page_says_so_and_is_no_error(
    changed: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(page, "TEMPLATES", changed.parent)
    assert page.made(changed, NAME) == page.INSTEAD
    assert "report: could not be made" in capsys.readouterr().err


# --- in a browser --------------------------------------------------------------------------------


@pytest.fixture(params=["sample", *VARIANTS])
def shown(request: pytest.FixtureRequest, html: str, changed: Path) -> Iterator[str]:
    if request.param == "sample":
        yield html
    else:
        VARIANTS[request.param](changed)
        yield page.made(changed, NAME)


@pytest.mark.heavy
def test_a_browser_draws_every_chart_and_asks_for_nothing(shown: str, tmp_path: Path) -> None:
    assert shutil.which("chromium"), "install chromium; .ci/run does"
    file = tmp_path / "report.html"
    file.write_text(shown.replace("</body>", PROBE + "</body>"), encoding="utf-8")
    charts = shown.count("<figure")
    # A phone's width is the least that headless Chromium makes.
    for size in ("1280,900", "500,900"):
        done = subprocess.run(
            [
                *BROWSER,
                f"--window-size={size}",
                f"--user-data-dir={tmp_path / size}",
                file.as_uri(),
            ],
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr
        assert "CONSOLE" not in done.stderr, done.stderr
        page_attributes = dict(Elements(done.stdout).found)["html"]
        assert page_attributes == {
            "lang": "en",
            "data-charts": str(charts),
            "data-undrawn": "0",
            "data-wider": "false",
            "data-loaded": "0",
        }
