"""config/: one's own settings and lookups, and the one line with which what is wrong there ends."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import projects
import pytest

from containment.common.errors import UNUSABLE, Stop
from containment.common.places import Home
from containment.settings import lookup_tables, lookups, own_config, settings
from containment.settings.lookups import CHANNELS, HOURS, Lookups
from containment.settings.own_config import OwnConfig
from containment.settings.raw_places import Folder
from containment.settings.values import Given

TYPES = "source,event_type,boundary\n"
AUTHORS = "zendesk/zendesk_authors.csv"


@pytest.fixture(scope="module")
def known() -> Mapping[str, lookup_tables.Lookup]:
    """The lookups of the project."""
    return lookup_tables.declared(projects.ROOT)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """The folder config/ of a home, empty."""
    folder = tmp_path / "config"
    folder.mkdir()
    return folder


def put(config: Path, name: str, content: str | bytes) -> None:
    """Write a file of config/."""
    file = config / name
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(content.encode() if isinstance(content, str) else content)


def found(config: Path, typed: str | None = None) -> OwnConfig:
    """What is found in the home of this config/, or in the folder that was typed."""
    return own_config.find(config.parent, typed, lookup_tables.declared(projects.ROOT))


def loaded(config: Path) -> Lookups:
    """The project's lookups with those of config/."""
    return lookups.load(projects.ROOT, found(config).lookups)


def rows(content: lookup_tables.Content) -> list[tuple[str, ...]]:
    """The rows, without where they stand."""
    return [tuple(row.values.get(name, "") for name in content.header) for row in content.rows]


def refusal(config: Path) -> str:
    """The line with which the lookups of config/ are refused."""
    with pytest.raises(Stop) as stop:
        loaded(config)
    assert stop.value.exit_code == UNUSABLE
    assert "\n" not in str(stop.value)
    return str(stop.value)


# --- what holds ----------------------------------------------------------------------------------


LAUGHS = "".join(f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 9)}]}}\n" for n in range(1, 30))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("[" * 20_000 + "]" * 20_000, "not usable YAML: nested too deep"),
        ("a: {" * 5_000, "not usable YAML: nested too deep"),
        (f"courtesy_minutes: {'9' * 5_000}", "not valid YAML: a number is too long"),
        (
            "a0: &a0 {k: v}\n" + LAUGHS,
            "not valid YAML: << merges are not read, write the names",
        ),
        ("as_of: 2026-02-30", "not valid YAML: there is no such date"),
        ("a: \0", "not valid YAML: "),
    ],
    ids=["deep", "deep names", "digits", "laughs", "no date", "null byte"],
)
def test_yaml_that_is_too_much_is_one_line(config: Path, content: str, said: str) -> None:
    put(config, "settings.yml", content)
    with pytest.raises(Stop) as stop:
        settings.load(projects.ROOT, {}, None, {}, found(config).settings)
    assert str(stop.value).startswith(f"config/settings.yml: {said}")
    with pytest.raises(Stop) as stop:
        settings.load(projects.ROOT, {}, content.replace("\n", "\r\n"), {})
    assert str(stop.value).startswith(f"--vars: {said}")


def test_without_a_folder_all_is_the_projects_own(tmp_path: Path) -> None:
    assert own_config.find(tmp_path, None, ()) == OwnConfig()
    assert lookups.load(projects.ROOT).changed == frozenset()


def test_a_row_takes_the_place_of_the_row_of_equal_key_and_others_stay(config: Path) -> None:
    put(config, "event_types.csv", TYPES + "*,closed,none\nfiles,closed,escalated\n")
    before = lookups.load(projects.ROOT)
    after = loaded(config)
    assert after.changed == {"event_types.csv"}
    is_other = {("*", "closed", "resolved")}
    assert set(rows(after.contents["event_types.csv"])) == (
        set(rows(before.contents["event_types.csv"])) - is_other
        | {("*", "closed", "none"), ("files", "closed", "escalated")}
    )
    assert after.knows_event_type("files", "closed")


def test_business_hours_are_replaced_by_the_brand(config: Path) -> None:
    put(
        config, HOURS, "brand,iso_weekday,opens_at,closes_at\n*,1,09:00,17:00\nAcme,7,00:00,24:00\n"
    )
    assert rows(loaded(config).contents[HOURS]) == [
        ("*", "1", "09:00", "17:00"),
        ("Acme", "7", "00:00", "24:00"),
    ]


def test_the_star_row_of_the_project_stays(config: Path) -> None:
    put(config, CHANNELS, "channel,timeout_minutes\nkiosk,10\n")
    assert {"*", "chat", "kiosk"} <= loaded(config).channels


def test_columns_may_stand_in_another_order_and_those_that_may_be_blank_be_missing(
    config: Path,
) -> None:
    put(config, "rasa/rasa_channels.csv", "channel,input_channel\nchat,kiosk\n")
    merged = loaded(config).contents["rasa/rasa_channels.csv"]
    assert merged.header == ("input_channel", "channel", "exclusion_reason")
    assert rows(merged)[-1] == ("kiosk", "chat", "")


def test_words_in_any_case_are_one_where_the_models_take_them_for_one(config: Path) -> None:
    put(config, "chatwoot/chatwoot_excluded_labels.csv", "label_name,exclusion_reason\nSpam,junk\n")
    merged = rows(loaded(config).contents["chatwoot/chatwoot_excluded_labels.csv"])
    assert [row for row in merged if row[0].lower() == "spam"] == [("Spam", "junk")]


@pytest.mark.parametrize(
    "content",
    [
        "\ufeff" + TYPES + "*,x,none\n",
        (TYPES + "*,x,none\n").replace("\n", "\r\n"),
        TYPES + "\n*,x,none\n\n\n",
        "\n" + TYPES + "*,x,none",
        TYPES + '"*","x","none"\n',
    ],
    ids=["byte order mark", "CRLF", "blank lines", "blank first line", "quotes"],
)
def test_a_file_as_a_spreadsheet_writes_it(config: Path, content: str) -> None:
    put(config, "event_types.csv", content)
    assert ("*", "x") in loaded(config).event_types


def test_a_file_without_rows_is_a_warning(config: Path) -> None:
    put(config, "event_types.csv", TYPES)
    assert loaded(config).warnings == ("config/event_types.csv: no row in it; it changes nothing",)


def test_hidden_files_and_a_readme_are_let_alone(config: Path) -> None:
    for name in (".git/config", ".DS_Store", "README.md", "zendesk/.keep"):
        put(config, name, "x")
    assert found(config) == OwnConfig()


def test_a_link_to_a_file_is_a_file(config: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere.csv").write_text(TYPES + "*,x,none\n")
    (config / "event_types.csv").symlink_to(tmp_path / "elsewhere.csv")
    assert ("*", "x") in loaded(config).event_types


def test_what_is_there_is_described(config: Path) -> None:
    put(config, "settings.yml", "")
    put(config, AUTHORS, "author_role,user_id,author_type\nagent,7,bot\n")
    assert found(config).described() == f"config/settings.yml, config/{AUTHORS}"
    typed = str(config)
    assert found(config, typed + "/").described() == f"{typed}/settings.yml, {typed}/{AUTHORS}"


# --- what is refused -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "content", "line"),
    [
        ("event_types.csv", "", ": no column source; add it (found: none)"),
        (
            "event_types.csv",
            "source,event_type\n",
            ": no column boundary; add it (found: source, event_type)",
        ),
        ("event_types.csv", "event_type,boundary\nx,none\n", ": no column source; add it (found: "),
        (
            "event_types.csv",
            "source,event_type,boundary,bondary\n",
            ": no column 'bondary' in this lookup; did you mean 'boundary'? "
            "(its columns: source, event_type, boundary)",
        ),
        (
            "event_types.csv",
            "source,event_type,boundary,source\n",
            ": the column 'source' appears twice; keep one",
        ),
        (
            "event_types.csv",
            TYPES.replace(",", ";"),
            ": values are separated by ';'; write commas",
        ),
        (
            "event_types.csv",
            TYPES + "*,x,none\n\n*,x,resolved\n",
            " line 4: source and event_type as in line 2; keep one row of both",
        ),
        (
            "event_types.csv",
            TYPES + "*,x,end\n",
            " line 2: boundary is 'end'; write resolved, escalated or none",
        ),
        ("event_types.csv", TYPES + ",,\n", " line 2: source is blank; fill it in"),
        (
            "event_types.csv",
            TYPES + "*,x\n",
            " line 2: 2 values in 3 columns; write as many as the header names",
        ),
        ("event_types.csv", TYPES + '*,"x,none\n', ": a quote that does not end"),
        ("event_types.csv", b"source,event_type,boundary\n*,caf\xe9,none\n", ": not UTF-8 text"),
        ("event_types.csv", (TYPES + "*,x,none\n").encode("utf-16"), ": not UTF-8 text"),
        (
            CHANNELS,
            "channel,timeout_minutes\nchat,0\n",
            " line 2: timeout_minutes is '0'; write a whole number from 1 to 525600",
        ),
        (
            HOURS,
            "brand,iso_weekday,opens_at,closes_at\nA,1,09:00,12:00\nA,1,11:00,13:00\n",
            " line 3: two openings of 'A' on weekday 1 overlap; keep one",
        ),
        (
            AUTHORS,
            "author_role,user_id,author_type\nagent,7,robot\n",
            " line 2: author_type is 'robot'; write customer, bot, agent or system",
        ),
        (
            "intercom/intercom_excluded_tags.csv",
            "tag,exclusion_reason\nSpam,spam\n",
            " line 2: tag is 'Spam'; write it in lower case",
        ),
        (
            "intercom/intercom_part_types.csv",
            "part_type,message,is_assignment\nx,none,no\n",
            " line 2: is_assignment is 'no'; write true or false",
        ),
        (
            "reamaze/reamaze_authors.csv",
            "author,author_type\nbot@acme.com,bot\nBot@Acme.com,system\n",
            " line 3: author as in line 2; keep one row of both",
        ),
        (
            "reamaze/reamaze_authors.csv",
            "author,author_type\nbot,bot@acme.com\n",
            " line 2: author_type is something else; write customer, bot, agent or system",
        ),
        (
            "reamaze/reamaze_authors.csv",
            "author,author_type\n bot@acme.com,bot\n",
            " line 2: author begins or ends with a blank; take it away",
        ),
    ],
)
def test_a_wrong_row_names_its_file(
    config: Path, name: str, content: str | bytes, line: str
) -> None:
    put(config, name, content)
    assert refusal(config).startswith(f"config/{name}{line}")
    assert "acme" not in refusal(config).lower()


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("event_type.csv", "; did you mean 'event_types.csv'?"),
        ("Event_Types.csv", "; did you mean 'event_types.csv'?"),
        ("zendesk_authors.csv", f"; did you mean {AUTHORS!r}?"),
        ("zendesk/event_types.csv", "; did you mean 'event_types.csv'?"),
        ("zendesk/zendesk_author.csv", f"; did you mean {AUTHORS!r}?"),
        ("settings.yaml", "; did you mean 'settings.yml'?"),
        ("sample/sample_messages.csv", ""),
        ("event_types.csv~", "; did you mean 'event_types.csv'?"),
        ("q", ""),
    ],
)
def test_a_file_that_nobody_reads(config: Path, name: str, hint: str) -> None:
    put(config, name, TYPES)
    line = refusal(config)
    assert line.startswith(f"config/{name}: no setting or lookup{hint}"), line
    assert line.endswith("rename it, or take it away")


def test_what_is_no_file(config: Path, tmp_path: Path) -> None:
    (config / "event_types.csv").mkdir()
    assert refusal(config) == (
        "config/event_types.csv: a folder; put a file there, or take it away"
    )
    (config / "event_types.csv").rmdir()
    os.mkfifo(config / "event_types.csv")
    assert refusal(config) == "config/event_types.csv: no file; put a file there, or take it away"
    (config / "event_types.csv").unlink()
    (config / "event_types.csv").symlink_to(tmp_path / "gone")
    assert refusal(config).startswith("config/event_types.csv: no file; ")
    (config / "event_types.csv").unlink()
    (config / "zendesk" / "more").mkdir(parents=True)
    assert refusal(config).startswith("config/zendesk/more: a folder; ")


def test_a_file_that_may_not_be_read(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(config, "event_types.csv", TYPES)
    opened = Path.open

    def refuse(path: Path, *arguments: object, **named: object) -> object:
        if path.parent == config:
            raise PermissionError(13, "Permission denied", str(path))
        return opened(path, *arguments, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(Path, "open", refuse)
    assert refusal(config) == "config/event_types.csv: cannot be read (Permission denied)"


@pytest.mark.parametrize(
    ("typed", "line"),
    [
        ("gone", "gone: no such folder; check --config"),
        ("file", "file: not a folder; put settings.yml and your lookups in one"),
    ],
)
def test_a_folder_that_was_typed_and_is_none(
    config: Path, monkeypatch: pytest.MonkeyPatch, typed: str, line: str
) -> None:
    monkeypatch.chdir(config)
    (config / "file").touch()
    with pytest.raises(Stop) as stop:
        found(config, typed)
    assert str(stop.value) == line


def test_a_home_whose_config_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "config").touch()
    with pytest.raises(Stop) as stop:
        own_config.find(tmp_path, None, ())
    assert str(stop.value).startswith("config: not a folder; ")


# --- the declarations ----------------------------------------------------------------------------


def test_every_seed_but_the_samples_is_a_lookup(
    known: Mapping[str, lookup_tables.Lookup],
) -> None:
    seeds = (path.relative_to(projects.ROOT / "seeds") for path in seeds_of(projects.ROOT))
    assert {seed.as_posix() for seed in seeds if seed.parts[0] != "sample"} == set(known)


def seeds_of(root: Path) -> list[Path]:
    """The seeds of a project."""
    return sorted((root / "seeds").rglob("*.csv"))


def test_a_later_lookup_needs_no_python(tmp_path: Path) -> None:
    project = projects.copy_project(tmp_path / "project")
    seed = project / "seeds" / "quality.csv"
    seed.write_text("source,share\n*,0.5\n")
    yml = seed.with_suffix(".yml")
    yml.write_text(
        "seeds: [{name: quality, config: {meta: {key: [source]}, column_types: {share: double}}, "
        "data_tests: [{key: {arguments: {columns: [source]}}}, {sound_rows: {arguments: "
        "{not_null: [share], between: {share: [0, 1]}}}}], "
        "columns: [{name: source}, {name: share}]}]"
    )
    put(tmp_path / "config", "quality.csv", "source,share\nfiles,0.25\n")
    known = lookup_tables.declared(project)
    own = own_config.find(tmp_path, None, known).lookups
    content = lookups.load(project, own).contents["quality.csv"]
    assert rows(content) == [("*", "0.5"), ("files", "0.25")]
    for value in ("1.5", "half", "nan", "-0.1"):
        put(tmp_path / "config", "quality.csv", f"source,share\nfiles,{value}\n")
        with pytest.raises(Stop) as stop:
            lookups.load(project, own)
        assert str(stop.value) == (
            f"config/quality.csv line 2: share is {value!r}; write a number from 0 to 1"
        )


@pytest.mark.parametrize("key", ["[sauce]", "7", "[source, sauce]"])
def test_a_wrong_declaration_names_its_file(tmp_path: Path, key: str) -> None:
    (tmp_path / "seeds").mkdir()
    (tmp_path / "seeds" / "words.yml").write_text(
        f"seeds: [{{name: words, config: {{meta: {{key: {key}}}}}, columns: [{{name: source}}]}}]"
    )
    with pytest.raises(Stop) as stop:
        lookup_tables.declared(tmp_path)
    assert str(stop.value).startswith("seeds/words.yml: not a declaration of a lookup (")


# --- settings ------------------------------------------------------------------------------------


def own_settings(config: Path, **more: object) -> settings.Settings:
    """The settings with those of config/, and more that were given."""
    options = {name: Given(value, f"--{name}") for name, value in more.pop("options", {}).items()}
    return settings.load(
        projects.ROOT,
        options,
        more.get("vars_text"),
        more.get("environment", {}),
        found(config).settings,
    )


def test_what_names_a_setting_first_counts(config: Path, tmp_path: Path) -> None:
    put(config, "settings.yml", "courtesy_minutes: 5\nas_of: 2026-10-01\nsources: files\n")
    raw = {"CONTAINMENT_RAW_PATH": str(tmp_path)}
    plain = own_settings(config, environment=raw)
    assert (plain.courtesy_minutes, plain.sources) == (5, ("files",))
    assert plain.as_of == "2026-10-01 00:00:00"
    assert plain.reporting_timezone == "UTC"
    given = own_settings(
        config,
        environment=raw,
        vars_text="{courtesy_minutes: 6, as_of: 2026-10-02}",
        options={"as_of": "2026-10-03"},
    )
    assert (given.courtesy_minutes, given.as_of) == (6, "2026-10-03 00:00:00")


def test_the_environment_goes_before_config(config: Path, tmp_path: Path) -> None:
    (tmp_path / "raw").mkdir()
    put(config, "settings.yml", "sources: [files]\nraw_path: gone\n")
    found = own_settings(config, environment={"CONTAINMENT_RAW_PATH": str(tmp_path / "raw")})
    assert found.places == {"files": Folder(tmp_path / "raw")}


def test_a_path_begins_at_the_folder_of_its_file(config: Path, tmp_path: Path) -> None:
    (tmp_path / "raw").mkdir()
    put(config, "settings.yml", "sources: [files]\nraw_path: ../raw\n")
    assert own_settings(config).places == {"files": Folder(tmp_path / "raw")}
    put(config, "settings.yml", "sources: [files]\nsource_tables: {files: {path: ../raw}}\n")
    assert own_settings(config).places == {"files": Folder(tmp_path / "raw")}


@pytest.mark.parametrize("content", ["", "\n# courtesy_minutes: 5\n", "\ufeff{}"])
def test_settings_that_say_nothing(config: Path, content: str) -> None:
    put(config, "settings.yml", content)
    assert own_settings(config) == settings.load(projects.ROOT, {}, None, {})


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (
            "session_scop: session",
            "no setting 'session_scop'; did you mean 'session_scope'? "
            "(settings are the vars of dbt_project.yml)",
        ),
        ("vars: {courtesy_minutes: 5}", "no setting 'vars'"),
        ("courtesy_minutes: much", "courtesy_minutes is 'much'; write whole minutes from 0 to"),
        ("sources: [smaple]", "no source 'smaple'; did you mean 'sample'?"),
        ("just words", "names no setting; write e.g. courtesy_minutes: 5"),
        ("- courtesy_minutes", "names no setting; write e.g. courtesy_minutes: 5"),
        ("a: [", "not valid YAML: "),
        ("a: !!python/object:x {}", "not valid YAML: "),
        ("as_of: 2026-02-30", "not valid YAML: "),
        (
            "courtesy_minutes: 5\nsession_scope: session\ncourtesy_minutes: 0\n",
            "not valid YAML: courtesy_minutes appears twice (line 3); write e.g.",
        ),
        (b"a: \xe9", "not UTF-8 text; save it as UTF-8"),
        ("source_tables: {file: {path: x}}", "source_tables: no source 'file'"),
    ],
)
def test_wrong_settings_name_their_file(config: Path, content: str | bytes, line: str) -> None:
    put(config, "settings.yml", content)
    with pytest.raises(Stop) as stop:
        own_settings(config)
    assert str(stop.value).startswith(f"config/settings.yml: {line}"), stop.value


# --- what dbt builds -----------------------------------------------------------------------------


def test_dbt_builds_the_project_itself_while_no_lookup_differs(tmp_path: Path) -> None:
    home = Home(tmp_path)
    assert lookups.place_project(projects.ROOT, lookups.load(projects.ROOT), home) == projects.ROOT
    assert list(tmp_path.iterdir()) == []


def test_dbt_builds_links_to_the_project_with_a_copy_of_its_seeds(config: Path) -> None:
    put(config, CHANNELS, "channel,timeout_minutes\nkiosk,10\n")
    home = Home(config.parent)
    folder = lookups.place_project(projects.ROOT, loaded(config), home)
    assert (folder / "models").resolve() == projects.ROOT / "models"
    assert [seed.relative_to(folder) for seed in seeds_of(folder)] == [
        seed.relative_to(projects.ROOT) for seed in seeds_of(projects.ROOT)
    ]
    before, after = ((root / "seeds" / CHANNELS).read_text() for root in (projects.ROOT, folder))
    assert after == before + "kiosk,10\n"
    assert (folder / "seeds" / HOURS).read_text() == (projects.ROOT / "seeds" / HOURS).read_text()


@pytest.mark.parametrize("char", "'*?[")
def test_a_home_whose_seeds_dbt_could_not_read(config: Path, tmp_path: Path, char: str) -> None:
    put(config, CHANNELS, "channel,timeout_minutes\nkiosk,10\n")
    home = Home(tmp_path / f"a{char}b")
    with pytest.raises(Stop) as stop:
        lookups.place_project(projects.ROOT, loaded(config), home)
    assert str(stop.value).endswith("in its name; choose another --home")
    assert lookups.place_project(projects.ROOT, lookups.load(projects.ROOT), home) == projects.ROOT


def test_what_dbt_has_parsed_is_forgotten_when_it_builds_another_folder(config: Path) -> None:
    put(config, CHANNELS, "channel,timeout_minutes\nkiosk,10\n")
    home = Home(config.parent)
    home.dbt_target.mkdir(parents=True)
    of_the_project, own = lookups.load(projects.ROOT), loaded(config)
    for words, is_kept in (
        *((of_the_project, True), (own, False), (own, True), (of_the_project, False)),
    ):
        home.parsed.touch()
        lookups.place_project(projects.ROOT, words, home)
        assert home.parsed.exists() == is_kept
    assert not home.dbt_project.exists()
