"""docs.html: one file, made when the code has changed, and never a reason to fail."""

from __future__ import annotations

import os
import re
from pathlib import Path

import projects
import pytest

from containment.publish import docs


def test_it_is_published_beside_the_data(sample: Path) -> None:
    assert os.readlink(sample / "published" / "docs.html") == "current/docs.html"
    text = (sample / "published" / "docs.html").read_text(encoding="utf-8")
    assert "model.containment.sessions" in text
    assert "metric.containment.containment_rate" in text
    assert "exposure.containment.report" in text
    # Of every raw system, whichever were on in that night.
    assert "model.containment.stg_files__messages" in text
    assert not re.search(r'<(script|link|img)[^>]+(src|href)="(https?:)?//', text)


def test_the_code_decides_whether_it_is_made_anew(tmp_path: Path) -> None:
    project = projects.copy_project(tmp_path / "project")
    before = docs.code_hash(project)
    (project / "target").mkdir()
    (project / "target" / f"docs-{before}.html").write_text("kept")
    (project / "seeds" / "channel_policies.csv").write_text("channel,timeout_minutes\n*,1\n")
    docs.write(tmp_path / "docs.html", project)
    assert (tmp_path / "docs.html").read_text() == "kept"
    (project / "models" / "overview.md").write_text("{% docs __overview__ %}New{% enddocs %}")
    assert docs.code_hash(project) != before


def test_what_dbt_cannot_make_is_a_warning(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    project = projects.copy_project(tmp_path / "project")
    (project / "dbt_project.yml").write_text("name: [")
    docs.write(tmp_path / "docs.html", project)
    assert (tmp_path / "docs.html").read_text() == docs.INSTEAD
    assert "warning: docs: could not be made (" in capsys.readouterr().err
