"""docs.html: what dbt's manifest says of the project, in one file that needs no server.

It takes dbt some seconds and depends on the project's code alone, so it is made when that has
changed, kept in the project's target/, and copied into each publication.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path

from containment.common import child
from containment.common.console import say, warn
from containment.common.errors import Stop, one_line, where_raised
from containment.common.places import PROJECT
from containment.publish import docs_page

FOLDERS = ("models", "macros", "seeds", "analyses", "tests")
SUFFIXES = (".sql", ".yml", ".md")
# The linter's target: in memory, and with the models of every source, not of the enabled ones.
TARGET = "lint"
PAGE = (Path(docs_page.__file__), docs_page.TEMPLATE)
CODE = """
import sys
from dbt.cli.main import dbtRunner
done = dbtRunner().invoke(["--quiet", "parse", *sys.argv[1:]])
if not done.success:
    sys.exit(str(done.exception or "dbt failed"))
"""
INSTEAD = (
    '<!doctype html><html lang="en"><meta charset="utf-8"><title>Documentation</title>'
    "<p>The documentation could not be made this time; the log of the run says why.</p></html>\n"
)


def write(file: Path, project: Path = PROJECT) -> None:
    """Write the project's documentation. If dbt cannot make it, the file and the log say so."""
    kept = project / "target" / f"docs-{code_hash(project)}.html"
    if kept.is_file():
        shutil.copyfile(kept, file)
        return
    try:
        _make(file, kept, project)
    except (OSError, Stop) as error:
        warn(f"docs: could not be made ({one_line(error)})")
        file.write_text(INSTEAD, encoding="utf-8")


def code_hash(project: Path) -> str:
    """Sixteen hex digits that change with the code, and with the version of dbt."""
    digest = hashlib.sha256(version("dbt-core").encode())
    for path in _code(project):
        digest.update(f"{path.relative_to(project)}\n".encode())
        digest.update(path.read_bytes())
    for path in (*PAGE, *_flow(project)):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _code(project: Path) -> Iterator[Path]:
    yield project / "dbt_project.yml"
    for folder in FOLDERS:
        for path in sorted((project / folder).rglob("*")):
            if path.suffix in SUFFIXES:
                yield path


def _make(file: Path, kept: Path, project: Path) -> None:
    """Let dbt write to `file` and keep a copy; Stop where dbt cannot."""
    say("docs: new, or the project has changed: dbt parse ...")
    # Beside the file: what a killed night leaves goes with its half publication.
    with tempfile.TemporaryDirectory(prefix=".docs-", dir=file.parent) as folder:
        command = [
            *child.command(CODE, "--target", TARGET),
            *("--project-dir", str(project), "--profiles-dir", str(project)),
            *("--target-path", folder, "--log-path", folder),
        ]
        done = subprocess.run(
            command,
            cwd=project,
            env={**os.environ, "DBT_SEND_ANONYMOUS_USAGE_STATS": "false"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
        if done.returncode:
            raise Stop(f"dbt parse ended with exit code {done.returncode}")
        made = Path(folder, "docs.html")
        made.write_text(_page(Path(folder, "manifest.json"), project), encoding="utf-8")
        # A copy to keep is a convenience: a project that may not be written makes it each night.
        with suppress(OSError):
            kept.parent.mkdir(exist_ok=True)
            for old in kept.parent.glob("docs-*.html"):
                old.unlink(missing_ok=True)
            new = kept.with_name(f".{kept.name}.{os.getpid()}")
            shutil.copyfile(made, new)
            new.replace(kept)
        shutil.copyfile(made, file)


def _flow(project: Path) -> list[Path]:
    """The picture of how data flow; a project without its docs has none."""
    return [path for path in [project / "docs" / "lineage.svg"] if path.is_file()]


def _page(manifest: Path, project: Path) -> str:
    """The page of a manifest; Stop where that is not as this project's dbt writes it."""
    try:
        described = json.loads(manifest.read_text(encoding="utf-8"))
        flow = "".join(path.read_text(encoding="utf-8") for path in _flow(project))
        return docs_page.render(described, flow)
    except OSError:
        raise
    except Exception as error:  # a page that cannot be made is no reason to publish nothing
        raise Stop(f"dbt's manifest is not as expected: {where_raised(error)}") from None
