"""The few numbers at the end of a night, read from what was published."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime
from math import floor, sqrt
from pathlib import Path
from typing import Any

import duckdb

from containment.common import sql
from containment.common.errors import one_line
from containment.common.places import DATABASE
from containment.common.shown import shown

MOST_CHANNELS = 20  # that have a line of their own
NORMAL_95 = 1.959963984540054
# Contained, closed and open sessions. Not count_if: it is null where every value is.
COUNTS = (
    "count(*) filter (where is_contained), count(*) filter (where outcome <> 'open'), "
    "count(*) filter (where outcome = 'open')"
)
# Contacts, those with a bot message, excluded segments. Publications of any version have segments.
DEMAND = (
    "count(*) filter (where segment_kind = 'session' "
    "or segment_kind = 'human' and customer_message_count > 0), "
    "count(*) filter (where segment_kind = 'session' and is_bot_involved), "
    "count(*) filter (where segment_kind = 'excluded')"
)


def lines(published: Path) -> list[str]:
    """Take the published database file, give the lines to print."""
    try:
        with duckdb.connect(str(published), read_only=True) as connection:
            return [
                _headline(connection),
                *_by_channel(connection),
                "",
                *_reconciliation(connection),
            ]
    except duckdb.Error as error:
        return [f"no headline: {one_line(error)}"]


def percent(part: int, whole: int) -> str:
    """A share in percent, cut to one decimal (2 of 3 is 66.6): a rate is never overstated."""
    tenths = part * 1000 // whole
    return f"{tenths // 10}.{tenths % 10}"


def wilson(part: int, whole: int) -> tuple[str, str]:
    """The 95 % Wilson interval of a share in percent, both ends cut to one decimal."""
    # A hair is added before the cut, as 0.7 * 1000 falls just short of 700 in binary.
    low, high = (floor(end * 1000 + 1e-9) for end in _interval(part, whole))
    return f"{low / 10:.1f}", f"{high / 10:.1f}"


def summary(publication: Path) -> dict[str, Any]:
    """The as_of (UTC, text) and the headline of a publication, as one line; for a list of them."""
    try:
        with duckdb.connect(str(publication / DATABASE), read_only=True) as connection:
            (as_of,) = sql.one(connection, "select max(as_of) from marts.settings")
            return {
                "as_of": None if as_of is None else f"{as_of.isoformat()}Z",
                "headline": _headline(connection),
            }
    except duckdb.Error as error:
        return {"as_of": None, "headline": f"no headline: {one_line(error)}"}


def numbers(publication: Path | None, run_id: str) -> dict[str, Any] | None:
    """Return counts, rates from 0 to 1 and the change in points, for programs."""
    if publication is None:
        return None
    change = "select max(containment_rate_change) from marts.run_log where run_id = ?"
    try:
        with duckdb.connect(str(publication / DATABASE), read_only=True) as connection:
            contained, closed, still_open = sql.one(
                connection, f"select {COUNTS} from marts.sessions"
            )
            contacts, involved, _ = sql.one(connection, f"select {DEMAND} from marts.segments")
            (change_points,) = sql.one(connection, change, run_id)
    except duckdb.Error:
        return None
    low, high = _interval(contained, closed) if closed else (None, None)
    return {
        "contained_sessions": contained,
        "closed_sessions": closed,
        "open_sessions": still_open,
        "containment_rate": contained / closed if closed else None,
        "containment_rate_low": low,
        "containment_rate_high": high,
        "containment_rate_change": change_points,
        "contacts": contacts,
        "bot_involved_contacts": involved,
        "coverage_rate": involved / contacts if contacts else None,
    }


def table(header: Sequence[str], rows: Sequence[Sequence[object]], texts: int) -> Iterator[str]:
    """Rows in columns under a header; the first `texts` columns to the left, numbers right."""
    cells = [[str(cell) for cell in header]]
    cells += [[f"{cell:,}" if isinstance(cell, int) else str(cell) for cell in row] for row in rows]
    widths = [max(len(row[column]) for row in cells) for column in range(len(header))]
    for row in cells:
        padded = (
            cell.ljust(width) if column < texts else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        yield "  ".join(padded).rstrip()


def top(rows: Sequence[tuple[Any, ...]], most: int, what: str) -> Iterator[tuple[Any, ...]]:
    """Yield the first rows (value, counts), then one row of sums: 'others (980 channels)'."""
    # One alone is no shorter as `others`.
    own = rows if len(rows) <= most + 1 else rows[:most]
    for value, *counts in own:
        yield shown(value), *counts
    rest = rows[len(own) :]
    if rest:
        sums = (sum(counts) for counts in list(zip(*rest, strict=True))[1:])
        yield f"others ({len(rest):,} {what})", *sums


def _headline(connection: duckdb.DuckDBPyConnection) -> str:
    contained, closed, still_open = sql.one(connection, f"select {COUNTS} from marts.sessions")
    (as_of,) = sql.one(connection, "select max(as_of) from marts.settings")
    contacts, involved, excluded = sql.one(connection, f"select {DEMAND} from marts.segments")
    parts = [f"{still_open:,} open", f"as of {_moment(as_of)}"]
    if excluded:
        parts.insert(1, f"{excluded:,} excluded")
    if contacts:
        covered = f"{involved:,} of {contacts:,} contact{'' if contacts == 1 else 's'}"
        parts.insert(0, f"coverage {percent(involved, contacts)} % ({covered})")
    ending = "; ".join(parts)
    if not closed:
        return f"Containment: no closed session yet; {ending}"
    low, high = wilson(contained, closed)
    return (
        f"Containment {percent(contained, closed)} % "
        f"({contained:,} of {closed:,} closed session{'' if closed == 1 else 's'}; "
        f"95 % interval {low}–{high} %); {ending}"
    )


def _by_channel(connection: duckdb.DuckDBPyConnection) -> list[str]:
    rows = connection.execute(
        f"select channel, {COUNTS} from marts.sessions group by channel order by 3 desc, 1"
    ).fetchall()
    if not rows:
        return []
    listed = [
        (channel, f"{percent(contained, closed)} %" if closed else "-", contained, closed, is_open)
        for channel, contained, closed, is_open in top(rows, MOST_CHANNELS, "channels")
    ]
    return ["", *table(("channel", "rate", "contained", "closed", "open"), listed, texts=1)]


def _reconciliation(connection: duckdb.DuckDBPyConnection) -> list[str]:
    reasons: dict[tuple[str, str], list[str]] = defaultdict(list)
    for source, name, reason, rows in connection.execute(
        "select source, table_name, reason, count(*) from marts.rejected_rows "
        "group by all order by count(*) desc, reason"
    ).fetchall():
        reasons[source, name].append(f"{reason} {rows:,}")
    rows = connection.execute(
        "select source, table_name, rows_read, rows_used, rows_duplicate, rows_rejected "
        "from marts.row_reconciliation order by source, table_name"
    ).fetchall()
    shown = [
        (f"{source} {name}", *(int(count) for count in counts)) for source, name, *counts in rows
    ]
    header, *body = table(("rows of", "read", "used", "duplicates", "rejected"), shown, texts=1)
    why = ("; ".join(reasons[source, name]) for source, name, *_ in rows)
    return [header, *(f"{line}  {said}".rstrip() for line, said in zip(body, why, strict=True))]


def _interval(part: int, whole: int) -> tuple[float, float]:
    """The 95 % Wilson interval of a share."""
    share, squared = part / whole, NORMAL_95**2 / whole
    middle = (share + squared / 2) / (1 + squared)
    reach = sqrt(share * (1 - share) * squared + squared**2 / 4) / (1 + squared)
    return max(0.0, middle - reach), min(1.0, middle + reach)


def _moment(value: object) -> str:
    if not isinstance(value, datetime):
        return "the newest load" if value is None else f"{value} UTC"
    exact = value.replace(tzinfo=None)
    form = "%Y-%m-%d %H:%M" if exact.second == exact.microsecond == 0 else "%Y-%m-%d %H:%M:%S"
    return f"{exact.strftime(form)} UTC"
