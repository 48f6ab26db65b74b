"""Compare the marts of a database file with what the oracle computed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import oracle
import projects

MARTS = (
    *("sessions", "segments", "messages", "conversations", "containment_daily", "demand"),
    *("value", "durable_estimates", "session_attributes", "bot_releases_compared", "experiments"),
    *("containment_trend", "containment_funnel", "containment_changes", "timeout_sensitivity"),
    *("rejected_rows", "row_reconciliation", "ratings", "satisfaction"),
    *("claims_audited", "control_charts", "signals"),
)
# The oracle gives the reason of a rejected row; the mart also the row.
LEFT_OUT = {"rejected_rows": {"conversation_id", "row_id", "row_json"}}


def assert_equals_oracle(database: Path, expected: oracle.Result) -> None:
    """Fail with the rows that are missing or extra in the first mart that differs."""
    settings = projects.rows(database, "select as_of from marts.settings")
    assert settings == [{"as_of": expected.as_of}]
    for mart in MARTS:
        found = projects.rows(database, f"select * from marts.{mart}")
        wanted = getattr(expected, mart)
        columns = set(wanted[0]) if wanted else set()
        if wanted and found:
            assert set(found[0]) - columns == LEFT_OUT.get(mart, set()), f"columns of {mart}"
        should, got = bag(wanted, columns), bag(found, columns)
        missing, extra = should - got, got - should
        assert not missing and not extra, (
            f"{mart}: {len(missing)} missing, {len(extra)} extra\n"
            f"missing: {sorted(map(str, missing))[:3]}\nextra: {sorted(map(str, extra))[:3]}"
        )


def bag(rows: Iterable[Mapping[str, Any]], columns: Iterable[str]) -> Counter[tuple[Any, ...]]:
    """Rows as a bag of tuples, so that a row too many counts; fractions to nine digits."""
    names = sorted(columns)
    return Counter(tuple((name, _rounded(row[name])) for name in names) for row in rows)


def _rounded(value: Any) -> Any:
    return round(value, 9) if isinstance(value, float) else value
