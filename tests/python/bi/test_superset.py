"""The BI kit in a real Superset: it imports, and each chart shows the numbers of the marts.

Superset takes a minute to install and another to start. To run it again and again, name a venv of
tests/bi/superset.lock in SUPERSET_VENV. SUPERSET_PICTURES names a folder for the pictures.
"""

from __future__ import annotations

import html
import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import projects
import pytest
from click.testing import CliRunner

from containment.bi import charts
from containment.commands import bi_kit

HERE = projects.ROOT / "tests" / "bi"
STARTS = 120  # seconds at most until it answers
# The numbers of each chart, from the marts; a column that is not here is compared nowhere else.
WEEKS = """
    select period_start_date as started_date, {columns} from marts.containment_trend
    where period_kind = 'week' and closed_sessions + open_sessions > 0
"""
EXPECTED = {
    "containment": """
        select sum(contained_sessions) / sum(closed_sessions) as containment_rate
        from marts.containment_daily
    """,
    "coverage": """
        select sum(bot_involved_sessions) / sum(contacts) as coverage_rate from marts.demand
    """,
    "durable": """
        select sum(durable_7d_sessions) / sum(matured_7d_sessions) as durable_containment_rate_7d
        from marts.containment_daily
    """,
    "wait": """
        select median(handoff_wait_seconds) as median_handoff_wait_seconds from marts.sessions
    """,
    "containment_by_week": WEEKS.format(columns=", ".join(charts.INTERVAL)),
    "outcomes_by_week": WEEKS.format(
        columns="resolved_sessions, timed_out_sessions, escalated_sessions, open_sessions"
    ),
    "channels_and_bots": """
        select
            channel, bot_id, sum(closed_sessions) as closed_sessions,
            sum(contained_sessions) as contained_sessions,
            sum(contained_sessions) / sum(closed_sessions) as containment_rate,
            sum(durable_7d_sessions) / nullif(sum(matured_7d_sessions), 0)
                as durable_containment_rate_7d,
            sum(csat_score_sum) / nullif(sum(rated_sessions), 0) as csat_score
        from marts.containment_daily
        group by channel, bot_id
    """,
    "warnings": """
        select source, finding, row_count, base_count
        from marts.data_quality
        where is_exceeded and action = 'warn'
    """,
    "topics": """
        select topic, count(case when outcome = 'escalated' then 1 end) as escalated_sessions
        from marts.sessions
        group by topic
    """,
    "escalation_reasons": """
        select escalation_reason, count(*) as escalated_sessions
        from marts.escalations
        group by escalation_reason
    """,
    "demand_by_week": """
        select
            date_trunc('week', started_date)::date as started_date, sum(contacts) as contacts,
            sum(bot_involved_sessions) as bot_involved_contacts
        from marts.demand
        group by date_trunc('week', started_date)
    """,
    "claims": """
        select
            verdict, currency, count(case when verdict <> 'no claim' then 1 end) as claims,
            sum(case when verdict <> 'no claim' then amount end) as amount_claimed
        from marts.claims_audited
        group by verdict, currency
    """,
}
pytestmark = pytest.mark.long


class Refused(Exception):
    """What Superset says why it does not answer."""


@dataclass
class Superset:
    """A Superset that runs, and what it takes to ask it."""

    address: str
    password: str
    token: str = ""

    def ask(self, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """The answer of its API; body: what is posted."""
        request = urllib.request.Request(
            f"{self.address}{path}",
            data=None if body is None else json.dumps(body).encode(),
            headers={} if body is None else {"Content-Type": "application/json"},
        )
        if self.token:
            request.add_header("Authorization", f"Bearer {self.token}")
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            raise Refused(error.read().decode()) from None


@pytest.fixture(scope="module")
def venv(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A venv with Superset."""
    given = os.environ.get("SUPERSET_VENV")
    if given:
        yield Path(given)
        return
    folder = tmp_path_factory.mktemp("superset") / "venv"
    run(sys.executable, "-m", "venv", folder)
    pip = [folder / "bin" / "pip", "--disable-pip-version-check", "install", "--quiet"]
    run(*pip, "--no-deps", "--require-hashes", "-r", HERE / "superset.lock")
    yield folder
    shutil.rmtree(folder)  # most of a gigabyte


@pytest.fixture(scope="module")
def superset(
    venv: Path, sample: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Superset]:
    """Superset with the kit imported by the command that bi-kit prints."""
    home = tmp_path_factory.mktemp("home")
    password = secrets.token_urlsafe()
    environment = {
        "PATH": f"{venv / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "SUPERSET_HOME": str(home),
        "SUPERSET_SECRET_KEY": secrets.token_urlsafe(42),
        "SUPERSET_CONFIG_PATH": str(HERE / "superset_config.py"),
        "FLASK_APP": "superset",
    }
    program = venv / "bin" / "superset"
    person = (
        "--username",
        "admin",
        "--firstname",
        "A",
        "--lastname",
        "B",
        "--email",
        "a@b.example",
    )
    run(program, "db", "upgrade", **environment)
    run(program, "fab", "create-admin", *person, "--password", password, **environment)
    run(program, "init", **environment)
    database = sample / "published" / "containment.duckdb"
    options = ["--database", str(database), "--to", str(home / "kit")]
    said = CliRunner().invoke(bi_kit.command, options, catch_exceptions=False).output
    command = said.splitlines()[-1].removeprefix("next: superset ").split()
    for again in ("import-dashboards", "import-datasources"):  # as after an upgrade
        run(program, *command, **environment)
        run(program, again, *command[1:], **environment)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = (home / "log").open("w")
    server = subprocess.Popen(
        [program, "run", "--port", str(port), "--with-threads"],
        env=environment,
        stdout=log,
        stderr=subprocess.STDOUT,
    )
    try:
        running = Superset(f"http://127.0.0.1:{port}", password)
        wait_for(running, server, home / "log")
        login = {"username": "admin", "password": password, "provider": "db", "refresh": False}
        running.token = running.ask("/api/v1/security/login", login)["access_token"]
        yield running
    finally:
        server.terminate()
        server.wait()
        log.close()


def run(*command: str | Path, **environment: str) -> None:
    done = subprocess.run(
        [str(part) for part in command],
        env=environment or None,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]


def wait_for(running: Superset, server: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(STARTS * 2):
        assert server.poll() is None, log.read_text()[-3000:]
        try:
            urllib.request.urlopen(f"{running.address}/health", timeout=5).close()
            return
        except OSError:
            time.sleep(0.5)
    raise AssertionError(log.read_text()[-3000:])


@pytest.fixture(scope="module")
def ids(superset: Superset) -> dict[str, int]:
    """The number of each chart in Superset, by its title."""
    found = superset.ask("/api/v1/chart/?q=(page_size:100)")["result"]
    return {each["slice_name"]: each["id"] for each in found}


def test_it_has_the_twelve_charts_once(ids: dict[str, int], superset: Superset) -> None:
    assert ids.keys() == {chart.title for chart in charts.CHARTS}
    assert superset.ask("/api/v1/chart/?q=(page_size:100)")["count"] == len(charts.CHARTS) == 12
    (dashboard,) = superset.ask("/api/v1/dashboard/")["result"]
    placed = superset.ask(f"/api/v1/dashboard/{dashboard['id']}/charts")["result"]
    assert {each["slice_name"] for each in placed} == ids.keys()


@pytest.mark.parametrize("chart", charts.CHARTS, ids=lambda chart: chart.name)
def test_a_chart_shows_the_numbers_of_the_marts(
    superset: Superset, ids: dict[str, int], sample: Path, chart: charts.Chart
) -> None:
    database = sample / "published" / "containment.duckdb"
    expected = projects.rows(database, EXPECTED[chart.name])
    (answer,) = superset.ask(f"/api/v1/chart/{ids[chart.title]}/data/")["result"]
    assert answer["status"] == "success" and answer["error"] is None
    assert expected or chart.name == "warnings"
    assert same(answer["data"], expected), answer["data"]


def test_a_filter_keeps_the_rates_right(
    superset: Superset, ids: dict[str, int], sample: Path
) -> None:
    title = next(chart.title for chart in charts.CHARTS if chart.name == "containment")
    saved = superset.ask(f"/api/v1/chart/{ids[title]}")["result"]["query_context"]
    asked = json.loads(saved)
    asked["queries"][0]["filters"] += [{"col": "channel", "op": "IN", "val": ["chat", "email"]}]
    (answer,) = superset.ask("/api/v1/chart/data", asked)["result"]
    where = EXPECTED["containment"] + "where channel in ('chat', 'email')"
    expected = projects.rows(sample / "published" / "containment.duckdb", where)
    assert same(answer["data"], expected)
    assert not same(
        answer["data"],
        projects.rows(sample / "published" / "containment.duckdb", EXPECTED["containment"]),
    )


def test_every_column_and_metric_is_described(superset: Superset) -> None:
    found = superset.ask("/api/v1/dataset/?q=(page_size:100)")["result"]
    assert len(found) == 4
    for each in found:
        dataset = superset.ask(f"/api/v1/dataset/{each['id']}")["result"]
        assert dataset["description"]
        assert all(metric["description"] for metric in dataset["metrics"])
        if dataset["table_name"] != charts.WARNINGS:
            assert all(column["description"] for column in dataset["columns"])


def test_nothing_but_the_publication_can_be_read(superset: Superset, sample: Path) -> None:
    (database,) = superset.ask("/api/v1/database/")["result"]
    secret = sample / "secret.csv"
    secret.write_text("a\n1\n")
    asked = {"database_id": database["id"], "runAsync": False}
    counted = superset.ask("/api/v1/sqllab/execute/", {**asked, "sql": "from marts.bots"})
    assert counted["data"]
    for statement, why in (
        (f"select * from read_csv('{secret}')", "disabled by configuration"),
        ("drop table marts.sessions", "(?i)dml|read-only|not allow"),
    ):
        with pytest.raises(Refused, match=why):
            superset.ask("/api/v1/sqllab/execute/", {**asked, "sql": statement})


@pytest.mark.parametrize("channel", [None, "chat"])
def test_a_browser_shows_the_dashboard_and_its_filter(
    superset: Superset, sample: Path, tmp_path: Path, channel: str | None
) -> None:
    if not shutil.which("chromium"):
        pytest.skip("there is no chromium")
    picture = Path(os.environ.get("SUPERSET_PICTURES", tmp_path)) / f"{channel or 'all'}.png"
    page = looked_at(superset, tmp_path, picture, channel)
    assert picture.stat().st_size > 50_000
    assert [chart.title for chart in charts.CHARTS if chart.title not in page] == []
    where = f"where channel = '{channel}'" if channel else ""
    database = sample / "published" / "containment.duckdb"
    for name in ("containment", "coverage", "durable"):
        ((rate,),) = (row.values() for row in projects.rows(database, EXPECTED[name] + where))
        assert f">{rate:.1%}<" in page, name
    assert "Unexpected error" not in page


def looked_at(superset: Superset, folder: Path, picture: Path, channel: str | None) -> str:
    """Let a browser log in, take a picture of the dashboard and give its page."""
    target = "/superset/dashboard/containment/"
    if channel:
        filters = f"extraFormData:(filters:!((col:channel,op:IN,val:!({channel}))))"
        state = f"id:NATIVE_FILTER-channel,filterState:(value:!({channel})),ownState:()"
        target += f"?native_filters=(NATIVE_FILTER-channel:({filters},{state}))"
    login = folder / "login.html"
    login.write_text(
        f'<form method="post" action="{superset.address}/login/?next={quote(target)}">'
        '<input name="username" value="admin">'
        f'<input name="password" value="{superset.password}"></form>'
        "<script>document.forms[0].submit()</script>"
    )
    browser = ("chromium", "--headless=new", "--no-sandbox", "--disable-gpu")
    done = subprocess.run(
        [
            *(*browser, f"--user-data-dir={folder / 'browser'}", "--window-size=1500,2000"),
            *("--virtual-time-budget=60000", f"--screenshot={picture}", "--dump-dom"),
            login.as_uri(),
        ],
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    return html.unescape(done.stdout)


def same(found: list[dict[str, Any]], expected: list[dict[str, Any]]) -> bool:
    """Whether both have the same rows, in any order; found may have further columns."""
    columns = list(expected[0]) if expected else []
    left = sorted(([plain(row[name]) for name in columns] for row in found), key=str)
    right = sorted(([plain(row[name]) for name in columns] for row in expected), key=str)
    return len(left) == len(right) and all(
        one == two or (isinstance(one, float) and one == pytest.approx(two, abs=1e-9))
        for a, b in zip(left, right, strict=True)
        for one, two in zip(a, b, strict=True)
    )


def plain(value: Any) -> Any:
    """A value as JSON has it: a day in milliseconds since 1970, any number as a float."""
    if hasattr(value, "toordinal"):
        return float((value.toordinal() - 719163) * 86_400_000)
    return float(value) if isinstance(value, int) else value
