"""dbt's own words mean dbt's own things: models of each stock kind behave as in any project."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import duckdb
import projects
import pytest

INDEXED = "{{ config(materialized='table', indexes=[{'columns': ['a'], 'unique': true}]) }}"
HOOKS = "pre_hook='create or replace table before_it as select 1 as a', post_hook=after_it"
MODELS = {
    "indexed.sql": f"{INDEXED}\nselect 1 as a",
    "plain.sql": "{{ config(materialized='view') }}\nselect a from {{ ref('indexed') }}",
    "hooked.sql": "{% set after_it = 'insert into ' ~ this ~ ' select a + 1 from before_it' %}\n"
    f"{{{{ config(materialized='table', {HOOKS}) }}}}\nselect 1 as a",
    "added.sql": "{{ config(materialized='incremental', unique_key='a') }}\n"
    "select 1 as a{% if is_incremental() %} union all select max(a) + 1 from {{ this }}{% endif %}",
    # A frame is what a Python model gives; DuckDB's own relation needs no further package.
    "written.py": "def model(dbt, session):\n"
    "    dbt.ref('added')\n"
    "    return session.sql('select 7 as a')\n",
    # The contract's comments: dbt's own macro writes them.
    "described.sql": "{{ config(materialized='table') }}\nselect 1 as \"limit\", 2 as b",
}
YML = {
    "version": 2,
    "models": [
        {
            "name": "described",
            "description": "One row.",
            "config": {
                "contract": {"enforced": True},
                "persist_docs": {"relation": True, "columns": True},
            },
            "columns": [
                {"name": "b", "data_type": "int", "description": "two"},
                {"name": "limit", "data_type": "int", "quote": True, "description": "one"},
            ],
        }
    ],
}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project, with a model of each stock kind beside its own."""
    folder = projects.copy_project(tmp_path_factory.mktemp("words") / "project")
    models = folder / "models" / "of_somebody"
    models.mkdir()
    for name, code in MODELS.items():
        (models / name).write_text(code, encoding="utf-8")
    (models / "models.yml").write_text(json.dumps(YML), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def built_twice(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A warehouse in which two runs built them."""
    home = tmp_path_factory.mktemp("home")
    for _ in range(2):
        projects.dbt(project, home, "run", "--select", "path:models/of_somebody")
    return home / "warehouse" / "containment.duckdb"


def values(warehouse: Path, query: str) -> list[Any]:
    return [next(iter(row.values())) for row in projects.rows(warehouse, query)]


def test_the_words_are_those_of_dbt(project: Path) -> None:
    own = "\n".join(path.read_text() for path in (project / "macros").rglob("*.sql"))
    kinds = set(re.findall(r"{%-? materialization (\w+)", own))
    assert kinds == {"kept", "replaced_table", "replaced_view"}


def test_a_table_has_the_indexes_it_asks_for(built_twice: Path) -> None:
    found = values(built_twice, "select is_unique from duckdb_indexes() where table_name='indexed'")
    assert found == [True]


def test_a_view_is_a_view(built_twice: Path) -> None:
    assert values(built_twice, "select count(*) from duckdb_views() where view_name='plain'") == [1]


def test_hooks_run_before_and_after(built_twice: Path) -> None:
    assert values(built_twice, "select a from hooked order by a") == [1, 2]


def test_an_incremental_model_adds_to_what_is_there(built_twice: Path) -> None:
    assert values(built_twice, "select a from added order by a") == [1, 2]


def test_a_python_model_is_built(built_twice: Path) -> None:
    assert values(built_twice, "select a from written") == [7]


def test_a_contract_and_comments_are_kept(built_twice: Path) -> None:
    assert projects.rows(built_twice, "from described") == [{"b": 2, "limit": 1}]
    with duckdb.connect(str(built_twice), read_only=True) as connection:
        comments = connection.execute(
            "select column_name, comment from duckdb_columns() where table_name = 'described' "
            "order by all"
        ).fetchall()
    assert comments == [("b", "two"), ("limit", "one")]
