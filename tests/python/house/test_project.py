"""The house in order: what is described exists, and data walks one way."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb
import projects
import pytest
import yaml

LAYERS = ("raw", "staging", "intermediate", "marts")
MAY_READ = {
    "staging": {"raw", "staging"},
    "intermediate": {"raw", "staging", "intermediate"},  # raw: the lookups
    "marts": {"intermediate", "marts"},
}


@pytest.fixture(scope="module")
def nodes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """The models, seeds and sources that dbt knows."""
    home = tmp_path_factory.mktemp("parsed")
    projects.dbt(projects.ROOT, home, "parse")
    manifest = json.loads((home / "target" / "manifest.json").read_text())
    found = {**manifest["nodes"], **manifest["sources"]}
    kinds = ("model", "seed", "source")
    return {name: node for name, node in found.items() if node["resource_type"] in kinds}


def models(nodes: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    return [node for node in nodes.values() if node["resource_type"] == "model"]


def test_the_schemas_are_named_exactly(nodes: dict[str, dict[str, Any]]) -> None:
    assert {node["schema"] for node in nodes.values()} == set(LAYERS)


def test_data_walks_one_way(nodes: dict[str, dict[str, Any]]) -> None:
    for model in models(nodes):
        for parent in model["depends_on"]["nodes"]:
            if nodes[parent].get("source_name") == "night":  # what earlier nights published
                continue
            assert nodes[parent]["schema"] in MAY_READ[model["schema"]], (model["name"], parent)


def test_only_what_lists_the_changes_reads_what_earlier_nights_left(
    nodes: dict[str, dict[str, Any]],
) -> None:
    readers = {
        model["name"]
        for model in models(nodes)
        for parent in model["depends_on"]["nodes"]
        if nodes[parent].get("source_name") == "earlier_nights"
    }
    assert readers == {
        "int_changed_conversations",
        "int_changed_customers",
        "int_customer_segments",
        "int_changed_customer_segments",
    }


def test_every_model_is_described_in_the_yml_of_its_name_or_of_its_source() -> None:
    for path in (projects.ROOT / "models").rglob("*.sql"):
        source = path.parent.name if path.parent.parent.name == "staging" else None
        yml = path.parent / f"_{source}__models.yml" if source else path.with_suffix(".yml")
        described = yaml.safe_load(yml.read_text(encoding="utf-8"))["models"]
        assert path.stem in [model["name"] for model in described], path


def test_unit_tests_lie_where_their_model_does() -> None:
    for path in (projects.ROOT / "tests" / "unit").rglob("*.yml"):
        tested = {test["model"] for test in yaml.safe_load(path.read_text())["unit_tests"]}
        folder = (
            projects.ROOT / "models" / path.relative_to(projects.ROOT / "tests" / "unit")
        ).parent
        assert tested == {path.stem}
        assert (folder / f"{path.stem}.sql").exists(), path


def test_every_model_says_what_one_row_is(nodes: dict[str, dict[str, Any]]) -> None:
    for model in models(nodes):
        assert model["description"].startswith("One row per "), model["name"]


def test_the_described_columns_are_the_columns(
    tmp_path: Path, nodes: dict[str, dict[str, Any]]
) -> None:
    scratch = tmp_path / "scratch.duckdb"
    kinds = ("--exclude-resource-type", "test", "unit_test")
    projects.dbt(projects.ROOT, tmp_path, "build", "--empty", *kinds, scratch=scratch)
    with duckdb.connect(str(tmp_path / "warehouse" / "containment.duckdb")) as connection:
        connection.execute(f"attach '{scratch}' as scratch (read_only)")
        for model in models(nodes):
            table = f"{model['database']}.{model['schema']}.{model['name']}"
            columns = [row[0] for row in connection.execute(f"describe {table}").fetchall()]
            assert set(model["columns"]) == set(columns), table
            for name, column in model["columns"].items():
                assert column["description"], f"{table}.{name}"


def test_descriptions_reach_the_published_database(sample: Path) -> None:
    database = sample / "published" / "containment.duckdb"
    silent = projects.rows(
        database,
        "select table_name, column_name from duckdb_columns() "
        "where schema_name = 'marts' and comment is null",
    )
    assert silent == []


def test_every_mart_enforces_its_contract(nodes: dict[str, dict[str, Any]]) -> None:
    for model in models(nodes):
        enforced = model["config"]["contract"]["enforced"]
        assert enforced == (model["schema"] == "marts"), model["name"]


def test_every_analysis_runs_on_the_sample(sample: Path, tmp_path: Path) -> None:
    database = sample / "warehouse" / "containment.duckdb"
    home = tmp_path / "home"
    (home / "warehouse").mkdir(parents=True)
    (home / "warehouse" / "containment.duckdb").write_bytes(database.read_bytes())
    projects.dbt(projects.ROOT, home, "compile", "--select", "path:analyses")
    compiled = home / "target" / "compiled" / "containment" / "analyses"
    analyses = {path.name for path in (projects.ROOT / "analyses").glob("*.sql")}
    assert {path.name for path in compiled.glob("*.sql")} == analyses
    for path in compiled.glob("*.sql"):
        assert projects.rows(home / "warehouse" / "containment.duckdb", path.read_text()), path
