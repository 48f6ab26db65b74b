"""The release is one: its version, its licence, its decisions and the tools that it names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import projects
import yaml

CHANGES = ("Added", "Changed", "Deprecated", "Removed", "Fixed", "Security")  # Keep a Changelog
CITED = re.compile(r'DECISIONS: "([^"]+)"')


def text(name: str) -> str:
    return (projects.ROOT / name).read_text(encoding="utf-8")


def releases() -> list[tuple[str, str]]:
    """(version, date) of each heading of the changelog but Unreleased, newest first."""
    return re.findall(r"(?m)^## \[(\d+\.\d+\.\d+)\] - (\S+)$", text("CHANGELOG.md"))


def test_the_version_is_the_same_everywhere() -> None:
    [python] = re.findall(r'(?m)^version = "(.+)"$', text("pyproject.toml"))
    newest, _ = releases()[0]
    assert yaml.safe_load(text("dbt_project.yml"))["version"] == python == newest


def test_the_changelog_keeps_its_form() -> None:
    headings = re.findall(r"(?m)^## (.+)$", text("CHANGELOG.md"))
    assert headings[0] == "[Unreleased]"
    assert len(headings) == len(releases()) + 1
    assert set(re.findall(r"(?m)^### (.+)$", text("CHANGELOG.md"))) <= set(CHANGES)
    versions = [tuple(map(int, version.split("."))) for version, _ in releases()]
    days = [date.fromisoformat(day) for _, day in releases()]
    assert versions == sorted(set(versions), reverse=True)
    assert days == sorted(days, reverse=True)


def test_the_licence_is_the_one_that_is_declared() -> None:
    [declared] = re.findall(r'(?m)^license = "(.+)"$', text("pyproject.toml"))
    first, second, *_ = text("LICENSE").split("\n")
    assert (declared, first.strip()) == ("Apache-2.0", "Apache License")
    assert second.strip().startswith("Version 2.0")


def test_each_decision_is_in_the_index_and_says_what_was_rejected() -> None:
    head, *entries = text("DECISIONS.md").split("\n### ")
    titles = [entry.partition("\n")[0] for entry in entries]
    assert len(set(titles)) == len(titles)
    index = " ".join(head.split("## Index")[1].split())
    for entry, title in zip(entries, titles, strict=True):
        assert title in index, title
        assert "*Rejected alternative:*" in " ".join(entry.split()), title


def test_each_decision_that_is_cited_exists() -> None:
    titles = re.findall(r"(?m)^### (.+)$", text("DECISIONS.md"))
    cited = dict(citations())
    assert cited
    assert {title: where for title, where in cited.items() if title not in titles} == {}


def citations() -> Iterator[tuple[str, Path]]:
    """(title, file) of each decision that a file cites by its title."""
    for place in ("*.md", "docs/*.md", "models/**/*", "macros/**/*", "scripts/**/*", "tests/**/*"):
        for path in projects.ROOT.glob(place):
            if path.suffix in (".md", ".sql", ".yml", ".py") and path != Path(__file__):
                for title in CITED.findall(path.read_text(encoding="utf-8")):
                    yield title, path


def test_hooks_run_only_tools_that_are_locked() -> None:
    [repo] = yaml.safe_load(text(".pre-commit-config.yaml"))["repos"]
    locked = re.findall(r"(?m)^([\w-]+)==", text("requirements.lock"))
    for hook in repo["hooks"]:
        tool = hook["entry"].split()[0]
        assert tool.startswith(".venv/bin/"), hook
        assert tool.removeprefix(".venv/bin/") in locked, hook
