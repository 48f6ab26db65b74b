"""docs.html: one file that says all, made when the code has changed, never a reason to fail."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import projects
import pytest

from containment.publish import docs, docs_page
from containment.query import described

MOST_BYTES = 3_000_000
# At the end of a copy of the page: what the browser made of it, as attributes of <html>.
PROBE = """
<script>
const shown = each => each.getClientRects().length > 0 && each.scrollWidth <= each.clientWidth + 1;
const rows = [...document.querySelectorAll("#marts ~ article[id^='model.'] tbody tr")];
const root = document.documentElement;
root.dataset.rows = rows.length;
root.dataset.hidden = rows.filter(row => ![...row.children].every(shown)).length;
root.dataset.wider = root.scrollWidth > window.innerWidth;
root.dataset.loaded = performance.getEntriesByType("resource").length;
</script>
"""


class Page(HTMLParser):
    """The ids of a page, what its links lead to, the names of its elements."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.links: set[str] = set()
        self.elements: set[str] = set()
        self.root: dict[str, str | None] = {}
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        named = dict(attributes)
        self.elements.add(tag)
        if tag == "html":
            self.root = named
        self.ids |= {named["id"] or ""} if "id" in named else set()
        self.links |= {named["href"] or ""} if "href" in named else set()


@pytest.fixture(scope="module")
def text(sample: Path) -> str:
    return (sample / "published" / "docs.html").read_text(encoding="utf-8")


def article(text: str, id_: str) -> str:
    """A model's part of the page, its markup taken out."""
    part = text.partition(f'<article id="{id_}">')[2].partition("</article>")[0]
    return " ".join(re.sub(r"<[^>]+>", " ", part).split())


def test_it_is_published_beside_the_data(sample: Path) -> None:
    assert os.readlink(sample / "published" / "docs.html") == "current/docs.html"
    text = (sample / "published" / "docs.html").read_text(encoding="utf-8")
    assert "model.containment.sessions" in text
    assert "metric.containment.containment_rate" in text
    assert "exposure.containment.report" in text
    # Of every raw system, whichever were on in that night.
    assert "model.containment.stg_files__messages" in text
    assert not re.search(r'<(script|link|img)[^>]+(src|href)="(https?:)?//', text)


def test_every_column_of_a_mart_has_its_type_and_its_whole_description(text: str) -> None:
    for name, mart in described.marts().items():
        if f'<article id="model.containment.{name}">' not in text:
            assert name == "sessions_wide"  # of installations with attributes alone
            continue
        for column, description in mart.columns.items():
            row = text.partition(f'<tr id="model.containment.{name}.{column}">')[2].partition(
                "</tr>"
            )[0]
            assert re.search(r'<td class="type">[a-z]+</td>', row), (name, column)
            cell = row.rpartition("<td>")[2]
            assert words(re.sub(r"<[^>]+>", "", cell)) == words(description), (name, column)


def words(text: str) -> list[str]:
    """The words of a text, without the signs that markup or escaping adds."""
    return re.findall(r"\w+", re.sub(r"&#?\w+;|[`*]", " ", text).replace("'", " "))


def test_lineage_is_links_that_lead_somewhere(text: str) -> None:
    page = Page(text)
    assert {link[1:] for link in page.links} <= page.ids
    assert all(link.startswith("#") for link in page.links)
    daily = text.partition('<article id="model.containment.containment_daily">')[2]
    lineage = daily.partition('<div class="lineage">')[2].partition("</div>")[0]
    before, _, after = lineage.partition("<strong>")
    assert "#model.containment.sessions" in before
    assert "#model.containment.demand" in after
    assert "raw tables:" in article(text, "model.containment.containment_daily")


def test_nothing_is_loaded_or_executed(text: str) -> None:
    assert not {"script", "link", "img", "iframe"} & Page(text).elements
    assert "url(" not in text and "@import" not in text
    assert "default-src 'none'" in text
    assert len(text.encode()) < MOST_BYTES


@pytest.mark.heavy
@pytest.mark.skipif(
    shutil.which("chromium") is None, reason="no chromium on this machine; .ci/run installs it"
)
@pytest.mark.parametrize("width", [1280, 500])
def test_a_browser_shows_every_column_of_the_marts(text: str, tmp_path: Path, width: int) -> None:
    file = tmp_path / "docs.html"
    probed = text.replace("default-src 'none'", "default-src 'unsafe-inline'")
    file.write_text(probed.replace("</html>", PROBE + "</html>"), encoding="utf-8")
    done = subprocess.run(
        [
            *("chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic"),
            *("--no-first-run", "--disable-background-networking", "--disable-component-update"),
            *("--disable-sync", "--enable-logging=stderr", "--hide-scrollbars", "--dump-dom"),
            *(f"--window-size={width},900", f"--user-data-dir={tmp_path / 'profile'}"),
            file.as_uri(),
        ],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert "CONSOLE" not in done.stderr, done.stderr
    found = Page(done.stdout).root
    columns = sum(
        len(mart.columns)
        for name, mart in described.marts().items()
        if f'<article id="model.containment.{name}">' in text
    )
    assert int(found["data-rows"] or 0) >= columns > 100
    judged = [found[f"data-{name}"] for name in ("hidden", "wider", "loaded")]
    assert judged == ["0", "false", "0"]


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("One `a_b` of\ntwo.", "<p>One <code>a_b</code> of two.</p>"),
        ("A **b** *c* <d>", "<p>A <strong>b</strong> <em>c</em> &lt;d&gt;</p>"),
        ("One.\n\nTwo.", "<p>One.</p>\n<p>Two.</p>"),
        ("- one\n  more\n- two", "<ul><li>one more</li><li>two</li></ul>"),
        ("1. **one**\n2. two", "<ul><li><strong>one</strong></li><li>two</li></ul>"),
        ("[rule 7](../RULES.md)", "<p>rule 7</p>"),
        ("", ""),
    ],
)
def test_a_description_becomes_paragraphs_and_lists(written: str, shown: str) -> None:
    assert docs_page.prose(written) == shown


def test_all_that_a_table_is_made_of_is_found_once() -> None:
    def table(name: str, layer: str, *made_of: docs_page.Table) -> docs_page.Table:
        return docs_page.Table(name, name, layer, "", [], "", list(made_of))

    raw = table("r", "raw tables")
    one, two = (table(name, "staging", raw) for name in ("one", "two"))
    mart = table("m", "marts", one, two)
    origins: dict[str, Any] = {
        layer: [each.name for each in tables] for layer, tables in mart.origins.items()
    }
    assert origins == {"raw tables": ["r"], "staging": ["one", "two"]}


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


def test_a_manifest_of_another_kind_is_a_warning(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    writes = "import pathlib, sys; path = sys.argv[sys.argv.index('--target-path') + 1]"
    monkeypatch.setattr(
        docs, "CODE", f"{writes}; pathlib.Path(path, 'manifest.json').write_text('{{}}')"
    )
    docs.write(tmp_path / "docs.html", projects.copy_project(tmp_path / "project"))
    assert (tmp_path / "docs.html").read_text() == docs.INSTEAD
    said = capsys.readouterr().err
    assert "warning: docs: could not be made (dbt's manifest is not as expected: KeyError" in said
