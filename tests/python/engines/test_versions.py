"""The oldest versions that the project allows make the same numbers as the locked ones."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import projects
import pytest
import same_tables

pytestmark = pytest.mark.heavy

OLDEST = projects.ROOT / "tests" / "oldest.lock"
VERSIONS = (
    "import json; from importlib.metadata import version; "
    "print(json.dumps({name: version(name) for name in ('dbt-core', 'dbt-duckdb', 'duckdb')}))"
)


@pytest.fixture(scope="module")
def oldest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A venv with the oldest versions."""
    venv = tmp_path_factory.mktemp("oldest") / "venv"
    python = venv / "bin" / "python"
    pip = [str(python), "-m", "pip", "--quiet", "--disable-pip-version-check", "--no-input"]
    install = ["install", "--no-deps", "--require-hashes", "-r", str(OLDEST)]
    for command in ([sys.executable, "-m", "venv", str(venv)], [*pip, *install]):
        done = subprocess.run(command, text=True, capture_output=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
    return venv


def test_a_night_on_the_oldest_versions_publishes_the_same_marts(
    oldest: Path, sample: Path, tmp_path: Path
) -> None:
    versions = [
        json.loads(subprocess.check_output([str(venv / "bin" / "python"), "-c", VERSIONS]))
        for venv in (oldest, Path(sys.prefix))
    ]
    old, new = versions
    assert [old["dbt-core"][:4], old["duckdb"][:4]] == ["1.11", "1.5."], old
    assert all(old[name] != new[name] for name in old), versions
    published = Path("published", "containment.duckdb")
    # The clock tells which rows are from the future; both nights have the same.
    [settings] = projects.rows(sample / published, "select not_after from marts.settings")
    same_clock = f"{{not_after: {settings['not_after']}}}"
    night = projects.nightly(tmp_path, "--vars", same_clock, venv=oldest)
    assert night.returncode == 0, night.stdout + night.stderr
    same_tables.assert_same(sample / published, tmp_path / published)
