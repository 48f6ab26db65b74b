"""The settings of a run: vars of dbt_project.yml, overlaid by the command line, checked."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import yaml

from containment.common.errors import Stop, nearest, one_line, yaml_problem
from containment.common.places import absolute
from containment.common.shown import quoted
from containment.settings import own_config, raw_places, raw_reading, source_yml
from containment.settings.own_config import File
from containment.settings.raw_places import Folder, Place
from containment.settings.raw_reading import Reading
from containment.settings.source_yml import CONTRACT, IDENTITIES, STAGING
from containment.settings.values import (
    PLAIN,
    Given,
    check_content,
    expect,
    is_number,
    parse_time,
    plain,
)

PROJECT_FILE = "dbt_project.yml"
MARTS = "models/marts"
ATTRIBUTE = re.compile("[a-z][a-z0-9_]{0,62}")
# Columns of the raw contract, and words that stand for a dimension, which no attribute can be.
NO_ATTRIBUTE = (
    *("message_id", "author_type", "author_id", "is_public", "sent_at", "created_at"),
    *("exclusion_reason", "loaded_at", "bot_version", "attributes", "all", "bot", "metric_time"),
    *("day", "week", "month", "quarter", "year"),
    # What the address of the report says beside attributes.
    *("tab", "from", "to", "source", "channel", "brand", "topic"),
)
SAMPLE, SAMPLE_ATTRIBUTES = ("sample",), ("language", "variant")
RAW_PATH_VARIABLE = "CONTAINMENT_RAW_PATH"


@dataclass(frozen=True)
class Settings:
    """The checked settings of a run; no number depends on those after `others`."""

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
    report_days: int
    accepted_findings: tuple[str, ...]
    hashed_ids: tuple[str, ...] = ()
    attributes: tuple[str, ...] = ()
    shown_attribute_values: int = PLAIN["shown_attribute_values"].default
    experiment_effect: float = PLAIN["experiment_effect"].default
    signal_minimum_sessions: int = PLAIN["signal_minimum_sessions"].default
    signal_base: Mapping[str, Any] | None = None
    signal_rules: Sequence[str] = ("beyond_three_sigma",)
    notify: Sequence[str] = ("signals", "failures")
    report_url: str | None = None

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
            "attributes": list(self.attributes),
            "shown_attribute_values": self.shown_attribute_values,
            "experiment_effect": self.experiment_effect,
            "signal_minimum_sessions": self.signal_minimum_sessions,
            "signal_base": self.signal_base
            and {end: str(d) for end, d in self.signal_base.items()},
            "signal_rules": list(self.signal_rules),
        }


def load(
    root: Path,
    options: Mapping[str, Given],
    vars_text: str | None,
    environment: Mapping[str, str],
    own: File | None = None,
) -> Settings:
    """Return the settings; raise Stop if one is unknown or cannot be used.

    The first that names a setting counts: option, --vars, environment, config/, dbt_project.yml.
    """
    given = written(root, vars_text, own, environment)
    given.update(options)
    for name, setting in given.items():
        check_content(name, setting)
    for name in ("sources_with_ratings", "sources_with_claims"):  # which only the models read
        if name in given:
            _listed(name, given[name], root)

    def take(name: str, default: Any = None) -> Given:
        return given.pop(name, Given(default, PROJECT_FILE))

    sources = _sources(take("sources"), root)
    attributes = _attributes(take("attributes", []), sources, root)
    return Settings(
        sources=sources,
        places=_places(sources, take("raw_path"), take("source_tables", {}), root, own),
        reading=_reading(sources, given, attributes, root),
        attributes=attributes,
        as_of=_time("as_of", take("as_of")),
        not_after=_time("not_after", take("not_after")),
        reporting_timezone=_timezone(take("reporting_timezone", "UTC")),
        infer_takeovers=_listed("infer_takeovers", take("infer_takeovers", []), root),
        max_raw_age_hours=_ages(take("max_raw_age_hours", {}), root),
        hashed_ids=_hashed_ids(take("hashed_ids", []), root),
        accepted_findings=_accepted(take("accepted_findings", [])),
        **{name: plain(name, take(name, PLAIN[name].default)) for name in PLAIN},
        # Those of the raw values are among them: marts.settings says under which a number was made.
        others={name: setting.value for name, setting in given.items()},
    )


def written(
    root: Path,
    vars_text: str | None,
    own: File | None,
    environment: Mapping[str, str] | None = None,
) -> dict[str, Given]:
    """Return every setting as it is written, unchecked; Stop if a name is unknown."""
    given = _project_vars(root)
    if own is not None:
        given.update(_own_vars(own, known=set(given)))
    if environment and environment.get(RAW_PATH_VARIABLE):
        given["raw_path"] = Given(environment[RAW_PATH_VARIABLE], RAW_PATH_VARIABLE)
    given.update(_command_line_vars(vars_text, known=set(given)))
    return given


def read_project(root: Path) -> dict[str, Any]:
    """Take the project folder, give the content of its dbt_project.yml."""
    return _read_yaml(root / PROJECT_FILE)


def target_type(root: Path, target: str) -> str:
    """Take the name of a dbt target, give its type (duckdb, spark ...); Stop when there is none."""
    profile = str(read_project(root).get("profile"))
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


def _sources(given: Given, root: Path) -> tuple[str, ...]:
    names = [given.value] if isinstance(given.value, str) else given.value
    is_right = isinstance(names, list | tuple) and bool(names)
    expect(is_right, "sources", given, "name at least one, e.g. [sample]")
    _check_sources(given.origin, names, root)
    return tuple(dict.fromkeys(names))


def _check_sources(origin: str, names: Iterable[Any], root: Path) -> None:
    folder = root / STAGING
    known = (
        sorted(entry.name for entry in folder.iterdir() if entry.is_dir())
        if folder.is_dir()
        else []
    )
    for name in names:
        if name not in known:
            raise Stop(
                f"{origin}: no source {quoted(name)}{nearest(name, known)} "
                f"(sources are the folders of {STAGING}: {', '.join(known) or 'none'})"
            )


def _listed(name: str, given: Given, root: Path) -> tuple[str, ...]:
    names = [given.value] if isinstance(given.value, str) else given.value or []
    write = "write a list of sources, e.g. [zendesk], or [] for none"
    expect(isinstance(names, list | tuple), name, given, write)
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
    write = "write e.g. {intercom: {path: DIR}}"
    expect(isinstance(entries, dict), "source_tables", source_tables, write)
    others = entries.keys() - {IDENTITIES}
    _check_sources(f"{source_tables.origin}: source_tables", others, root)
    readers = [
        source for source in sources if source == CONTRACT or source_yml.yml(root, source).is_file()
    ]
    typed = raw_path.origin == "--raw-path"
    if typed and not readers:
        raise Stop(f"--raw-path: none of the sources reads it; add --source, e.g. {CONTRACT}")
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
    if IDENTITIES in entries:
        origin = source_tables.origin
        places[IDENTITIES] = raw_places.parse(
            IDENTITIES, entries[IDENTITIES], origin, starts.get(origin, root)
        )
    for source, place in places.items():
        if isinstance(place, Folder):
            setting = "raw_path" if source in without else f"source_tables of {source}"
            raw_places.check_folder(place.path, setting)
    return places


def _raw_path(given: Given, source: str, start: Path) -> Path:
    if not given.value:
        raise Stop(
            f"raw_path is not set; name the folder that the source {source!r} reads: --raw-path"
        )
    expect(isinstance(given.value, str), "raw_path", given, "name a folder")
    return absolute(given.value, "raw_path", start)


def _reading(
    sources: tuple[str, ...], given: Mapping[str, Given], attributes: tuple[str, ...], root: Path
) -> dict[str, Reading]:
    """What the settings say of the raw values of each source."""
    said = {name: given.get(name, Given(None, PROJECT_FILE)) for name in raw_reading.SETTINGS}
    for name, each in said.items():
        if isinstance(each.value, Mapping):
            _check_sources(f"{each.origin}: {name}", each.value.keys() - {IDENTITIES}, root)
        elif name == "raw_columns":
            expect(each.value is None, name, each, "write {source: {table: {...}}}")
    timezones = [name for name in _timezones() if "/" in name or name == "UTC"]
    readers = (*sources, IDENTITIES)
    return {
        source: dataclasses.replace(
            raw_reading.parse(source, said, timezones), attributes=attributes
        )
        for source in readers
    }


def _attributes(given: Given, sources: tuple[str, ...], root: Path) -> tuple[str, ...]:
    """Names of further raw columns; each becomes a column beside those of the sessions."""
    if sources == SAMPLE and given.origin == PROJECT_FILE and not given.value:
        return SAMPLE_ATTRIBUTES  # a first run shows them
    names = given.value or []
    write = "write a list of columns, e.g. [language, country]"
    expect(isinstance(names, list | tuple), "attributes", given, write)
    taken = _taken_names(root) if names else set()
    for name in names:
        if not isinstance(name, str) or not ATTRIBUTE.fullmatch(name):
            problem = "is no name of small letters a to z, digits and _"
        elif name in taken:
            problem = "has a meaning of its own"
        else:
            continue
        raise Stop(
            f"{given.origin}: attributes: {quoted(name)} {problem}; choose a name, and say by "
            "raw_columns which column it is"
        )
    return tuple(dict.fromkeys(names))


def _taken_names(root: Path) -> set[str]:
    """Words of SQL, and names that a session, a metric or what it is made of has already."""
    with duckdb.connect() as connection:
        rows = connection.execute(
            "select keyword_name from duckdb_keywords() where keyword_category <> 'unreserved'"
        ).fetchall()
    taken = {*NO_ATTRIBUTE, *(word for (word,) in rows)}
    for path in (root / MARTS).glob("_*__metrics.yml"):
        content = _read_yaml(path)
        for model in content["semantic_models"]:
            taken |= {each["name"] for each in (*model["dimensions"], *model["measures"])}
        taken |= {metric["name"] for metric in content["metrics"]}
    described = _read_yaml(root / MARTS / "sessions.yml")["models"][0]["columns"]
    return taken | {column["name"] for column in described}


def _time(name: str, given: Given) -> str | None:
    value = given.value
    if value is None or value == "":
        return None
    if isinstance(value, date):  # YAML reads an unquoted time by itself
        value = value.isoformat()
    moment = parse_time(value) if isinstance(value, str) else None
    write = "write an ISO 8601 time, e.g. 2026-10-05T02:00:00Z"
    expect(moment is not None, name, Given(value, given.origin), write)
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
    return str(given.value)


def _ages(given: Given, root: Path) -> Mapping[str, float]:
    ages = given.value or {}
    is_right = isinstance(ages, dict) and all(
        is_number(hours) and hours > 0 for hours in ages.values()
    )
    write = "write hours for each source that is checked, e.g. {files: 48}"
    expect(is_right, "max_raw_age_hours", given, write)
    _check_sources(f"{given.origin}: max_raw_age_hours", ages, root)
    return dict(ages)


def _hashed_ids(given: Given, root: Path) -> tuple[str, ...]:
    """The sources whose ids are hashed; each must say which columns those are."""
    names = [given.value] if isinstance(given.value, str) else given.value or []
    expect(isinstance(names, list | tuple), "hashed_ids", given, "name sources, e.g. [rasa]")
    _check_sources(f"{given.origin}: hashed_ids", names, root)
    for name in names:
        tables = source_yml.declared(root, name)
        if not any(column.hashed for table in tables for column in table.columns.values()):
            raise Stop(
                f"{given.origin}: hashed_ids names {name!r}, which marks no column as an id; add "
                "config: {meta: {hashed: true}} to those in "
                f"{STAGING}/{name}/_{name}__sources.yml, or take it out"
            )
    return tuple(dict.fromkeys(names))


def _accepted(given: Given) -> tuple[str, ...]:
    names = given.value or []
    is_right = isinstance(names, list) and all(isinstance(name, str) for name in names)
    write = "write a list of findings, e.g. [unusable_messages]"
    expect(is_right, "accepted_findings", given, write)
    return tuple(dict.fromkeys(names))
