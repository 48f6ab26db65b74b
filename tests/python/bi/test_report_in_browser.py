"""The report in Chromium: its filters give what the marts give, and it can be read on any screen.

What the page's script shows for a filter must be what the page shows without a script when it is
made of a database that has only the filtered rows.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import browser
import projects
import pytest
from test_report import NAME, TABLES, change, last_days, one, tables, tile_texts

from containment.query import analyses
from containment.report import charts, page, sections
from containment.report.tiles import View

pytestmark = [
    pytest.mark.heavy,
    pytest.mark.skipif(browser.PROGRAM is None, reason="needs chromium; .ci/run installs it"),
]
READY = "document.documentElement.dataset.ready === 'yes'"
FOLLOWING = [
    each.name for each in sections.OVERVIEW if each.follows and each.name != "lost_sessions"
]
WIDTHS = (1280, 1024, 800, 390)
EACH = "document.querySelectorAll"
AXE = projects.ROOT / "tests" / "axe"


@pytest.fixture(scope="module")
def published(sample: Path) -> Path:
    return sample / "published" / "containment.duckdb"


@pytest.fixture(scope="module")
def report(sample: Path) -> Path:
    return Path(os.path.realpath(sample / "published" / "report.html"))


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[browser.Page]:
    with browser.opened(tmp_path_factory.mktemp("chromium")) as opened:
        yield opened


@pytest.fixture
def tab(chromium: browser.Page) -> browser.Page:
    """A page as on a desk, light."""
    chromium.resize(1280)
    chromium.media()
    chromium.errors.clear()
    chromium.requests.clear()
    return chromium


@pytest.fixture
def changed(published: Path, tmp_path: Path) -> Path:
    copy = tmp_path / "containment.duckdb"
    shutil.copy(os.path.realpath(published), copy)
    return copy


def shown(tab: browser.Page) -> str:
    return str(tab.evaluate("document.documentElement.outerHTML"))


def compare(static: str, live: str, names: list[str]) -> None:
    expected, found = tables(static), tables(live)
    for name in names:
        assert found[name] == expected[name], name
    assert any(expected[name] for name in names)


# --- its figures ---------------------------------------------------------------------------------


def test_the_script_shows_what_stands_there_without_it(report: Path, tab: browser.Page) -> None:
    static = report.read_text(encoding="utf-8")
    tab.open(report, ready=READY)
    live = shown(tab)
    compare(static, live, FOLLOWING)
    assert tile_texts(live) == tile_texts(static)
    assert tab.errors == []
    asked = {address for address in tab.requests if not address.startswith("data:image/svg+xml")}
    assert asked <= {"about:blank", report.as_uri()}
    drawn = tab.evaluate(
        "document.querySelectorAll('.drawing .vega-embed svg, .vega-embed svg').length"
    )
    assert drawn == static.count("<figure")


def only(database: Path, column: str, value: str) -> None:
    having = (
        "select table_name from duckdb_columns() where schema_name = 'marts' and column_name = "
    )
    names = {row["table_name"] for row in projects.rows(database, f"{having} '{column}'")}
    for table in names.intersection(TABLES):
        change(database, f"delete from {table} where {column} <> '{value}'")


def greatest(database: Path, column: str) -> str:
    query = f"select {column} from marts.sessions where {last_days(database)} group by {column} "
    return str(one(database, query + "order by count(*) desc, 1 limit 1"))


@pytest.mark.parametrize("dimension", ["channel", "brand"])
def test_a_filter_gives_what_the_marts_give(
    report: Path,
    tab: browser.Page,
    changed: Path,
    monkeypatch: pytest.MonkeyPatch,
    dimension: str,
) -> None:
    value = greatest(changed, dimension)
    only(changed, dimension, value)
    static = made(changed, monkeypatch)
    tab.open(report, f"#{dimension}={value}", READY)
    live = shown(tab)
    names = list(FOLLOWING)
    if dimension == "brand":  # the mart recontacts, and the counts of hours, do not know brands
        names.remove("what_came_next")
        names.remove("hours")
        assert "These counts are not kept by brand." in live
    compare(static, live, names)
    assert tile_texts(live) == tile_texts(static)


def test_other_days_give_what_the_marts_give(
    report: Path, tab: browser.Page, changed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    last = one(changed, "select max(calendar_date) from marts.dates where is_complete")
    to = last - timedelta(days=9)
    change(changed, f"update dates set is_complete = calendar_date <= date '{to}'")
    static = made(changed, monkeypatch, View(days=17))
    tab.open(report, f"#from={to - timedelta(days=16)}&to={to}", READY)
    live = shown(tab)
    compare(static, live, FOLLOWING)
    assert tile_texts(live) == tile_texts(static)


def test_all_days_are_the_headline(report: Path, tab: browser.Page, published: Path) -> None:
    """But for the days that are not over, which have no part in the chosen days."""
    first, to = (
        one(published, f"select {end}(calendar_date) from marts.dates where {condition}")
        for end, condition in (("min", "true"), ("max", "is_complete"))
    )
    tab.open(report, f"#from={first}&to={to}", READY)
    [row] = projects.rows(
        published,
        "select sum(contained_sessions) as contained, sum(closed_sessions) as closed "
        f"from marts.containment_daily where started_date <= date '{to}'",
    )
    said = tile_texts(shown(tab))["containment_rate"]["counts"]
    assert said == f"{row['contained']:,} of {row['closed']:,} closed sessions"


def test_bot_and_attribute_give_what_the_sessions_give(
    tab: browser.Page, changed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    change(
        changed,
        "create or replace table session_attributes as select session_id, 'mood' as attribute, "
        "case hash(session_id) % 3 when 0 then 'good' else 'bad' end as value from sessions "
        "where hash(session_id) % 7 > 0",
    )
    monkeypatch.setattr(charts, "svg", lambda chart, rows, marks: "<svg></svg>")
    file = tmp_path / "report.html"
    file.write_text(page.made(changed, NAME), encoding="utf-8")
    bot = greatest(changed, "coalesce(bot_id, 'none')")
    for value, condition in (("good", "= 'good'"), ("none", "is null")):
        [row] = projects.rows(
            changed,
            "select count(case when is_contained then 1 end) as contained, count(is_contained) as "
            f"closed from marts.sessions left join (select session_id as id, value from "
            f"marts.session_attributes) on session_id = id where {last_days(changed)} and "
            f"coalesce(bot_id, 'none') = '{bot}' and value {condition}",
        )
        tab.open(file, f"#bot={bot}&mood={value}", READY)
        tiles = tile_texts(shown(tab))
        said = f"{row['contained']:,} of {row['closed']:,} closed sessions"
        assert tiles["containment_rate"]["counts"] == said
        assert tiles["contained_csat_score"]["counts"] == "Scores are not kept by mood."
        assert f"Only bot {bot}, mood {value}." in shown(tab)


def test_an_address_keeps_a_view_and_a_name_leads_to_its_sessions(
    report: Path, tab: browser.Page, published: Path
) -> None:
    tab.open(report, ready=READY)
    tab.evaluate("document.querySelector('#by_channel_and_bot tbody a').click()")
    tab.wait("document.querySelector('#filtered').textContent !== ''")
    address = tab.evaluate("decodeURIComponent(location.hash)")
    [row] = projects.rows(
        published,
        "select channel, coalesce(bot_id, 'none') as bot from marts.sessions "
        f"where {last_days(published)} and is_contained is not null group by all "
        "order by count(*) desc, 1, 2 limit 1",
    )
    assert address == f"#channel={row['channel']}&bot={row['bot']}"
    listed = tab.evaluate(
        "[...document.querySelectorAll('#lost_sessions tbody tr:not([hidden])')]"
        ".map(row => row.cells[row.cells.length - 1].textContent)"
    )
    command = str(tab.evaluate("document.querySelector('#lost-query').textContent"))
    _, query = shlex.split(command)
    answer = projects.rows(published, query.replace("from sessions", "from marts.sessions"))
    assert [session["session_id"] for session in answer] == listed != []
    tab.open(report, address + "&tab=data", READY)
    assert tab.evaluate("document.querySelector('#overview').hidden")
    assert tab.evaluate("document.querySelector('select[name=channel]').value") == row["channel"]


def without_recent_sessions(database: Path) -> None:
    span = last_days(database)
    change(database, *(f"delete from {table} where {span}" for table in TABLES))


def with_one_day_that_is_not_over(database: Path) -> None:
    day = one(database, "select max(started_date) from marts.sessions where is_contained")
    change(
        database,
        *(f"delete from {table} where started_date <> date '{day}'" for table in TABLES),
        f"delete from dates where calendar_date <> date '{day}'",
        "update dates set is_complete = false",
    )


def with_few_ratings(database: Path) -> None:
    """Nine of contained sessions, ten of escalated ones, whose interval would leave 0 to 100 %."""
    change(database, "update sessions set csat_score = null")
    for condition, count in (("is_contained", 9), ("outcome = 'escalated'", 10)):
        for place, span in enumerate((last_days(database), last_days(database, before=1))):
            rated = f"select rowid from sessions where {condition} and {span}"
            change(
                database,
                f"update sessions set csat_score = {place} where rowid in ({rated} order by rowid "
                f"limit {count})",
                f"update sessions set csat_score = {1 - place} where rowid = (select min(rowid) "
                f"from ({rated}))",
            )


@pytest.mark.parametrize(
    "variant", [without_recent_sessions, with_one_day_that_is_not_over, with_few_ratings]
)
def test_the_script_shows_little_as_it_stands_there(
    tab: browser.Page, changed: Path, tmp_path: Path, variant: Any
) -> None:
    variant(changed)
    static = page.made(changed, NAME)
    file = tmp_path / "report.html"
    file.write_text(static, encoding="utf-8")
    tab.open(file, ready=READY)
    assert tab.errors == []
    live = shown(tab)
    # The mart of satisfaction keeps its ratings.
    names = [name for name in FOLLOWING if name != "satisfaction"]
    compare(static, live, names)
    assert tile_texts(live) == tile_texts(static)
    is_empty = variant is without_recent_sessions
    assert tab.evaluate("document.querySelector('#no-session').hidden") is not is_empty
    if variant is with_few_ratings:
        tiles = tile_texts(live)
        assert tiles["contained_csat_score"]["interval"] == "too few ratings for an interval"
        assert tiles["escalated_csat_score"]["interval"].startswith("0.0–")
        assert tiles["escalated_csat_score"]["change-interval"].startswith("-100.0 to ")
    # The filters are alive.
    tab.evaluate("document.querySelector('[data-days=all]').click()")
    rate = "document.querySelector('[data-tile=containment_rate] [data-part=rate]').textContent"
    tab.wait(f"{rate} !== '–'")
    assert tab.evaluate("document.querySelector('#no-session').hidden")
    tab.wait("document.querySelectorAll('#by_attribute tbody tr').length > 0")
    tab.wait("document.querySelectorAll('#hours .drawing svg').length === 1")


def test_the_address_says_what_is_shown(report: Path, tab: browser.Page, published: Path) -> None:
    last = one(published, "select max(calendar_date) from marts.dates where is_complete")
    first = last - timedelta(days=9)
    given = f"#from={last}&to={first}&topic=returns&language=en&tab=nowhere"
    tab.open(report, given, READY)
    # The last day is the usual end: only what is unusual is said, but both days of a choice.
    assert tab.evaluate("location.hash") == f"#from={first}&to={last}&language=en"
    assert "Only language en." in shown(tab)
    tab.open(report, "#by_brand", READY)
    assert tab.evaluate("location.hash") == "#by_brand"


def test_a_table_in_a_box_says_how_much_of_it_is_seen(report: Path, tab: browser.Page) -> None:
    tab.open(report, ready=READY)
    words = "document.querySelector('#lost_sessions .cut').textContent"
    rows = "document.querySelectorAll('#lost_sessions tbody tr:not([hidden])').length"
    seen, of, count, *_ = str(tab.evaluate(words)).split()
    assert of == "of" and count == str(tab.evaluate(rows)) and 5 < int(seen) < int(count)
    for name in ("signals", "lost_sessions"):
        box = f"document.querySelector('#{name} .wide')"
        assert tab.evaluate(f"{box} === null || {box}.scrollWidth <= {box}.clientWidth"), name


def made(database: Path, monkeypatch: pytest.MonkeyPatch, view: View | None = None) -> str:
    """The page without its charts, as it stands without a script."""
    monkeypatch.setattr(charts, "svg", lambda chart, rows, marks: "<svg></svg>")
    monkeypatch.setattr(charts, "library", lambda: "")
    return page.made(database, NAME, view)


INTERVALS = """
with

counted as (
    select
        *,
        part / whole as rate,
        {{ wilson_bound('part', 'whole', '-') }} as low,
        {{ wilson_bound('part', 'whole', '+') }} as high
    from (values VALUES) as given (place, part, whole)
),

before_added as (
    select
        *,
        lag(rate) over (order by place) as rate_before,
        lag(low) over (order by place) as low_before,
        lag(high) over (order by place) as high_before
    from counted
)

select
    low,
    high,
    {{ difference_bound('rate', 'low', 'rate_before', 'high_before', '-') }} as change_low,
    {{ difference_bound('rate', 'high', 'rate_before', 'low_before', '+') }} as change_high
from before_added
order by place
"""


def test_intervals_are_those_of_the_macros(report: Path, tab: browser.Page, tmp_path: Path) -> None:
    pairs = [(0, 1), (1, 1), (1, 3), (583, 840), (999_999, 1_000_000), (0, 7), (12, 12), (5, 9)]
    values = ", ".join(
        f"({place}, {part}, {whole}::bigint)" for place, (part, whole) in enumerate(pairs)
    )
    question = tmp_path / "question.sql"
    question.write_text(INTERVALS.replace("VALUES", values), encoding="utf-8")
    rows = projects.rows(report.parent / "containment.duckdb", analyses.render(question))
    tab.open(report, ready=READY)
    listed = tab.evaluate(
        f"{[list(pair) for pair in pairs]}.map(([part, whole], place, all) => {{"
        "const before = all[place - 1] || [0, 0];"
        "const ends = Counts.wilson(part, whole);"
        "return [...ends, ...Counts.difference(part / whole, ends, Counts.ratio(...before), "
        "Counts.wilson(...before)).slice(1)]; })"
    )
    for row, found in zip(rows, listed, strict=True):
        known = [value for value in row.values() if value is not None]
        assert [value for value in found if value is not None] == pytest.approx(known, abs=1e-12)


# --- how it can be read --------------------------------------------------------------------------

OVERLAPS = """(() => {
  const apart = (a, b) => a.right <= b.left + 1 || b.right <= a.left + 1
      || a.bottom <= b.top + 2 || b.bottom <= a.top + 2;
  const found = [];
  for (const group of [...document.querySelectorAll('.vega-embed svg, .tiles')]) {
    const parts = [...group.querySelectorAll('text, article')].filter(
        part => part.textContent.trim() && getComputedStyle(part).opacity > 0
            && part.getAttribute('opacity') !== '0' && part.getClientRects().length);
    const boxes = parts.map(part => part.getBoundingClientRect());
    boxes.forEach((box, i) => boxes.slice(0, i).forEach((other, j) => {
      if (!apart(box, other)) found.push(parts[i].textContent + ' | ' + parts[j].textContent);
    }));
  }
  return found;
})()"""
SMALL = """(() => {
  const found = new Set();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const part = walker.currentNode.parentElement;
    if (!walker.currentNode.textContent.trim() || !part.getClientRects().length) continue;
    const svg = part.closest('svg');
    const scale = svg ? svg.getBoundingClientRect().width / svg.viewBox.baseVal.width : 1;
    const size = parseFloat(getComputedStyle(part).fontSize) * scale;
    if (size < 12) found.add(part.tagName + ' ' + size + ' ' + part.textContent.slice(0, 20));
  }
  return [...found];
})()"""
# Tables at both ends of their scroll: whose rate or interval is not to be seen.
HIDDEN_RATES = """(() => {
  const found = [];
  for (const table of document.querySelectorAll('table.rated')) {
    if (!table.getClientRects().length) continue;
    const box = table.parentElement;
    for (const place of [0, box.scrollWidth]) {
      box.scrollLeft = place;
      const frame = box.getBoundingClientRect();
      const name = table.tBodies[0].rows[0].cells[0].getBoundingClientRect();
      for (const row of table.tBodies[0].rows) {
        const cell = row.cells[1].getBoundingClientRect();
        if (cell.left < name.right - 1 || cell.right > frame.right + 1
            || cell.right > window.innerWidth) found.push(table.dataset.names + row.textContent);
      }
    }
    box.scrollLeft = 0;
  }
  return found;
})()"""


@pytest.mark.parametrize("width", WIDTHS)
def test_it_can_be_read_on_any_screen(report: Path, tab: browser.Page, width: int) -> None:
    tab.resize(width)
    for part in ("overview", "data"):
        tab.open(report, f"#tab={part}", READY)
        tab.evaluate(f"{EACH}('details').forEach(each => each.open = true)")
        assert tab.evaluate("document.documentElement.scrollWidth") <= width
        assert tab.evaluate(SMALL) == []
        assert tab.evaluate(OVERLAPS) == []
        assert tab.evaluate(HIDDEN_RATES) == []
    assert tab.evaluate("document.querySelectorAll('table.rated').length") >= 12


def test_a_phone_without_scripts_sees_the_newest_days(report: Path, tab: browser.Page) -> None:
    tab.resize(390)
    tab.call("Emulation.setScriptExecutionDisabled", value=True)
    try:
        tab.open(report)
        assert tab.evaluate("document.documentElement.scrollWidth") <= 390
        right = "document.querySelector('#over_time .drawing').getBoundingClientRect().right"
        assert tab.evaluate(right) <= 390
        for part in ("overview", "data"):
            assert tab.evaluate(f"document.querySelector('#{part}').getClientRects().length")
    finally:
        tab.call("Emulation.setScriptExecutionDisabled", value=False)


@pytest.fixture(scope="module")
def axe(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The source of axe-core."""
    if not shutil.which("npm"):
        pytest.skip("needs npm for axe-core")
    folder = tmp_path_factory.mktemp("axe")
    for name in ("package.json", "package-lock.json"):
        shutil.copy(AXE / name, folder)
    command = ("npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts")
    subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=120)
    return (folder / "node_modules/axe-core/axe.min.js").read_text(encoding="utf-8")


@pytest.mark.parametrize("dark", [False, True])
def test_nothing_keeps_anybody_out(report: Path, tab: browser.Page, axe: str, dark: bool) -> None:
    tab.media(dark=dark)
    for width in (390,) if dark else (1280,):
        tab.resize(width)
        for part in ("overview", "data"):
            tab.open(report, f"#tab={part}", READY)
            tab.evaluate(f"{EACH}('details:not(.computed)').forEach(each => each.open = true)")
            tab.evaluate(f"{EACH}('tbody tr:nth-child(n + 9)').forEach(row => row.remove())")
            tab.evaluate(axe)
            found: list[Any] = tab.evaluate(
                "axe.run(document, {resultTypes: ['violations']}).then(done => done.violations"
                ".filter(each => ['serious', 'critical'].includes(each.impact))"
                ".map(each => [each.id, each.nodes.slice(0, 3).map(node => node.html + "
                "node.failureSummary)]))"
            )
            assert found == [], (width, part, found)


def test_it_prints(report: Path, tab: browser.Page) -> None:
    tab.open(report, ready=READY)
    assert tab.pdf().startswith(b"%PDF-")
    tab.media("print")
    seen = (
        "[...document.querySelectorAll('{}')].filter(each => each.getClientRects().length).length"
    )
    assert tab.evaluate(seen.format("nav, #filters, .computed, [role=tab]")) == 0
    assert tab.evaluate(seen.format("figure svg")) >= 4
    styles = (
        "[...document.querySelectorAll('{}')].every(each => getComputedStyle(each).{} === '{}')"
    )
    assert tab.evaluate(styles.format("h2", "breakAfter", "avoid"))
    assert tab.evaluate(styles.format("figure, tr", "breakInside", "avoid"))
    assert tab.evaluate(styles.format("tbody a", "textDecorationLine", "none"))
    assert tab.evaluate(seen.format(".scroll")) and tab.evaluate(
        styles.format(".wide", "overflowX", "visible")
    )
