"""Small real landings of raw systems, read in place: the night runs, and no row is lost."""

from __future__ import annotations

from pathlib import Path

import projects
import pytest

DATA = projects.ROOT.parent / "shared" / "data"

pytestmark = pytest.mark.heavy


# (read, used, duplicates, rejected) of each table of the raw contract.
RECONCILED: dict[str, dict[str, tuple[int, int, int, int]]] = {
    "intercom": {
        "conversations": (2, 2, 0, 0),
        "messages": (3, 3, 0, 0),
        "events": (8, 8, 0, 0),
        "ratings": (0, 0, 0, 0),
        "claims": (0, 0, 0, 0),
    },
    # Most authors are not among the users of this excerpt, as if they were deleted: people of the
    # team; some changes are dated after their load.
    "zendesk": {
        "conversations": (10, 10, 0, 0),
        "messages": (29, 29, 0, 0),
        "events": (35, 25, 3, 7),
        "ratings": (0, 0, 0, 0),
    },
}


@pytest.mark.parametrize("source", RECONCILED)
def test_the_night_on_a_landing(source: str, tmp_path: Path) -> None:
    folder = DATA / f"landed_{source}"
    if not folder.is_dir():
        pytest.skip(f"the landing {folder.name} is not beside the project")
    # Excerpts: few messages are of a conversation whose row was taken, too.
    accepted = ("--accept", "messages_without_conversation")
    night = projects.nightly(tmp_path, "--source", source, "--raw-path", str(folder), *accepted)
    assert night.returncode == 0, night.stdout + night.stderr
    rows = projects.rows(
        tmp_path / "published" / "containment.duckdb", "select * from marts.row_reconciliation"
    )
    counts = ("rows_read", "rows_used", "rows_duplicate", "rows_rejected")
    found = {row["table_name"]: tuple(row[name] for name in counts) for row in rows}
    assert found == RECONCILED[source]
