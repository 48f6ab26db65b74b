"""The BI kit: it is what the command writes, it has every metric, and its numbers are ours."""

from __future__ import annotations

import ast
import csv
import io
import json
import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import projects
import pytest
import yaml
from click.testing import CliRunner

from containment.bi import charts, kit, marts
from containment.commands import bi_kit
from containment.common.errors import Stop
from containment.query import metrics

BI = projects.ROOT / "bi"
BY_HAND = {"containment.ipynb"}
MADE = {"superset.zip", "power-bi/dictionary.xlsx"}  # beside the committed files
KNOWN = metrics.load()
KIT = kit.files()
SIGNAL = ("period_kind", "dimension", "rate_name", "rule_name")
# Counts that mean the same in every mart that has them.
ALIKE = ("closed_sessions", "open_sessions", "contained_sessions", "escalated_sessions", "contacts")
ASKED = [chart for chart in charts.CHARTS if chart.metrics]


@pytest.fixture(scope="module")
def published(sample: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """The sample's publication, open to read."""
    with duckdb.connect(str(sample / "published" / "containment.duckdb"), read_only=True) as opened:
        yield opened


def loaded(folder: str) -> dict[str, Any]:
    """The yaml files of a folder of the Superset kit, by name."""
    paths = [path for path in KIT if path.startswith(f"superset/{folder}/")]
    assert paths, folder
    return {Path(path).stem: yaml.safe_load(KIT[path]) for path in paths}


def rows(opened: duckdb.DuckDBPyConnection, query: str) -> list[tuple[Any, ...]]:
    """The rows of a query in an order that no query says."""
    return sorted(opened.execute(query).fetchall(), key=lambda row: [str(each) for each in row])


def same(found: Sequence[Sequence[Any]], expected: Sequence[Sequence[Any]]) -> bool:
    return len(found) == len(expected) and all(
        one == two if not isinstance(two, float) else one == pytest.approx(two, abs=1e-9)
        for left, right in zip(found, expected, strict=True)
        for one, two in zip(left, right, strict=True)
    )


# --- it is what the command writes ---------------------------------------------------------------


def test_what_is_committed_is_what_the_command_writes() -> None:
    found = {path.relative_to(BI).as_posix(): path for path in BI.rglob("*") if path.is_file()}
    committed = found.keys() - BY_HAND - MADE
    assert committed == KIT.keys(), "run scripts/bi-kit; delete what it no longer writes"
    for name in committed:
        assert found[name].read_text(encoding="utf-8") == KIT[name], f"{name}: run scripts/bi-kit"


def test_the_command_writes_the_kit_for_a_database_and_leaves_other_files(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    options = ["--database", "/srv/published/containment.duckdb", "--to", str(tmp_path)]
    for _ in range(2):  # the second time over the first
        said = CliRunner().invoke(bi_kit.command, options, catch_exceptions=False).output
        assert f"superset import-dashboards -p {tmp_path}/superset.zip" in said
        first = (tmp_path / "superset.zip").read_bytes()
    written = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.*")}
    assert written == {*KIT, *MADE, "mine.txt"}
    with zipfile.ZipFile(tmp_path / "superset.zip") as bundle:
        zipped = {name: bundle.read(name).decode() for name in bundle.namelist()}
    kit.write(tmp_path, kit.files("/srv/published/containment.duckdb"))
    assert (tmp_path / "superset.zip").read_bytes() == first
    paths = [path.removeprefix("superset/") for path in KIT if path.startswith("superset/")]
    assert zipped.keys() == {f"containment/{path}" for path in paths}
    database = yaml.safe_load(zipped["containment/databases/containment.yaml"])
    assert database["sqlalchemy_uri"] == "duckdb:////srv/published/containment.duckdb"
    assert database["extra"]["engine_params"]["connect_args"]["read_only"] is True


@pytest.mark.parametrize("path", ["published/containment.duckdb", "/a?b.duckdb", "/a\nb.duckdb"])
def test_a_path_that_no_address_can_hold_is_refused(path: str, tmp_path: Path) -> None:
    done = CliRunner().invoke(bi_kit.command, ["--database", path, "--to", str(tmp_path)])
    assert isinstance(done.exception, Stop)
    assert "not an absolute path" in str(done.exception)
    assert not any(tmp_path.iterdir())


def test_a_folder_that_cannot_be_written_is_named_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Stop, match="file: cannot be written"):
        kit.write(tmp_path / "file", KIT)


# --- Superset ------------------------------------------------------------------------------------


def test_superset_has_every_metric_described_and_divides_only_sums() -> None:
    found = [each for dataset in loaded("datasets").values() for each in dataset["metrics"]]
    assert {each["metric_name"] for each in found} == KNOWN.keys()
    assert len(found) == len(KNOWN)
    for each in found:
        assert each["description"] and each["verbose_name"], each["metric_name"]
        assert "avg(" not in each["expression"].lower()
        if KNOWN[each["metric_name"]].kind != "simple":
            assert each["expression"].count("sum(") >= 2, each["metric_name"]


def test_the_datasets_hold_no_column_that_could_be_averaged_by_accident(
    published: duckdb.DuckDBPyConnection,
) -> None:
    for name, dataset in loaded("datasets").items():
        columns = {each["column_name"]: each for each in dataset["columns"]}
        made = published.execute(f"describe {dataset['sql']}").fetchall()
        assert [row[0] for row in made] == list(columns)
        assert not [each for each in columns if re.search("rate|share|_low|_high|median", each)]
        for column, kind, *_ in made:
            assert columns[column]["type"] == kind, (name, column)
            if kind in ("BIGINT", "DOUBLE") and name != "warnings":
                assert columns[column]["groupby"] is False


@pytest.mark.parametrize("by", ["", "source", "day"])
def test_every_metric_of_superset_is_that_of_the_command(
    published: duckdb.DuckDBPyConnection, by: str
) -> None:
    for name, dataset in loaded("datasets").items():
        written = {each["metric_name"]: each["expression"] for each in dataset["metrics"]}
        if not written:
            continue
        time = dataset["main_dttm_col"]
        group = {"": [], "source": ["source"], "day": [time]}[by]
        values = ", ".join([*group, *written.values()])
        grouped = f"select {values} from ({dataset['sql']}) group by all"
        expected = rows(published, metrics.sql(KNOWN, list(written), [by] if by else []))
        assert len(expected) >= (2 if by == "day" else 1)
        assert same(rows(published, grouped), expected), name


@pytest.mark.parametrize("chart", ASKED, ids=lambda chart: chart.name)
def test_every_chart_of_superset_shows_the_numbers_of_the_command(
    published: duckdb.DuckDBPyConnection, chart: charts.Chart
) -> None:
    made = loaded("charts")[chart.name]
    dataset = next(
        each for each in loaded("datasets").values() if each["uuid"] == made["dataset_uuid"]
    )
    written = {each["metric_name"]: each["expression"] for each in dataset["metrics"]}
    (query,) = json.loads(made["query_context"])["queries"]
    assert query["metrics"] == list(chart.metrics)
    columns = [
        each
        if isinstance(each, str)
        else {"P1W": f"date_trunc('week', {each['sqlExpression']})::date"}[each["timeGrain"]]
        for each in query["columns"]
    ]
    kept = [f"{each['col']} = '{each['val']}'" for each in query["filters"] if each["op"] == "=="]
    values = ", ".join([*columns, *(written[name] for name in query["metrics"])])
    where = " and ".join(["true", *kept])
    found = rows(published, f"select {values} from ({dataset['sql']}) where {where} group by all")
    by = ["week"] if chart.is_in_time else list(chart.by)
    only = " and ".join(f"{name} = '{value}'" for name, value in chart.only.items()) or None
    expected = rows(published, metrics.sql(KNOWN, chart.metrics, by, only))
    assert expected
    assert same(found, expected)


def test_the_dashboard_has_its_twelve_charts_and_each_filter_where_there_is_its_column() -> None:
    (dashboard,) = loaded("dashboards").values()
    placed = {
        each["meta"]["uuid"]: each["meta"]["chartId"]
        for each in dashboard["position"].values()
        if isinstance(each, dict) and each["type"] == "CHART"
    }
    made, datasets = loaded("charts"), loaded("datasets")
    assert placed.keys() == {each["uuid"] for each in made.values()}
    assert len(placed) == 12
    by_id = {each["uuid"]: each for each in datasets.values()}
    for native in dashboard["metadata"]["native_filter_configuration"]:
        name = native["id"].removeprefix("NATIVE_FILTER-")
        for chart in made.values():
            dataset = by_id[chart["dataset_uuid"]]
            columns = {each["column_name"] for each in dataset["columns"]}
            has = dataset["main_dttm_col"] is not None if name == "days" else name in columns
            # The first bot of a segment is not that of a session.
            has &= (name, dataset["table_name"]) != ("bot_id", "segments")
            assert (placed[chart["uuid"]] not in native["scope"]["excluded"]) == has, name


def test_attributes_are_dimensions() -> None:
    made = kit.files(attributes=["language"])
    dataset = yaml.safe_load(made["superset/datasets/containment/sessions.yaml"])
    assert "language" in {each["column_name"] for each in dataset["columns"]}
    assert dataset["sql"].endswith("from marts.sessions_wide")
    assert "coalesce(language, 'none') as language" in dataset["sql"]
    # The same dataset, so that a later import finds it.
    assert dataset["uuid"] == loaded("datasets")["sessions"]["uuid"]


# --- Metabase ------------------------------------------------------------------------------------


@pytest.mark.parametrize("chart", charts.CHARTS, ids=lambda chart: chart.name)
def test_every_question_of_metabase_runs_with_and_without_its_filters(
    published: duckdb.DuckDBPyConnection, chart: charts.Chart
) -> None:
    question = KIT[f"metabase/{chart.name}.sql"]
    assert question.startswith(f"-- {chart.title}\n-- {chart.says}\n-- Chart: ")
    unfiltered = re.sub(r"\[\[.*?\]\]", "", question)
    found = published.execute(unfiltered).fetchall()
    if not chart.metrics:
        return
    by = ["week"] if chart.is_in_time else list(chart.by)
    only = " and ".join(f"{name} = '{value}'" for name, value in chart.only.items()) or None
    assert same(found, published.execute(metrics.sql(KNOWN, chart.metrics, by, only)).fetchall())
    days = "select min(started_date), max(started_date) from marts.sessions"
    ((first, last),) = published.execute(days).fetchall()
    middle = first + (last - first) / 2
    values = {"from_day": str(middle), "to_day": str(last), "source": "sample", "channel": "chat"}
    variables = re.findall(r"{{(\w+)}}", question)
    has_channel = "channel" in KNOWN[chart.metrics[0]].model.dimensions
    assert set(variables) == {"from_day", "to_day", "source", *(["channel"] * has_channel)}
    filtered = re.sub(r"{{(\w+)}}", lambda each: f"'{values[each[1]]}'", question)
    filtered = filtered.replace("[[", "").replace("]]", "")
    where = f"day between '{middle}' and '{last}' and source = 'sample'"
    where += " and channel = 'chat'" if has_channel else ""
    where += f" and {only}" if only else ""
    expected = published.execute(metrics.sql(KNOWN, chart.metrics, by, where)).fetchall()
    assert same(published.execute(filtered).fetchall(), expected)
    assert not same(found, expected)


# --- Power BI and Excel --------------------------------------------------------------------------


def as_sql(dax: str, measures: Mapping[str, str]) -> str:
    """A measure of the few forms that the kit writes, as SQL over the marts."""
    table = r"'(\w+)'"
    text = re.sub(
        rf"CALCULATE\(COUNTROWS\({table}\), {table}\[(\w+)\] (.+?)\)$",
        lambda found: f"(select count(*) from marts.{found[1]} where {found[3]} {found[4]})",
        dax,
    )
    text = re.sub(
        rf"CALCULATE\(SUM\({table}\[(\w+)\]\), {table}\[(\w+)\] (.+?)\)$",
        lambda found: f"(select sum({found[2]}) from marts.{found[1]} where {found[4]} {found[5]})",
        text,
    )
    text = text.replace('"', "'").replace("{", "(").replace("}", ")")
    text = re.sub(rf"(SUM|MEDIAN)\({table}\[(\w+)\]\)", r"(select \1(\3) from marts.\2)", text)
    text = re.sub(r"^DIVIDE\((.+\]), (.+\])\)$", r"\1::double / nullif(\2, 0)", text)
    text = re.sub(r"^IF\((.+?), (.+)\)$", r"case when \1 then \2 end", text)
    text = text.replace("MAX(", "greatest(").replace("MIN(", "least(")
    return re.sub(r"\[([^\]]+)\]", lambda found: f"({as_sql(measures[found[1]], measures)})", text)


def test_every_measure_of_power_bi_gives_the_number_of_the_command(
    published: duckdb.DuckDBPyConnection,
) -> None:
    written = KIT["power-bi/measures.dax"]
    found = dict(re.findall(r"MEASURE '\w+'\[([^\]]+)\] = (.+)", written))
    labels = {metric.label: name for name, metric in KNOWN.items()}
    assert found.keys() == labels.keys()
    for label, dax in found.items():
        expected = published.execute(metrics.sql(KNOWN, [labels[label]])).fetchall()[0][0]
        value = published.execute(f"select {as_sql(dax, found)}").fetchall()[0][0]
        assert expected is not None, label
        assert value == pytest.approx(expected, abs=1e-9), label


def test_the_dictionary_has_every_column_that_is_published(
    published: duckdb.DuckDBPyConnection,
) -> None:
    said = list(csv.DictReader(io.StringIO(KIT["power-bi/dictionary.csv"])))
    columns = published.execute(
        "select table_name, column_name from duckdb_columns() "
        "where schema_name = 'marts' and table_name <> 'sessions_wide'"
    ).fetchall()
    assert {(each["mart"], each["column"]) for each in said} == set(columns)
    assert all(each["description"] and each["how_it_adds_up"] for each in said)


def test_what_the_dictionary_calls_a_sum_never_counts_a_session_twice(
    published: duckdb.DuckDBPyConnection,
) -> None:
    """The largest sum within what it says is the metric's total, or less if rows are left out."""
    checked = 0
    for mart in marts.load().values():
        for column in mart.columns:
            if "timeout_minutes" in mart.key:  # other timeouts, other sessions
                continue
            if not column.use.startswith(marts.SUM) or column.name not in ALIKE:
                continue
            within = column.use.removeprefix(marts.SUM).removeprefix(" within one ").split(" and ")
            groups = ", ".join(name for name in within if name) or "true"
            total = published.execute(metrics.sql(KNOWN, [column.name])).fetchall()[0][0]
            summed = f"select sum({column.name}) as summed from marts.{mart.name} group by {groups}"
            most = published.execute(f"select max(summed) from ({summed})").fetchall()[0][0]
            assert most is None or most <= total, (mart.name, column.name)
            checked += most == total
    assert checked > 20


@pytest.mark.parametrize(
    ("mart", "column", "use"),
    [
        ("containment_daily", "contained_sessions", "sum"),
        ("containment_daily", "containment_rate", marts.NEVER),
        ("containment_daily", "csat_score", marts.NEVER),
        ("containment_daily", "csat_score_sum", "sum"),
        ("containment_trend", "closed_sessions", "sum within one period_kind"),
        ("containment_trend", "previous_closed_sessions", marts.NEVER),
        ("containment_by_dimension", "closed_sessions", "sum within one period_kind and dimension"),
        ("sessions", "session_id", marts.KEY),
        ("sessions", "csat_score", marts.OF_ROWS),
        ("sessions", "handoff_wait_seconds", marts.OF_ROWS),
        ("sessions", "session_number", marts.DIMENSION),
        ("sessions", "started_at", marts.TIME),
        ("bot_releases_compared", "median_handoff_wait_seconds", marts.NEVER),
        ("value", "contact_cost", marts.NEVER),
        ("value", "net_value", "sum within one currency"),
        ("value", "cumulative_net_value", marts.NEVER),
        ("claims_audited", "amount", "sum within one currency"),
        ("topics", "impact", marts.NEVER),
        ("data_quality", "limit", marts.NEVER),
        ("signals", "base_sessions", marts.NEVER),
        ("signals", "counted", f"sum within one {' and '.join(SIGNAL)}"),
    ],
)
def test_how_a_column_adds_up(mart: str, column: str, use: str) -> None:
    (found,) = (each for each in marts.load()[mart].columns if each.name == column)
    assert found.use == use


def test_the_relationships_hold(published: duckdb.DuckDBPyConnection) -> None:
    said = list(csv.DictReader(io.StringIO(KIT["power-bi/relationships.csv"])))
    assert len(said) > 10
    for each in said:
        there = f"select {each['to_column']} from marts.{each['to_mart']}"
        counted = f"select count(*) - count(distinct {each['to_column']}) from ({there})"
        assert published.execute(counted).fetchall() == [(0,)], each
        missing = f"{each['from_column']} is not null and {each['from_column']} not in ({there})"
        found = published.execute(f"from marts.{each['from_mart']} where {missing}").fetchall()
        # The calendar begins with the first session: what is no session may be older.
        assert not found or each["to_mart"] == "dates", each


# --- the notebook --------------------------------------------------------------------------------


def test_every_cell_of_the_notebook_answers(sample: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run as Python: the last expression of a cell is what Jupyter would show."""
    monkeypatch.setenv("CONTAINMENT_HOME", str(sample))
    book = json.loads((BI / "containment.ipynb").read_text(encoding="utf-8"))
    assert (book["nbformat"], len({cell["id"] for cell in book["cells"]})) == (
        4,
        len(book["cells"]),
    )
    cells = [cell for cell in book["cells"] if cell["cell_type"] == "code"]
    assert 5 <= len(cells) <= 8
    names: dict[str, Any] = {}
    answers = []
    for cell in cells:
        assert cell["outputs"] == [] and cell["execution_count"] is None
        *lines, last = ast.parse("".join(cell["source"])).body
        assert isinstance(last, ast.Expr)
        exec(compile(ast.Module(lines, []), "cell", "exec"), names)
        answers.append(eval(compile(ast.Expression(last.value), "cell", "eval"), names))
    for answer in answers:
        assert str(answer)
        assert answer.fetchall()
    names["publication"].close()


def test_the_intervals_of_the_notebook_are_ours(
    sample: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONTAINMENT_HOME", str(sample))
    book = json.loads((BI / "containment.ipynb").read_text(encoding="utf-8"))
    sources = ["".join(cell["source"]) for cell in book["cells"] if cell["cell_type"] == "code"]
    names: dict[str, Any] = {}
    for source in (sources[0], next(each for each in sources if "macro low_end" in each)):
        exec(source, names)
    question = (
        "select count(*) from containment_daily where closed_sessions > 0 and ("
        "abs(low_end(contained_sessions, closed_sessions) - containment_rate_low) > 1e-6 or "
        "abs(high_end(contained_sessions, closed_sessions) - containment_rate_high) > 1e-6)"
    )
    assert names["ask"](question).fetchall() == [(0,)]
    names["publication"].close()
