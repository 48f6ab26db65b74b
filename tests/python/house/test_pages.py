"""The pages that people read: links lead somewhere, and what there is is on them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest
import yaml
from projects import ROOT

LONGEST_README = 130  # lines
FENCE = re.compile(r"^ *```.*?^ *```$", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"`[^`\n]*`")
LINK = re.compile(r"\]\(([^)\s]+)\)")
MODEL = re.compile(r"`((?:int|stg)_[a-z_]+)`")
# Pages of the day that they were written: they may name what is no more.
HISTORIES = {"CHANGELOG.md", "DECISIONS.md", "docs/benchmarks.md"}


def pages() -> dict[str, str]:
    """Every page of markdown in the repository, by path."""
    paths = list(ROOT.glob("*.md"))
    for folder in ("docs", "models", "scripts", "seeds", "tests"):
        paths += (ROOT / folder).rglob("*.md")
    return {
        path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted(paths)
    }


def anchors(page: str) -> set[str]:
    """The anchors of a page's headings, as code hosts make them."""
    found: set[str] = set()
    for heading in re.findall(r"^#{1,6} +(.+?) *$", FENCE.sub("", page), re.MULTILINE):
        words = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).replace("`", "").lower()
        plain = slug = re.sub(r"[^\w\- ]", "", words).replace(" ", "-")
        count = 0
        while slug in found:
            count += 1
            slug = f"{plain}-{count}"
        found.add(slug)
    return found


def broken_links(by_path: Mapping[str, str], root: Path = ROOT) -> list[str]:
    """The links of pages to a file or an anchor that is not there."""
    broken = []
    for path, page in by_path.items():
        for link in LINK.findall(CODE.sub("", FENCE.sub("", page))):
            if re.match(r"[a-z]+:", link):
                continue
            name, _, anchor = link.partition("#")
            target = (root / path).parent / name
            text = page
            if name:
                is_page = target.suffix == ".md" and target.is_file()
                text = target.read_text(encoding="utf-8") if is_page else ""
            if not target.exists() or (anchor and anchor not in anchors(text)):
                broken.append(f"{path}: {link}")
    return broken


def unknown_models(by_path: Mapping[str, str], models: Iterable[str]) -> list[str]:
    """The models that a page names in code, and that are not there."""
    return [
        f"{path}: {name}"
        for path, page in by_path.items()
        if path not in HISTORIES
        for name in sorted(set(MODEL.findall(page)) - set(models))
    ]


def not_named(names: Iterable[str], page: str) -> list[str]:
    """Of names those that a page never has in code."""
    return [
        name for name in names if not re.search(rf"`[^`\n]*\b{re.escape(name)}\b[^`\n]*`", page)
    ]


def models() -> set[str]:
    return {path.stem for path in (ROOT / "models").rglob("*.sql")}


def marts() -> list[str]:
    return sorted(path.stem for path in (ROOT / "models" / "marts").glob("*.sql"))


def settings() -> list[str]:
    project = yaml.safe_load((ROOT / "dbt_project.yml").read_text(encoding="utf-8"))
    return list(project["vars"]["containment"])


def commands() -> list[str]:
    return sorted(path.name for path in (ROOT / "scripts").iterdir() if path.is_file())


def settings_table(page: str) -> list[str]:
    """The names in the first column of the table of settings."""
    table = page.partition("\n## Settings\n")[2].partition("\n## ")[0].partition("| environment")[0]
    return re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)


def test_every_link_leads_somewhere() -> None:
    assert broken_links(pages()) == []


def test_every_model_that_a_page_names_is_there() -> None:
    assert unknown_models(pages(), models()) == []


def test_readme_is_short_and_names_every_mart() -> None:
    readme = pages()["README.md"]
    assert len(readme.splitlines()) <= LONGEST_README
    assert not_named(marts(), readme.partition("\n## What comes out\n")[2]) == []


def test_every_setting_is_in_the_table_of_settings() -> None:
    assert sorted(settings_table(pages()["docs/operate.md"])) == sorted(settings())


def test_every_command_is_named_on_a_page() -> None:
    everything = "\n".join(pages().values())
    assert [name for name in commands() if f"scripts/{name}" not in everything] == []


@pytest.mark.parametrize(
    ("page", "broken"),
    [
        ("[a](RULES.md)", []),
        ("[a](RULES.md#4-segments) [b](docs/) [c](https://example.org/x)", []),
        ("[a](RULES.md#4-segment)", ["page.md: RULES.md#4-segment"]),
        ("[a](none.md)", ["page.md: none.md"]),
        ("![a](docs/none.svg)", ["page.md: docs/none.svg"]),
        ("## One, two\n[a](#one-two)", []),
        ("## One `two`\n## One `two`\n[a](#one-two-1) [b](#one-two-2)", ["page.md: #one-two-2"]),
        ("`[a](none.md)`\n```\n# A\n[a](none.md)\n```\n[b](#a)", ["page.md: #a"]),
    ],
)
def test_the_check_of_links_can_fail(page: str, broken: list[str]) -> None:
    assert broken_links({"page.md": page}) == broken


def test_the_checks_of_names_can_fail() -> None:
    page = "`int_timeline` and `int_none`, `marts.sessions`"
    assert unknown_models({"a.md": page, "CHANGELOG.md": page}, models()) == ["a.md: int_none"]
    assert not_named(["sessions", "session", "bots"], page) == ["session", "bots"]
    operate = pages()["docs/operate.md"]
    assert "as_of" in settings_table(operate)
    assert "as_of" not in settings_table(operate.replace("| `as_of` |", "| as_of |"))
