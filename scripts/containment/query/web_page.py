"""An answer as an .html file to send or to print: one table, nothing loaded, nothing executed."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import duckdb
import jinja2

from containment.common.errors import Stop, one_line
from containment.query import drawn, spreadsheet

SUFFIX = ".html"
MOST_ROWS = 10_000  # a browser takes seconds for more
TEMPLATE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Containment: an answer</title>
<style>
:root { color-scheme: light dark; }
body { font: 15px/1.45 system-ui, sans-serif; margin: 1.5rem; }
div { overflow-x: auto; }
table { border-collapse: collapse; width: max-content; }
td { max-width: 60ch; overflow-wrap: anywhere; }
th, td { padding: .3rem .7rem; text-align: left; vertical-align: top; border-bottom: 1px solid #8886; }
th { position: sticky; top: 0; background: Canvas; }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
pre { white-space: pre-wrap; }
@media print { th { position: static; } }
</style>
<main>
<h1>Containment: an answer</h1>
<p>{{ "{:,}".format(rows | length) }} {{ "row" if rows | length == 1 else "rows" }}; \
publication {{ publication }}.</p>
<div tabindex="0" role="region" aria-label="The answer">
<table>
<thead><tr>
{%- for each in columns %}<th scope="col"{% if each.is_number %} class="number"{% endif %}>\
{{ each.name }}</th>{% endfor -%}
</tr></thead>
<tbody>
{% for row in rows %}<tr>
{%- for cell in row %}<td{% if columns[loop.index0].is_number %} class="number"{% endif %}>\
{{ cell }}</td>{% endfor -%}
</tr>
{% endfor %}</tbody>
</table>
</div>
<details><summary>The question</summary><pre>{{ question }}</pre></details>
</main>
</html>
"""  # noqa: E501 (the style is more readable in one line)


def write(file: Path, answer: duckdb.DuckDBPyRelation, question: str, publication: str) -> int:
    """Write an answer to an .html file and return its rows; raise Stop where that cannot be.

    An existing file is replaced only when all is written.
    """
    target = spreadsheet.checked(file, SUFFIX, "a page")
    columns, is_more = drawn.columns(answer, MOST_ROWS)
    if is_more:
        raise Stop(f"{file}: more than {MOST_ROWS:,} rows; limit the question, or take --csv")
    rows = list(zip(*(each.cells for each in columns), strict=True))
    template = jinja2.Environment(autoescape=True).from_string(TEMPLATE)
    page = template.render(columns=columns, rows=rows, question=question, publication=publication)
    try:
        # Beside the target, so that the last step is a renaming.
        with tempfile.TemporaryDirectory(prefix=".containment-", dir=target.parent) as folder:
            unfinished = Path(folder, "answer")
            unfinished.write_text(page, encoding="utf-8")
            os.replace(unfinished, target)
    except OSError as error:
        raise Stop(
            f"{file}: cannot be written ({one_line(error)}); make it writable, or name another file"
        ) from None
    return len(rows)
