"""On dbt 2 the project makes the same marts; what its engine cannot do yet, each with a small case.

A case that fails here is good news: the engine can do it now, so its line in docs/dbt2.md goes.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import projects
import pytest
import same_tables

pytestmark = pytest.mark.heavy

LOCK = projects.ROOT / "tests" / "dbt2.lock"
# dbt 2 shows no macro the text of another one, so it has another fingerprint of the code.
OF_THE_CODE = {"settings": "rules_version"}


@dataclass(frozen=True)
class Dbt2:
    """An installed dbt 2; `driver` is the folder of DuckDB's library, which it would download."""

    program: Path
    driver: Path

    def run(self, project: Path, *arguments: str, **dbt_vars: Any) -> tuple[int, str]:
        """Run a command in a project with its own profiles.yml; give the exit code and output."""
        done = subprocess.run(
            [
                *(str(self.program), *arguments, "--profiles-dir", str(project)),
                *(["--vars", json.dumps(dbt_vars)] if dbt_vars else []),
            ],
            cwd=project,
            env={
                **os.environ,
                "DO_NOT_TRACK": "1",
                "LD_LIBRARY_PATH": str(self.driver),
                # The library is the one of DuckDB's Python package.
                "LD_PRELOAD": str(
                    Path(sysconfig.get_config_var("LIBDIR"), sysconfig.get_config_var("LDLIBRARY"))
                ),
            },
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
        return done.returncode, done.stdout


@pytest.fixture(scope="module")
def dbt2(tmp_path_factory: pytest.TempPathFactory) -> Dbt2:
    """A venv with dbt 2 and the library of DuckDB."""
    folder = tmp_path_factory.mktemp("dbt2")
    python = folder / "venv" / "bin" / "python"
    pip = [str(python), "-m", "pip", "--quiet", "--disable-pip-version-check", "--no-input"]
    install = ["install", "--no-deps", "--require-hashes", "-r", str(LOCK)]
    for command in ([sys.executable, "-m", "venv", str(folder / "venv")], [*pip, *install]):
        done = subprocess.run(command, text=True, capture_output=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
    [library] = (folder / "venv").glob("lib/python3*/site-packages/_duckdb.*.so")
    (folder / "driver").mkdir()
    (folder / "driver" / "libduckdb.so").symlink_to(library)
    return Dbt2(python.with_name("dbt"), folder / "driver")


def write_project(folder: Path, files: Mapping[str, Any], **profile: Any) -> Path:
    """Write a small project: its files by path, and a profile on a DuckDB file beside them."""
    output = {"type": "duckdb", "path": str(folder / "warehouse.duckdb"), **profile}
    project = {
        "dbt_project.yml": {"name": "small", "version": "1.0.0", "profile": "small"},
        "profiles.yml": {"small": {"target": "it", "outputs": {"it": output}}},
        "models/one.sql": "select 1 as a",
        **files,
    }
    for name, content in project.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        text = content if isinstance(content, str) else json.dumps(content)  # is YAML, too
        path.write_text(text, encoding="utf-8")
    return folder


def test_the_marts_are_those_of_dbt_1(dbt2: Dbt2, sample: Path, tmp_path: Path) -> None:
    project = projects.copy_project(tmp_path / "project")
    # No `scratch`: dbt 2 does not tell a macro what is attached.
    output = {
        "type": "duckdb",
        "path": str(tmp_path / "containment.duckdb"),
        "threads": 2,
        "settings": {"TimeZone": "UTC"},
    }
    profile = {"containment": {"target": "duckdb", "outputs": {"duckdb": output}}}
    (project / "profiles.yml").write_text(json.dumps(profile), encoding="utf-8")
    published = sample / "published" / "containment.duckdb"
    [settings] = projects.rows(published, "select not_after::varchar as clock from marts.settings")
    for _ in range(2):  # the second build cuts nothing
        code, said = dbt2.run(
            project,
            *("build", "--exclude-resource-type", "unit_test"),
            not_after=settings["clock"],
            attributes=["language", "variant"],  # those of the sample
        )
        assert code == 0, said[-6000:]
    wanted, found = tmp_path / "wanted.duckdb", tmp_path / "found.duckdb"
    ours = tmp_path / "ours.duckdb"
    ours.write_bytes(published.read_bytes())
    same_tables.copy_marts(ours, wanted, left_out=OF_THE_CODE)
    same_tables.copy_marts(tmp_path / "containment.duckdb", found, left_out=OF_THE_CODE)
    assert len(same_tables.compared(wanted)) > 20
    same_tables.assert_same(wanted, found)
    with duckdb.connect(str(tmp_path / "containment.duckdb"), read_only=True) as connection:
        changed = "select count(*) from intermediate.int_changed_conversations"
        assert connection.execute(changed).fetchall() == [(0,)]
        schemas = connection.execute("select schema_name from duckdb_schemas()").fetchall()
    assert ("scratch",) not in schemas


def test_a_sound_small_project_is_built(dbt2: Dbt2, tmp_path: Path) -> None:
    code, said = dbt2.run(write_project(tmp_path, {}), "build")
    assert code == 0, said


def test_a_path_to_attach_is_not_rendered(dbt2: Dbt2, tmp_path: Path) -> None:
    attach = [{"path": "{{ env_var('NOWHERE', ':memory:') }}", "alias": "scratch"}]
    code, said = dbt2.run(write_project(tmp_path, {}, attach=attach), "parse")
    assert code != 0 and "attach[0].path" in said, said


def test_a_macro_is_not_told_what_is_attached(dbt2: Dbt2, tmp_path: Path) -> None:
    attach = [{"path": ":memory:", "alias": "scratch"}]
    model = "select '{{ target.attach | default('nothing', true) }}' as attached"
    project = write_project(tmp_path, {"models/one.sql": model}, attach=attach)
    code, said = dbt2.run(project, "build")
    assert code == 0, said
    found = projects.rows(project / "warehouse.duckdb", "from one")
    assert found == [{"attached": "nothing"}]


def test_a_macro_cannot_read_the_others(dbt2: Dbt2, tmp_path: Path) -> None:
    model = "select {{ context['small'].items() | list | length }} as macros"
    macro = "{% macro nothing() %} {% endmacro %}"
    project = write_project(tmp_path, {"models/one.sql": model, "macros/one.sql": macro})
    code, said = dbt2.run(project, "build")
    assert code != 0 and "'small.items'" in said, said


def test_a_unit_test_with_one_var_has_no_other(dbt2: Dbt2, tmp_path: Path) -> None:
    project = {
        "name": "small",
        "version": "1.0.0",
        "profile": "small",
        "vars": {"one": 1, "other": 2},
    }
    unit_test = {
        "name": "it_is_so",
        "model": "one",
        "given": [],
        "overrides": {"vars": {"one": 3}},
        "expect": {"rows": [{"a": 3, "b": 2}]},
    }
    files = {
        "dbt_project.yml": project,
        "models/one.sql": "select {{ var('one') }} as a, {{ var('other') }} as b",
        "models/one.yml": {"version": 2, "unit_tests": [unit_test]},
    }
    code, said = dbt2.run(write_project(tmp_path, files), "build")
    assert code != 0 and "Required var 'other' not found" in said, said


def test_a_unit_test_of_a_model_with_an_enum_ends_the_engine(dbt2: Dbt2, tmp_path: Path) -> None:
    unit_test = {
        "name": "it_is_so",
        "model": "one",
        "given": [],
        "expect": {"rows": [{"a": "x"}]},
    }
    files = {
        "models/one.sql": "select cast('x' as enum('x', 'y')) as a",
        "models/one.yml": {"version": 2, "unit_tests": [unit_test]},
    }
    code, said = dbt2.run(write_project(tmp_path, files), "build")
    assert code != 0 and "Dictionary(UInt8, Utf8) is not supported" in said, said


def test_seeds_of_a_package_are_not_found(dbt2: Dbt2, tmp_path: Path) -> None:
    package = {"dbt_project.yml": {"name": "lookups", "version": "1.0.0", "profile": "small"}}
    other = {"models/one.sql": "{{ config(alias='other') }} select 1 as a"}
    write_project(tmp_path / "package", {**package, **other, "seeds/looked_up.csv": "a\n1\n"})
    packages = {"packages": [{"local": str(tmp_path / "package")}]}
    project = write_project(tmp_path / "project", {"packages.yml": packages})
    code, said = dbt2.run(project, "deps")
    assert code == 0, said
    code, said = dbt2.run(project, "seed")
    assert code != 0 and "dbt_packages/lookups/dbt_packages/lookups/seeds" in said, said
