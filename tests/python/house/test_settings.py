"""Settings and lookup seeds: what is taken, and the one line with which the rest is refused."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

import projects
import pytest

from containment.common.errors import UNUSABLE, Stop
from containment.settings import lookups, settings
from containment.settings.raw_places import Folder, Schema
from containment.settings.settings import Settings
from containment.settings.values import Given

PROJECT_FILE = """
name: shop
profile: shop
vars:
  shop:
    sources: [sample]
    raw_path: null
    source_tables: {}
    as_of: null
    not_after: null
    reporting_timezone: UTC
    session_scope: conversation
    after_escalation: handoff
    courtesy_minutes: 0
    infer_takeovers: [files]
    max_row_drop_share: 0.1
    max_raw_age_hours: {files: 48}
    stale_raw: warn
    full_check_days: 7
    publications_kept: 3
    publish_parquet: true
    report_days: 28
    signal_minimum_sessions: 30
    signal_base: null
    signal_rules: [beyond_three_sigma]
    notify: [signals, failures]
    report_url: null
    accepted_findings: []
    attributes: []
    zendesk_schema: zendesk
"""
LIMITS = "source,finding,limit,action\n"
PRICES = "source,channel,from_date,to_date,contact_cost,session_cost,currency\n"
TARGETS = "rate_name,from_date,target\n"
RELEASES = "source,bot_id,release,released_at\n"
HOURS = "brand,iso_weekday,opens_at,closes_at\n"
PROFILES = "shop: {outputs: {duckdb: {type: duckdb}, big: {type: spark}}}"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project folder with two sources and good seeds."""
    (tmp_path / "dbt_project.yml").write_text(PROJECT_FILE)
    (tmp_path / "profiles.yml").write_text(PROFILES)
    for source in ("sample", "files"):
        (tmp_path / "models" / "staging" / source).mkdir(parents=True)
    (tmp_path / "seeds").mkdir()
    for lookup in lookups.CHECKS:
        yml = Path(lookup).with_suffix(".yml")
        shutil.copy(projects.ROOT / "seeds" / yml, tmp_path / "seeds" / yml)
    seed(tmp_path, "channel_policies", "channel,timeout_minutes,note\n*,60,all others\nchat,30,\n")
    seed(tmp_path, "event_types", "source,event_type,boundary\n*,closed,resolved\nfiles,x,none\n")
    seed(tmp_path, "quality_limits", LIMITS + "*,no_events,0,warn\nfiles,no_events,1,refuse\n")
    seed(tmp_path, "business_hours", HOURS + "*,1,00:00,24:00\nAcme,1,09:00,17:30\n")
    seed(tmp_path, "prices", PRICES)
    seed(tmp_path, "bot_releases", RELEASES)
    seed(tmp_path, "targets", TARGETS)
    return tmp_path


def seed(project: Path, name: str, content: str) -> None:
    (project / "seeds" / f"{name}.csv").write_text(content)


def load(
    project: Path,
    vars_text: str | None = None,
    environment: Mapping[str, str] | None = None,
    **options: Any,
) -> Settings:
    given = {
        name: Given(value, f"--{name.replace('_', '-').removesuffix('s')}")
        for name, value in options.items()
    }
    return settings.load(project, given, vars_text, environment or {})


def refusal(project: Path, *arguments: Any, **options: Any) -> str:
    with pytest.raises(Stop) as stop:
        load(project, *arguments, **options)
    return line_of(stop.value)


def line_of(stop: Stop) -> str:
    assert stop.exit_code == UNUSABLE
    assert "\n" not in str(stop)
    return str(stop)


# --- settings ------------------------------------------------------------------------------------


def circle() -> list[Any]:
    found: list[Any] = []
    found.append(found)
    return found


def nested(values: Any, times: int, wide: int = 1) -> Any:
    for _ in range(times):
        values = [values] * wide
    return values


ODD: dict[str, Any] = {
    "digits": 16**5000,
    "digits as text": "9" * 5000,
    "infinite": float("inf"),
    "not a number": float("nan"),
    "yes": True,
    "minus": -1,
    "wide digit": "\uff11",
    "hexadecimal": "0x10",
    "null byte": "a\0b",
    "half a pair": "\ud800",
    "not UTF-8": "\udcff",
    "line ends": "\n",
    "megabytes": "x" * 5_000_000,
    "a path as long": "a/" * 3_000,
    "nobody's home": "~nobodyhere/x",
    "an endless file": "/dev/zero",
    "far offset": "2026-01-01T00:00:00+99:00",
    "offset": "+99:00",
    "before all": datetime.min,
    "circle": circle(),
    "deep": nested(1, 100_000),
    "laughs": nested("x", 20, 9),
    "many": ["x"] * 100_000,
    "a set": {1},
    "bytes": b"a",
    "names": {None: 1, ("a",): 2, 16**5000: 3},
    "of another source": {"zendesk": nested("x", 20, 9)},
    "source with digits": {"files": 16**5000},
    "source with null byte": {"files": {"path": "\0"}},
    "list of digits": [16**5000],
}
PROJECT = settings.read_project(projects.ROOT)  # once: it is read for a while


@pytest.mark.parametrize("name", sorted(PROJECT["vars"]["containment"]))
def test_no_value_of_a_setting_is_more_than_one_line(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "read_project", lambda root: PROJECT)
    for kind, value in ODD.items():
        options = {
            "sources": Given(["files"], "--source"),
            "raw_path": Given(str(tmp_path), "--raw-path"),
            name: Given(value, "config/settings.yml"),
        }
        if name == "source_tables":
            del options["raw_path"]
        try:
            found = settings.load(projects.ROOT, options, None, {})
        except Stop as stop:
            said = str(stop)
            assert said.isprintable() and len(said) <= 2_000, kind
        else:  # it can be used, and dbt be given it
            assert len(json.dumps(found.dbt_vars(), default=str)) < 10_000, kind


def test_the_project_file_alone(project: Path) -> None:
    assert load(project).dbt_vars() == {
        "sources": ["sample"],
        "as_of": None,
        "not_after": None,
        "reporting_timezone": "UTC",
        "session_scope": "conversation",
        "after_escalation": "handoff",
        "courtesy_minutes": 0,
        "infer_takeovers": ["files"],
        "accepted_findings": [],
        "attributes": ["language", "variant"],
        "shown_attribute_values": 20,
        "experiment_effect": 5,
        "signal_minimum_sessions": 30,
        "signal_base": None,
        "signal_rules": ["beyond_three_sigma"],
        "zendesk_schema": "zendesk",
    }


def test_attributes_of_the_sample_are_for_the_sample_alone(project: Path) -> None:
    assert load(project).attributes == ("language", "variant")
    assert load(project, sources=["files"], raw_path=str(project)).attributes == ()


def test_options_go_before_vars_and_vars_before_the_project_file(project: Path) -> None:
    found = load(
        project,
        "{as_of: 2026-10-05, courtesy_minutes: 5, zendesk_schema: z}",
        as_of="2026-10-06",
    )
    assert (found.as_of, found.courtesy_minutes) == ("2026-10-06 00:00:00", 5)
    assert found.others == {"zendesk_schema": "z"}


def test_the_nights_own_settings_do_not_reach_dbt(project: Path) -> None:
    found = load(
        project,
        "{max_row_drop_share: 1, max_raw_age_hours: null, stale_raw: refuse, publications_kept: 2, "
        "publish_parquet: false, full_check_days: 0.5}",
    )
    assert (found.max_row_drop_share, found.max_raw_age_hours) == (1, {})
    assert (found.stale_raw, found.publications_kept) == ("refuse", 2)
    assert load(project).publish_parquet and not found.publish_parquet
    assert found.full_check_days == 0.5
    # Else each would make dbt read the whole project again, and change what it calls the rules.
    assert found.dbt_vars() == load(project).dbt_vars()


@pytest.mark.parametrize(
    ("text", "share"), [("0", 0), ("0.0", 0), ("1", 1), ("0.25", 0.25), ("1.0", 1)]
)
def test_the_ends_of_a_share_are_shares(project: Path, text: str, share: float) -> None:
    assert load(project, f"max_row_drop_share: {text}").max_row_drop_share == share


@pytest.mark.parametrize(
    ("text", "sources"),
    [
        ("[sample, files, sample]", ("files", "sample")),
        ("files", ("files",)),
        ("[]", ()),
        ("null", ()),
    ],
)
def test_the_sources_of_takeovers_are_in_one_order(
    project: Path, text: str, sources: tuple[str, ...]
) -> None:
    assert load(project, f"infer_takeovers: {text}").infer_takeovers == sources


def test_a_base_of_signals_is_days_as_text(project: Path) -> None:
    for written in ("{from: 2026-01-05, to: 2026-01-05}", "{from: '2026-01-05', to: '2026-01-05'}"):
        found = load(project, f"{{signal_base: {written}}}")
        assert found.dbt_vars()["signal_base"] == {"from": "2026-01-05", "to": "2026-01-05"}


def test_what_messages_are_about_does_not_reach_dbt(project: Path) -> None:
    assert load(project).notify == ["signals", "failures"]
    found = load(project, "{notify: [], report_url: 'https://bi.example.com/a/report.html'}")
    assert (found.notify, found.report_url) == ([], "https://bi.example.com/a/report.html")
    assert not {"notify", "report_url"} & found.dbt_vars().keys()


def test_vars_need_not_be_nested(project: Path) -> None:
    (project / "dbt_project.yml").write_text("{name: shop, vars: {sources: [sample]}}")
    assert load(project).sources == ("sample",)


def test_the_project_of_this_repository_is_fit_to_run() -> None:
    root = Path(__file__).resolve().parents[3]
    assert settings.load(root, {}, None, {}).sources
    assert "chat" in lookups.load(root).channels


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2026-10-05", "2026-10-05 00:00:00"),
        ("2026-10-05T02:00", "2026-10-05 02:00:00"),
        ("2026-10-05 02:00:01.5", "2026-10-05 02:00:01.500000"),
        ("2026-10-05T02:00:00Z", "2026-10-05 02:00:00"),
        ("2026-10-05 02:00 UTC", "2026-10-05 02:00:00"),
        ("2026-10-05T02:00:00+02:00", "2026-10-05 00:00:00"),
        ("2026-10-05T02:00:00-0530", "2026-10-05 07:30:00"),
        ("2026-01-01T00:30+01", "2025-12-31 23:30:00"),
    ],
)
def test_as_of_becomes_utc(project: Path, written: str, meant: str) -> None:
    assert load(project, as_of=written).as_of == meant
    # The same from YAML, where an unquoted time comes as a time.
    assert load(project, f"as_of: {written}").as_of == meant
    assert load(project, f"not_after: {written}").not_after == meant


def test_findings_are_accepted_by_name(project: Path) -> None:
    found = load(project, accepted_findings=["no_events", "no_events"])
    assert found.accepted_findings == ("no_events",)
    assert refusal(project, "{accepted_findings: no_events}") == (
        "--vars: accepted_findings is 'no_events'; "
        "write a list of findings, e.g. [unusable_messages]"
    )


def test_a_night_takes_its_own_start_unless_not_after_is_set(project: Path) -> None:
    begun = datetime(2026, 11, 28, 2, 0, 0, 5)
    assert load(project).at(begun).dbt_vars()["not_after"] == "2026-11-28 02:00:00.000005"
    assert load(project, "{not_after: 2030-01-01}").at(begun).not_after == "2030-01-01 00:00:00"
    assert refusal(project, "{not_after: soon}") == (
        "--vars: not_after is 'soon'; write an ISO 8601 time, e.g. 2026-10-05T02:00:00Z"
    )


@pytest.mark.parametrize(
    "written",
    [
        "yesterday",
        "2026-02-30",
        "2026-10-05T24:00",
        "05.10.2026",
        "20261005",
        "2026-10-05T02:00+25",
        "2026-10-05T02:00:60",
        "2026-10-05T02:00+01:60",
        "0001-01-01T00:00+01:00",
    ],
)
def test_as_of_that_is_no_time(project: Path, written: str) -> None:
    assert refusal(project, as_of=written) == (
        f"--as-of: as_of is {written!r}; write an ISO 8601 time, e.g. 2026-10-05T02:00:00Z"
    )


@pytest.mark.parametrize(
    ("vars_text", "line"),
    [
        (
            "session_scop: session",
            "--vars: no setting 'session_scop'; did you mean 'session_scope'? "
            "(settings are the vars of dbt_project.yml)",
        ),
        ("qqq: 1", "--vars: no setting 'qqq' (settings are the vars of dbt_project.yml)"),
        (
            "session_scope: person",
            "--vars: session_scope is 'person'; write conversation or session",
        ),
        (
            "after_escalation: null",
            "--vars: after_escalation is None; write handoff or session",
        ),
        *(
            (
                f"courtesy_minutes: {value}",
                f"--vars: courtesy_minutes is {shown}; write whole minutes from 0 to 10080",
            )
            for value, shown in [
                ("-1", "-1"),
                ("10081", "10081"),
                ("1.5", "1.5"),
                ("'5'", "'5'"),
                ("true", "True"),
            ]
        ),
        (
            "infer_takeovers: true",
            "--vars: infer_takeovers is True; "
            "write a list of sources, e.g. [zendesk], or [] for none",
        ),
        (
            "infer_takeovers: [files, simple]",
            "--vars: infer_takeovers: no source 'simple'; did you mean 'sample'? "
            "(sources are the folders of models/staging: files, sample)",
        ),
        *(
            (
                f"max_row_drop_share: {value}",
                f"--vars: max_row_drop_share is {shown}; "
                "write a share from 0 to 1, e.g. 0.1 (1: never refuse)",
            )
            for value, shown in [
                ("-0.01", "-0.01"),
                ("1.01", "1.01"),
                ("true", "True"),
                ("10%", "'10%'"),
                (".nan", "nan"),
            ]
        ),
        *(
            (
                f"max_raw_age_hours: {value}",
                f"--vars: max_raw_age_hours is {shown}; "
                "write hours for each source that is checked, e.g. {files: 48}",
            )
            for value, shown in [
                ("48", "48"),
                ("{files: 0}", "{'files': 0}"),
                ("{files: .inf}", "{'files': inf}"),
                ("{files: soon}", "{'files': 'soon'}"),
            ]
        ),
        (
            "max_raw_age_hours: {file: 48}",
            "--vars: max_raw_age_hours: no source 'file'; did you mean 'files'? "
            "(sources are the folders of models/staging: files, sample)",
        ),
        ("stale_raw: ignore", "--vars: stale_raw is 'ignore'; write warn or refuse"),
        *(
            (
                f"publications_kept: {value}",
                f"--vars: publications_kept is {value}; write a whole number, at least 2",
            )
            for value in ("1", "2.5")
        ),
        *(
            (
                f"report_days: {value}",
                f"--vars: report_days is {value}; write whole days from 1 to 366",
            )
            for value in ("0", "2.5", "367")
        ),
        *(
            (
                f"publish_parquet: {value}",
                f"--vars: publish_parquet is {shown}; write true or false",
            )
            for value, shown in (("sometimes", "'sometimes'"), ("0", "0"), ("null", "None"))
        ),
        *(
            (
                f"full_check_days: {value}",
                f"--vars: full_check_days is {shown}; "
                "write days from 0 (every run tests all rows) to 366",
            )
            for value, shown in [
                ("-1", "-1"),
                ("367", "367"),
                ("true", "True"),
                ("weekly", "'weekly'"),
                (".inf", "inf"),
            ]
        ),
        *(
            (
                f"{{signal_base: {written}}}",
                f"--vars: signal_base is {shown}; write null, or the first and the last day, e.g. "
                "{from: 2026-01-05, to: 2026-03-01}",
            )
            for written, shown in [
                ("2026", "2026"),
                ("{from: 2026-01-05}", "{'from': datetime.date(2026, 1, 5)}"),
                (
                    "{from: '2026-01-05', to: '2026-01-04'}",
                    "{'from': '2026-01-05', 'to': '2026-01-04'}",
                ),
                (
                    "{from: '2026-02-30', to: '2026-03-01'}",
                    "{'from': '2026-02-30', 'to': '2026-03-01'}",
                ),
            ]
        ),
        (
            "signal_rules: [beyond]",
            "--vars: signal_rules is ['beyond']; write a list of beyond_three_sigma and "
            "run_of_eight, or []",
        ),
        (
            "signal_minimum_sessions: 0",
            "--vars: signal_minimum_sessions is 0; write a whole number from 1 to 1,000,000",
        ),
        ("notify: all", "--vars: notify is 'all'; write a list of signals and failures, or []"),
        *(
            (
                f"report_url: '{written}'",
                f"--vars: report_url is '{written}'; write the http(s) address of your report.html "
                "without a password, a ? or a #, or null",
            )
            for written in ("report.html", "https://me:x@h/report.html", "https://h/r.html#from=1")
        ),
        (
            "reporting_timezone: europe/berlin",
            "--vars: no time zone 'europe/berlin' for reporting_timezone; "
            "did you mean 'Europe/Berlin'? (write e.g. Europe/Berlin)",
        ),
        (
            "reporting_timezone: 7",
            "--vars: no time zone 7 for reporting_timezone (write e.g. Europe/Berlin)",
        ),
        (
            "sources: []",
            "--vars: sources is []; name at least one, e.g. [sample]",
        ),
        (
            "sources: {a: 1}",
            "--vars: sources is {'a': 1}; name at least one, e.g. [sample]",
        ),
        (
            "sources: [sample, smaple]",
            "--vars: no source 'smaple'; did you mean 'sample'? "
            "(sources are the folders of models/staging: files, sample)",
        ),
        (
            "sources: ../../seeds",
            "--vars: no source '../../seeds' "
            "(sources are the folders of models/staging: files, sample)",
        ),
        (
            "just words",
            "--vars: 'just words' names no setting; write e.g. '{courtesy_minutes: 5}'",
        ),
        (
            "{a: [",
            "--vars: not valid YAML: expected the node content, but found '<stream end>' (line 1); "
            "write e.g. '{courtesy_minutes: 5}'",
        ),
    ],
)
def test_wrong_vars(project: Path, vars_text: str, line: str) -> None:
    assert refusal(project, vars_text) == line


def test_source_named_on_the_command_line(project: Path) -> None:
    assert load(project, sources=["sample", "sample"]).sources == ("sample",)
    assert refusal(project, sources=["file"], raw_path=".").startswith(
        "--source: no source 'file'; did you mean 'files'?"
    )


def test_project_file_missing(tmp_path: Path) -> None:
    assert refusal(tmp_path) == f"{tmp_path / 'dbt_project.yml'}: not found; restore it"


def test_project_file_that_is_no_yaml(project: Path) -> None:
    (project / "dbt_project.yml").write_text("vars:\n  a: [\nb: c\n")
    assert refusal(project).startswith("dbt_project.yml: not valid YAML: ")


def test_target(project: Path) -> None:
    assert settings.target_type(project, "big") == "spark"
    with pytest.raises(Stop) as stop:
        settings.target_type(project, "bigger")
    assert line_of(stop.value) == "--target bigger: not in profiles.yml; it has big, duckdb"


# --- raw_path ------------------------------------------------------------------------------------


def test_raw_path_is_needed_for_files_only(project: Path) -> None:
    assert refusal(project, sources=["files"]) == (
        "raw_path is not set; name the folder that the source 'files' reads: --raw-path"
    )
    assert refusal(project, raw_path=str(project)) == (
        "--raw-path: none of the sources reads it; add --source, e.g. files"
    )
    assert load(project, environment={"CONTAINMENT_RAW_PATH": "/gone"}).places == {}


def test_raw_path_must_exist(project: Path) -> None:
    gone = project / "gone"
    assert refusal(project, sources=["files"], raw_path=str(gone)) == (
        f"raw_path {gone}: no such folder; check the path"
    )
    assert refusal(project, "raw_path: 7", sources=["files"]) == (
        "--vars: raw_path is 7; name a folder"
    )


def test_raw_path_by_the_environment(project: Path) -> None:
    environment = {"CONTAINMENT_RAW_PATH": str(project)}
    found = load(project, None, environment, sources=["files"])
    assert found.places == {"files": Folder(project)}
    other = load(project, None, environment, sources=["files"], raw_path=str(project / "seeds"))
    assert other.places == {"files": Folder(project / "seeds")}


@pytest.fixture
def desk(project: Path) -> Path:
    """The project with one more source that reads tables."""
    folder = project / "models" / "staging" / "desk"
    folder.mkdir()
    (folder / "_desk__sources.yml").write_text("sources: []\n")
    return project


def test_each_source_has_a_place_of_its_own(desk: Path) -> None:
    tables = "{source_tables: {desk: {schema: lake}, files: {path: seeds}}}"
    found = load(desk, tables, sources=["sample", "desk", "files"])
    assert found.places == {"desk": Schema("lake"), "files": Folder(desk / "seeds")}
    assert "source_tables" not in found.dbt_vars()


def test_raw_path_is_for_the_source_without_a_place(desk: Path) -> None:
    both = {"sources": ["desk", "files"], "raw_path": str(desk)}
    found = load(desk, "{source_tables: {desk: {schema: lake}}}", **both)
    assert found.places == {"desk": Schema("lake"), "files": Folder(desk)}
    assert refusal(desk, **both) == (
        "--raw-path: raw_path is for one source, and desk, files are on; "
        "say where each reads in source_tables"
    )


def test_raw_path_that_was_typed_goes_before_the_place_of_the_only_source(desk: Path) -> None:
    tables = "{source_tables: {desk: {schema: lake}}}"
    found = load(desk, tables, sources=["desk"], raw_path=str(desk))
    assert found.places == {"desk": Folder(desk)}
    by_environment = {"CONTAINMENT_RAW_PATH": str(desk)}
    assert load(desk, tables, by_environment, sources=["desk"]).places == {"desk": Schema("lake")}


def test_wrong_source_tables(desk: Path) -> None:
    assert refusal(desk, "{source_tables: lake}", sources=["desk"]) == (
        "--vars: source_tables is 'lake'; write e.g. {intercom: {path: DIR}}"
    )
    assert refusal(desk, "{source_tables: {disk: {schema: lake}}}", sources=["desk"]).startswith(
        "--vars: source_tables: no source 'disk'; did you mean 'desk'?"
    )
    assert refusal(desk, "{source_tables: {desk: {path: gone}}}", sources=["desk"]) == (
        f"source_tables of desk {desk / 'gone'}: no such folder; check the path"
    )


def test_relative_raw_path(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path / "models")
    seeds = {"files": Folder(project / "seeds")}
    assert load(project, sources=["files"], raw_path="../seeds").places == seeds
    text = PROJECT_FILE.replace("raw_path: null", "raw_path: seeds")
    (project / "dbt_project.yml").write_text(text)
    assert load(project, sources=["files"]).places == seeds


# --- lookup seeds --------------------------------------------------------------------------------


def seed_refusal(project: Path) -> str:
    with pytest.raises(Stop) as stop:
        lookups.load(project)
    return line_of(stop.value)


def test_good_seeds(project: Path) -> None:
    found = lookups.load(project)
    assert found.channels == {"*", "chat"}
    assert found.knows_event_type("sample", "closed")
    assert found.knows_event_type("files", "x")
    assert not found.knows_event_type("sample", "x")
    assert found.findings == {"no_events"}


POLICIES = "channel,timeout_minutes\n*,60\n"
MINUTES = "write a whole number from 1 to 525600"


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ("channel\n*\n", ": no column timeout_minutes; add it (found: channel)"),
        ("", ": no column channel; add it (found: none)"),
        (POLICIES + "chat,0\n", f" line 3: timeout_minutes is '0'; {MINUTES}"),
        (POLICIES + "chat,\n", " line 3: timeout_minutes is blank; fill it in"),
        (POLICIES + "chat,2.5\n", f" line 3: timeout_minutes is '2.5'; {MINUTES}"),
        (POLICIES + "chat,-5\n", f" line 3: timeout_minutes is '-5'; {MINUTES}"),
        (POLICIES + "chat,525601\n", f" line 3: timeout_minutes is '525601'; {MINUTES}"),
        (POLICIES + "chat,5\nchat,6\n", " line 4: channel as in line 3; keep one row of both"),
        (POLICIES + "Chat,5\n", " line 3: channel is 'Chat'; write it in lower case"),
        (POLICIES + ",5\n", " line 3: channel is blank; fill it in"),
        (POLICIES + "chat ,5\n", " line 3: channel begins or ends with a blank; take it away"),
        (
            POLICIES + "chat,5,6\n",
            " line 3: 3 values in 2 columns; write as many as the header names",
        ),
        (
            "channel,timeout_minutes\nchat,60\n",
            ": no row for *; add one, it is the timeout of every other channel",
        ),
    ],
)
def test_wrong_channel_policies(project: Path, content: str, line: str) -> None:
    seed(project, "channel_policies", content)
    assert seed_refusal(project) == f"seeds/channel_policies.csv{line}"


TYPES = "source,event_type,boundary\n"


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ("source,event_type\n", ": no column boundary; add it (found: source, event_type)"),
        (
            TYPES + "*,closed,end\n",
            " line 2: boundary is 'end'; write resolved, escalated or none",
        ),
        (
            TYPES + "*,a,none\nfiles,a,none\n*,a,resolved\n",
            " line 4: source and event_type as in line 2; keep one row of both",
        ),
        (TYPES + "*,Closed,none\n", " line 2: event_type is 'Closed'; write it in lower case"),
        (TYPES + ",closed,none\n", " line 2: source is blank; fill it in"),
        (TYPES + "*,,none\n", " line 2: event_type is blank; fill it in"),
    ],
)
def test_wrong_event_types(project: Path, content: str, line: str) -> None:
    seed(project, "event_types", content)
    assert seed_refusal(project) == f"seeds/event_types.csv{line}"


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ("brand\n*\n", ": no column iso_weekday; add it (found: brand)"),
        (
            HOURS + "*,0,09:00,17:00\n",
            " line 2: iso_weekday is '0'; write a whole number from 1 to 7",
        ),
        (HOURS + ",1,09:00,17:00\n", " line 2: brand is blank; fill it in"),
        (HOURS + "*,1,9:00,17:00\n", " line 2: opens_at is '9:00'; write HH:MM, e.g. 09:00"),
        (HOURS + "*,1,09:00,24:01\n", " line 2: closes_at is '24:01'; write HH:MM, e.g. 09:00"),
        (
            HOURS + "*,1,22:00,06:00\n",
            " line 2: opens at 22:00 and closes at 06:00; write work through midnight as two rows, "
            "until 24:00 and from 00:00",
        ),
        (
            HOURS + "*,1,09:00,12:00\n*,1,12:00,17:00\n*,2,09:00,12:00\n*,1,11:59,12:01\n",
            " line 5: two openings of '*' on weekday 1 overlap; keep one",
        ),
        (HOURS + "Acme,1,09:00,17:00\n", ": no row for *; add one, it holds for every other brand"),
    ],
)
def test_wrong_business_hours(project: Path, content: str, line: str) -> None:
    seed(project, "business_hours", content)
    assert seed_refusal(project) == f"seeds/business_hours.csv{line}"


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ("source,finding\n", ": no column limit; add it (found: source, finding)"),
        (
            LIMITS + "*,no_events,5,warn\n",
            " line 2: limit is '5'; write a number from 0 to 1",
        ),
        (
            LIMITS + "*,no_events,,warn\n",
            " line 2: limit is blank; fill it in",
        ),
        (
            LIMITS + "*,no_events,0,stop\n",
            " line 2: action is 'stop'; write note, warn or refuse",
        ),
        (
            LIMITS + "*,no_events,0,warn\n*,no_events,0.5,refuse\n",
            " line 3: source and finding as in line 2; keep one row of both",
        ),
        (LIMITS + "Files,no_events,0,warn\n", " line 2: source is 'Files'; write it in lower case"),
    ],
)
def test_wrong_quality_limits(project: Path, content: str, line: str) -> None:
    seed(project, "quality_limits", content)
    assert seed_refusal(project) == f"seeds/quality_limits.csv{line}"


OVERLAP = (
    ": its days overlap those of another price of the same source and channel; "
    "end the one where the other begins"
)


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ("source,channel\n", ": no column from_date; add it (found: source, channel)"),
        (PRICES + "*,*,2026-01-01,,,1,EUR\n", " line 2: contact_cost is blank; fill it in"),
        (
            PRICES + "*,*,2026-01-01,,5,-1,EUR\n",
            " line 2: session_cost is '-1'; write a number from 0 to 1000000",
        ),
        (
            PRICES + "*,Chat,2026-01-01,,5,1,EUR\n",
            " line 2: channel is 'Chat'; write it in lower case",
        ),
        (
            PRICES + "*,*,2026-01-01,,5,1,€\n",
            " line 2: currency is not three capitals; write e.g. EUR",
        ),
        (
            PRICES + "*,*,1/2/2026,,5,1,EUR\n",
            " line 2: from_date is '1/2/2026'; write YYYY-MM-DD, e.g. 2026-01-31",
        ),
        (
            PRICES + "*,*,2026-01-01,2026-02-30,5,1,EUR\n",
            " line 2: to_date is '2026-02-30'; write YYYY-MM-DD, e.g. 2026-01-31",
        ),
        (
            PRICES + "*,*,2026-01-02,2026-01-01,5,1,EUR\n",
            " line 2: from 2026-01-02 to 2026-01-01; the first day comes first",
        ),
        (
            PRICES + "*,*,2026-01-01,,5,1,EUR\n*,*,2026-01-01,,5,1,EUR\n",
            " line 3: source and channel and from_date as in line 2; keep one row of both",
        ),
        # One day of both; then a price without an end before one, and after one.
        (
            PRICES + "*,*,2026-01-01,2026-01-31,5,1,EUR\n*,*,2026-01-31,,6,1,EUR\n",
            f" line 3{OVERLAP}",
        ),
        (PRICES + "*,*,2026-01-01,,5,1,EUR\n*,*,2026-02-01,,6,1,EUR\n", f" line 3{OVERLAP}"),
        (PRICES + "*,*,2026-02-01,,5,1,EUR\n*,*,2026-01-01,,6,1,EUR\n", f" line 3{OVERLAP}"),
    ],
)
def test_wrong_prices(project: Path, content: str, line: str) -> None:
    seed(project, "prices", content)
    assert seed_refusal(project) == f"seeds/prices.csv{line}"


@pytest.mark.parametrize(
    ("row", "line"),
    [
        ("containment,2026-01-01,0.7", "rate_name is 'containment'; write containment_rate"),
        ("containment_rate,1/2/26,0.7", "from_date is '1/2/26'; write YYYY-MM-DD"),
        ("containment_rate,2026-01-01,70", "target is '70'; write a number from 0 to 1"),
        ("containment_rate,2026-01-01,", "target is blank; fill it in"),
    ],
)
def test_wrong_targets(project: Path, row: str, line: str) -> None:
    seed(project, "targets", f"{TARGETS}{row}\n")
    assert seed_refusal(project).startswith(f"seeds/targets.csv line 2: {line}")


def test_targets_are_read(project: Path) -> None:
    seed(project, "targets", TARGETS + "containment_rate,2026-01-01,0.7\n")
    rows = lookups.load(project).contents[lookups.TARGETS].rows
    assert list(lookups.targets(rows)) == [("containment_rate", date(2026, 1, 1), 0.7)]


def test_prices_of_different_days_sources_and_channels(project: Path) -> None:
    rows = (
        "*,*,2026-01-01,2026-01-31,5,1,EUR",
        "*,*,2026-02-01,,6,0,USD",
        "*,chat,2026-01-15,,5,1,EUR",
    )
    seed(
        project,
        "prices",
        PRICES + "".join(f"{row}\n" for row in (*rows, "files,*,2026-01-15,null,5,1,EUR")),
    )
    assert len(lookups.load(project).contents["prices.csv"].rows) == 4


def test_seed_missing(project: Path) -> None:
    (project / "seeds" / "event_types.csv").unlink()
    assert seed_refusal(project) == "seeds/event_types.csv: not found; restore it"


def test_seed_that_is_not_utf8(project: Path) -> None:
    (project / "seeds" / "channel_policies.csv").write_bytes(b"channel,timeout_minutes\n\xe9,1\n")
    assert seed_refusal(project) == "seeds/channel_policies.csv: not UTF-8 text; save it as UTF-8"
