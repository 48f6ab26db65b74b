"""Ratings and claims are optional, and move nothing but what is said of them."""

from __future__ import annotations

from pathlib import Path

import duckdb
import projects
import pytest
import yaml

OF_RATINGS = ("rated_", "csat_score", "contained_csat", "escalated_csat", "response_rate")
OPTIONAL = ("ratings", "claims")
CUT = ("sessions", "segments", "messages", "conversations", "containment_daily", "dates")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return projects.copy_project(tmp_path / "project")


def test_without_optional_tables_every_other_number_is_the_same(
    project: Path, tmp_path: Path, sample: Path
) -> None:
    for table in OPTIONAL:
        for path in project.rglob(f"*sample*{table}.*"):
            path.unlink()
    described = project / "models" / "staging" / "sample" / "_sample__models.yml"
    models = yaml.safe_load(described.read_text(encoding="utf-8"))["models"]
    names = [f"stg_sample__{table}" for table in OPTIONAL]
    rest = [model for model in models if model["name"] not in names]
    described.write_text(yaml.safe_dump({"version": 2, "models": rest}), encoding="utf-8")
    settings = project / "dbt_project.yml"
    settings.write_text(settings.read_text().replace("[sample, files", "[files"))
    projects.dbt(project, tmp_path, "build", "--exclude-resource-type", "unit_test", "test")
    with duckdb.connect(str(sample / "published" / "containment.duckdb"), read_only=True) as both:
        both.execute(f"attach '{tmp_path}/warehouse/containment.duckdb' as without (read_only)")
        for mart in CUT:
            columns = ", ".join(
                row[0]
                for row in both.execute(f"describe marts.{mart}").fetchall()
                if not row[0].startswith(OF_RATINGS)
            )
            rows = f"select {columns} from marts.{mart}"
            others = f"select {columns} from without.marts.{mart}"
            for one, other in ((rows, others), (others, rows)):
                assert both.execute(f"{one} except all {other}").fetchall() == [], mart
        count = "select count(csat_score) from {}marts.sessions"
        assert both.execute(count.format("")).fetchone() == (260,)
        assert both.execute(count.format("without.")).fetchone() == (0,)
        assert both.execute("select count(*) from without.marts.claims_audited").fetchone() == (0,)
        same = (
            "select (select as_of from marts.settings) = (select as_of from without.marts.settings)"
        )
        assert both.execute(same).fetchone() == (True,)
        tables = "select list_sort(list(table_name)) from {}marts.row_reconciliation"
        assert both.execute(tables.format("without.")).fetchone() == (
            ["conversations", "events", "messages"],
        )


def test_the_ratings_of_the_samples_worked_cases_are_of_these_sessions(sample: Path) -> None:
    found = projects.rows(
        sample / "published" / "containment.duckdb",
        "select rating_id, session_number, is_counted, segment_kind from marts.ratings "
        "left join marts.sessions using (session_id) "
        "where ratings.conversation_id similar to '(founding|case)-.*' order by rating_id",
    )
    assert [tuple(row.values()) for row in found] == [
        ("case-01-r01", None, False, None),
        ("case-01-r02", 1, True, "session"),
        ("case-02-r01", 1, True, "session"),
        ("case-02-r02", 2, True, "session"),
        ("case-03-r01", 1, False, "session"),
        ("case-03-r02", 1, False, "session"),
        ("case-03-r03", 1, True, "session"),
        ("case-09-r01", 1, True, "handoff"),
        ("case-10-r01", None, False, None),
        ("case-11-r01", None, True, "human"),
        ("founding-article-r01", 2, True, "session"),
        ("founding-article-r02", 3, True, "handoff"),
    ]


@pytest.mark.parametrize("table", OPTIONAL)
def test_a_source_whose_rows_would_be_left_out_stops_the_build(
    project: Path, tmp_path: Path, table: str
) -> None:
    with pytest.raises(AssertionError, match=f"sources_with_{table}: add sample"):
        none = {f"sources_with_{table}": []}
        projects.dbt(project, tmp_path, "compile", "--select", f"stg_{table}", **none)


def test_the_claims_of_the_samples_worked_cases_are_judged(sample: Path) -> None:
    found = projects.rows(
        sample / "published" / "containment.duckdb",
        "select claim_id, session_number, verdict, reason from marts.claims_audited as claims "
        "left join marts.sessions using (session_id) "
        "where claims.conversation_id similar to '(founding|case)-.*' order by claim_id",
    )
    assert [tuple(row.values()) for row in found] == [
        ("case-01-k01", None, "not provable", "before our data"),
        ("case-01-k02", 1, "agreed", "contained and durable"),
        ("case-01-k03", 1, "claimed twice", "session claimed before"),
        ("case-06-k01", 1, "no claim", "outcome is no success"),
        ("case-10-k01", None, "not ours", "no customer message"),
        ("case-11-k01", None, "not ours", "no bot"),
        ("founding-article-k01", 2, "not ours", "came back within 7 days"),
        ("founding-article-k02", 3, "not ours", "escalated"),
    ]
