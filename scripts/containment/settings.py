"""The settings of a run: vars of dbt_project.yml, overlaid by the command line, checked."""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import yaml

from containment import own_config, raw_find, raw_places, raw_reading, raw_tables
from containment.errors import Stop, nearest, one_line, yaml_problem
from containment.own_config import File
from containment.places import absolute
from containment.raw_places import Folder, Place
from containment.raw_reading import Reading
from containment.shown import quoted

PROJECT_FILE = "dbt_project.yml"
RAW_PATH_VARIABLE = "CONTAINMENT_RAW_PATH"
FILES = "files"
SESSION_SCOPES = ("conversation", "session")
AFTER_ESCALATION = ("handoff", "session")
MOST_COURTESY_MINUTES = 10_080  # a week
STALE_RAW = ("warn", "refuse")
FEWEST_PUBLICATIONS = 2  # one to go back to
MOST_DAYS = 366  # between two tests of all rows
# More is no setting, and would be written into logs, the command line of dbt and a mart.
LONGEST_TEXT, MOST_VALUES, DEEPEST, MOST_BITS = 10_000, 10_000, 6, 256

TIME = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)"
    r"(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,6}))?)?"
    r" ?(Z|UTC|[+-]\d\d(?::?\d\d)?)?)?",
    re.ASCII,
)


class Given(NamedTuple):
    """A value and the place it comes from, as the user knows it."""

    value: Any
    origin: str


@dataclass(frozen=True)
class Settings:
    """Settings that are fit to run with. `others`: vars that only the models read.

    Those after `others` are the night's own: no number depends on them.
    """

    sources: tuple[str, ...]
    places: Mapping[str, Place]  # of the sources that read tables through views
    reading: Mapping[str, Reading]  # how each source reads raw values
    as_of: str | None
    not_after: str | None
    reporting_timezone: str
    session_scope: str
    after_escalation: str
    courtesy_minutes: int
    infer_takeovers: tuple[str, ...]
    others: Mapping[str, Any]
    max_row_drop_share: float
    max_raw_age_hours: Mapping[str, float]
    stale_raw: str
    full_check_days: float
    publications_kept: int
    publish_parquet: bool
    accepted_findings: tuple[str, ...]
    hashed_ids: tuple[str, ...] = ()

    def at(self, now: datetime) -> Settings:
        """The settings of a run that begins now (UTC): rows more than a day later are refused."""
        if self.not_after is not None:
            return self
        return dataclasses.replace(self, not_after=now.isoformat(sep=" "))

    def dbt_vars(self) -> dict[str, Any]:
        """The vars that dbt is given."""
        return {
            **self.others,
            "sources": list(self.sources),
            "as_of": self.as_of,
            "not_after": self.not_after,
            "reporting_timezone": self.reporting_timezone,
            "session_scope": self.session_scope,
            "after_escalation": self.after_escalation,
            "courtesy_minutes": self.courtesy_minutes,
            "infer_takeovers": list(self.infer_takeovers),
            "accepted_findings": list(self.accepted_findings),
        }


def load(
    root: Path,
    options: Mapping[str, Given],
    vars_text: str | None,
    environment: Mapping[str, str],
    own: File | None = None,
) -> Settings:
    """Take the project folder, values of options, the text of --vars, the environment, and the
    settings of config/.

    The first that names a setting counts: option, --vars, environment, config/, dbt_project.yml.
    Gives the settings; Stop when one is unknown or cannot be used.
    """
    given = _project_vars(root)
    if own is not None:
        given.update(_own_vars(own, known=set(given)))
    if environment.get(RAW_PATH_VARIABLE):
        given["raw_path"] = Given(environment[RAW_PATH_VARIABLE], RAW_PATH_VARIABLE)
    given.update(_command_line_vars(vars_text, known=set(given)))
    given.update(options)
    for name, setting in given.items():
        _check_plain(name, setting)
    with_ratings = given.get("sources_with_ratings")
    if with_ratings is not None:  # which only the models read
        _listed("sources_with_ratings", with_ratings, root)

    sources = _sources(given.pop("sources", Given(None, PROJECT_FILE)), root)
    raw_path = given.pop("raw_path", Given(None, PROJECT_FILE))
    source_tables = given.pop("source_tables", Given({}, PROJECT_FILE))
    return Settings(
        sources=sources,
        places=_places(sources, raw_path, source_tables, root, own),
        reading=_reading(sources, given, root),
        as_of=_time("as_of", given.pop("as_of", Given(None, PROJECT_FILE))),
        not_after=_time("not_after", given.pop("not_after", Given(None, PROJECT_FILE))),
        reporting_timezone=_timezone(given.pop("reporting_timezone", Given("UTC", PROJECT_FILE))),
        session_scope=_choice("session_scope", given, SESSION_SCOPES),
        after_escalation=_choice("after_escalation", given, AFTER_ESCALATION),
        courtesy_minutes=_minutes(given.pop("courtesy_minutes", Given(0, PROJECT_FILE))),
        infer_takeovers=_listed(
            "infer_takeovers", given.pop("infer_takeovers", Given([], PROJECT_FILE)), root
        ),
        max_row_drop_share=_share(given.pop("max_row_drop_share", Given(0.1, PROJECT_FILE))),
        max_raw_age_hours=_ages(given.pop("max_raw_age_hours", Given({}, PROJECT_FILE)), root),
        stale_raw=_choice("stale_raw", given, STALE_RAW),
        full_check_days=_days(given.pop("full_check_days", Given(7, PROJECT_FILE))),
        publications_kept=_kept(given.pop("publications_kept", Given(3, PROJECT_FILE))),
        publish_parquet=_yes_or_no(
            "publish_parquet", given.pop("publish_parquet", Given(True, PROJECT_FILE))
        ),
        # Those of the raw values are among them: marts.settings says under which a number was made.
        hashed_ids=_hashed_ids(given.pop("hashed_ids", Given([], PROJECT_FILE)), root),
        accepted_findings=_accepted(given.pop("accepted_findings", Given([], PROJECT_FILE))),
        others={name: setting.value for name, setting in given.items()},
    )


def parse_time(value: str) -> str | None:
    """Take an ISO 8601 time (UTC where it names no offset), give it in UTC without an offset.

    '2026-10-05T04:00+02:00' gives '2026-10-05 02:00:00'. None when it is no such time.
    """
    match = TIME.fullmatch(value.strip())
    if match is None:
        return None
    year, month, day, hour, minute, second, fraction, zone = match.groups()
    try:
        moment = datetime(int(year), int(month), int(day), int(hour or 0), int(minute or 0))
        moment += timedelta(
            seconds=int(second or 0), microseconds=int((fraction or "").ljust(6, "0"))
        )
        if second is not None and int(second) > 59:
            return None
        if zone not in (None, "Z", "UTC"):
            digits = zone[1:].replace(":", "").ljust(4, "0")
            offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
            if offset >= timedelta(days=1) or int(digits[2:]) > 59:
                return None
            moment -= offset if zone[0] == "+" else -offset
    except (ValueError, OverflowError):
        return None
    return moment.isoformat(sep=" ")


def read_project(root: Path) -> dict[str, Any]:
    """Take the project folder, give the content of its dbt_project.yml."""
    return _read_yaml(root / PROJECT_FILE)


def target_type(root: Path, target: str) -> str:
    """Take the name of a dbt target, give its type (duckdb, spark ...); Stop when there is none."""
    profile = read_project(root).get("profile")
    outputs = (_read_yaml(root / "profiles.yml").get(profile) or {}).get("outputs") or {}
    if target not in outputs:
        raise Stop(f"--target {target}: not in profiles.yml; it has {', '.join(sorted(outputs))}")
    return str(outputs[target].get("type"))


def _read_yaml(path: Path) -> dict[str, Any]:
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise Stop(f"{path}: not found; restore it") from None
    except (OSError, UnicodeDecodeError) as error:
        raise Stop(f"{path}: cannot be read ({one_line(error)})") from None
    except yaml.YAMLError as error:
        raise Stop(f"{path.name}: {yaml_problem(error)}") from None
    if not isinstance(content, dict):
        raise Stop(f"{path.name}: expected names with values; restore it")
    return content


def _project_vars(root: Path) -> dict[str, Given]:
    project = read_project(root)
    declared = project.get("vars") or {}
    nested = declared.get(project.get("name")) if isinstance(declared, dict) else None
    values = nested if isinstance(nested, dict) else declared
    if not isinstance(values, dict):
        raise Stop(f"{PROJECT_FILE}: vars is {quoted(values)}; expected names with values")
    return {str(name): Given(value, PROJECT_FILE) for name, value in values.items()}


def _command_line_vars(vars_text: str | None, known: set[str]) -> dict[str, Given]:
    if not vars_text:
        return {}
    values = own_config.parse(vars_text, "--vars", "'{courtesy_minutes: 5}'")
    if not isinstance(values, dict):
        raise Stop(
            f"--vars: {quoted(vars_text)} names no setting; write e.g. '{{courtesy_minutes: 5}}'"
        )
    _check_names("--vars", values, known)
    return {name: Given(value, "--vars") for name, value in values.items()}


def _own_vars(own: File, known: set[str]) -> dict[str, Given]:
    values = own_config.read_settings(own)
    _check_names(own.name, values, known)
    return {name: Given(value, own.name) for name, value in values.items()}


def _check_names(origin: str, names: Iterable[Any], known: set[str]) -> None:
    for name in names:
        if name not in known:
            raise Stop(
                f"{origin}: no setting {quoted(name)}{nearest(name, sorted(known))} "
                f"(settings are the vars of {PROJECT_FILE})"
            )


def _check_plain(name: str, given: Given) -> None:
    """Stop when a setting holds what none of them can: what it is, without the value, for that may
    be a secret."""
    left = MOST_VALUES

    def problem(value: Any, depth: int) -> str | None:
        nonlocal left
        left -= 1
        if left < 0:
            return f"more than {MOST_VALUES:,} values"
        match value:
            case None | bool() | date() | float():
                return None
            case str():
                return _problem_of_text(value)
            case int():
                many = value.bit_length() > MOST_BITS
                return "a number of too many digits" if many else None
            case list() | tuple() | dict() if depth == DEEPEST:
                return "what is nested too deep"
            case list() | tuple():
                found = (problem(each, depth + 1) for each in value)
                return next(filter(None, found), None)
            case dict():
                found = (problem(each, depth + 1) for pair in value.items() for each in pair)
                return next(filter(None, found), None)
        return f"a {type(value).__name__}"

    said = problem(given.value, 0)
    if said:
        raise Stop(
            f"{given.origin}: {name} holds {said}; write text, numbers, or lists or names of these"
        )


def _problem_of_text(text: str) -> str | None:
    if "\0" in text:
        return "a null byte"
    if any("\ud800" <= each <= "\udfff" for each in text):
        return "bytes that are not UTF-8"
    if len(text) > LONGEST_TEXT:
        return f"a text of {len(text):,} characters"
    return None


def _sources(given: Given, root: Path) -> tuple[str, ...]:
    names = [given.value] if isinstance(given.value, str) else given.value
    if not isinstance(names, list | tuple) or not names:
        raise Stop(
            f"{given.origin}: sources is {quoted(given.value)}; name at least one, e.g. [sample]"
        )
    _check_sources(given.origin, names, root)
    return tuple(dict.fromkeys(names))


def _check_sources(origin: str, names: Iterable[Any], root: Path) -> None:
    folder = root / "models" / "staging"
    known = (
        sorted(entry.name for entry in folder.iterdir() if entry.is_dir())
        if folder.is_dir()
        else []
    )
    for name in names:
        if name not in known:
            raise Stop(
                f"{origin}: no source {quoted(name)}{nearest(name, known)} "
                f"(sources are the folders of models/staging: {', '.join(known) or 'none'})"
            )


def _listed(name: str, given: Given, root: Path) -> tuple[str, ...]:
    names = [given.value] if isinstance(given.value, str) else given.value or []
    if not isinstance(names, list | tuple):
        raise Stop(
            f"{given.origin}: {name} is {quoted(given.value)}; "
            "write a list of sources, e.g. [zendesk], or [] for none"
        )
    _check_sources(f"{given.origin}: {name}", names, root)
    # In one order, so that the same sources are the same rules.
    return tuple(sorted(set(names)))


def _places(
    sources: tuple[str, ...],
    raw_path: Given,
    source_tables: Given,
    root: Path,
    own: File | None,
) -> dict[str, Place]:
    """Where each source that reads tables finds them: raw_path is for the one without an entry."""
    # A path in a file starts at the file's folder, one that was typed where you stand.
    starts = {PROJECT_FILE: root, **({own.name: own.path.parent} if own else {})}
    entries = source_tables.value or {}
    if not isinstance(entries, dict):
        raise Stop(
            f"{source_tables.origin}: source_tables is {quoted(entries)}; write e.g. "
            "{intercom: {path: DIR}}"
        )
    _check_sources(f"{source_tables.origin}: source_tables", entries, root)
    readers = [
        source for source in sources if source == FILES or raw_tables.yml(root, source).is_file()
    ]
    typed = raw_path.origin == "--raw-path"
    if typed and not readers:
        raise Stop(f"--raw-path: none of the sources reads it; add --source, e.g. {FILES}")
    places: dict[str, Place] = {
        source: raw_places.parse(
            source, entries[source], source_tables.origin, starts.get(source_tables.origin, root)
        )
        for source in readers
        if source in entries and not (typed and len(readers) == 1)
    }
    without = [source for source in readers if source not in places]
    if (typed and len(without) != 1) or len(without) > 1:
        raise Stop(
            f"{raw_path.origin}: raw_path is for one source, and {', '.join(readers)} are on; "
            "say where each reads in source_tables"
        )
    for source in without:
        start = starts.get(raw_path.origin, Path.cwd())
        places[source] = Folder(_raw_path(raw_path, source, start))
    for source, place in places.items():
        if isinstance(place, Folder):
            setting = "raw_path" if source in without else f"source_tables of {source}"
            raw_find.check_folder(place.path, setting)
    return places


def _raw_path(given: Given, source: str, start: Path) -> Path:
    if not given.value:
        raise Stop(
            f"raw_path is not set; name the folder that the source {source!r} reads: --raw-path"
        )
    if not isinstance(given.value, str):
        raise Stop(f"{given.origin}: raw_path is {quoted(given.value)}; name a folder")
    return absolute(given.value, "raw_path", start)


def _reading(
    sources: tuple[str, ...], given: Mapping[str, Given], root: Path
) -> dict[str, Reading]:
    """What the settings say of the raw values of each source."""
    said = {
        name: tuple(given.get(name, Given(None, PROJECT_FILE))) for name in raw_reading.SETTINGS
    }
    for name, (value, origin) in said.items():
        if isinstance(value, Mapping):
            _check_sources(f"{origin}: {name}", value, root)
        elif name == "raw_columns" and value is not None:
            raise Stop(
                f"{origin}: raw_columns is {quoted(value)}; write {{source: {{table: {{...}}}}}}"
            )
    timezones = [name for name in _timezones() if "/" in name or name == "UTC"]
    return {source: raw_reading.parse(source, said, timezones) for source in sources}


def _time(name: str, given: Given) -> str | None:
    value = given.value
    if value is None or value == "":
        return None
    if isinstance(value, date):  # YAML reads an unquoted time by itself
        value = value.isoformat()
    moment = parse_time(value) if isinstance(value, str) else None
    if moment is None:
        raise Stop(
            f"{given.origin}: {name} is {quoted(value)}; "
            "write an ISO 8601 time, e.g. 2026-10-05T02:00:00Z"
        )
    return moment


def _timezones() -> list[str]:
    with duckdb.connect() as connection:
        rows = connection.execute("select name from pg_timezone_names() order by name").fetchall()
    return [row[0] for row in rows]


def _timezone(given: Given) -> str:
    known = _timezones()
    if given.value not in known:
        raise Stop(
            f"{given.origin}: no time zone {quoted(given.value)} for reporting_timezone"
            f"{nearest(str(given.value), known)} (write e.g. Europe/Berlin)"
        )
    return given.value


def _choice(name: str, given: dict[str, Given], allowed: tuple[str, ...]) -> str:
    value, origin = given.pop(name, Given(allowed[0], PROJECT_FILE))
    if value not in allowed:
        raise Stop(f"{origin}: {name} is {quoted(value)}; write {' or '.join(allowed)}")
    return value


def _minutes(given: Given) -> int:
    value = given.value
    if type(value) is not int or not 0 <= value <= MOST_COURTESY_MINUTES:
        raise Stop(
            f"{given.origin}: courtesy_minutes is {quoted(value)}; "
            f"write whole minutes from 0 to {MOST_COURTESY_MINUTES}"
        )
    return value


def _share(given: Given) -> float:
    if not _is_number(given.value) or not 0 <= given.value <= 1:
        raise Stop(
            f"{given.origin}: max_row_drop_share is {quoted(given.value)}; "
            "write a share from 0 to 1, e.g. 0.1 (1: never refuse)"
        )
    return given.value


def _ages(given: Given, root: Path) -> Mapping[str, float]:
    ages = given.value or {}
    if not isinstance(ages, dict) or not all(
        _is_number(hours) and hours > 0 for hours in ages.values()
    ):
        raise Stop(
            f"{given.origin}: max_raw_age_hours is {quoted(given.value)}; "
            "write hours for each source that is checked, e.g. {files: 48}"
        )
    _check_sources(f"{given.origin}: max_raw_age_hours", ages, root)
    return ages


def _hashed_ids(given: Given, root: Path) -> tuple[str, ...]:
    """The sources whose ids are hashed; each must say which columns those are."""
    names = [given.value] if isinstance(given.value, str) else given.value or []
    if not isinstance(names, list | tuple):
        raise Stop(
            f"{given.origin}: hashed_ids is {quoted(given.value)}; name sources, e.g. [rasa]"
        )
    _check_sources(f"{given.origin}: hashed_ids", names, root)
    for name in names:
        if not any(
            column.hashed
            for table in raw_tables.declared(root, name)
            for column in table.columns.values()
        ):
            raise Stop(
                f"{given.origin}: hashed_ids names {name!r}, which marks no column as an id; add "
                "config: {meta: {hashed: true}} to those in "
                f"models/staging/{name}/_{name}__sources.yml, or take it out"
            )
    return tuple(dict.fromkeys(names))


def _days(given: Given) -> float:
    if not _is_number(given.value) or not 0 <= given.value <= MOST_DAYS:
        raise Stop(
            f"{given.origin}: full_check_days is {quoted(given.value)}; "
            f"write days from 0 (every night tests all rows) to {MOST_DAYS}"
        )
    return float(given.value)


def _kept(given: Given) -> int:
    if type(given.value) is not int or given.value < FEWEST_PUBLICATIONS:
        raise Stop(
            f"{given.origin}: publications_kept is {quoted(given.value)}; "
            f"write a whole number, at least {FEWEST_PUBLICATIONS}"
        )
    return given.value


def _yes_or_no(name: str, given: Given) -> bool:
    if type(given.value) is not bool:
        raise Stop(f"{given.origin}: {name} is {quoted(given.value)}; write true or false")
    return given.value


def _accepted(given: Given) -> tuple[str, ...]:
    names = given.value or []
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise Stop(
            f"{given.origin}: accepted_findings is {quoted(names)}; "
            "write a list of findings, e.g. [unusable_messages]"
        )
    return tuple(dict.fromkeys(names))


def _is_number(value: Any) -> bool:
    # Not a boolean, which Python takes for a number; and neither infinity nor nan.
    return type(value) in (int, float) and math.isfinite(value)
