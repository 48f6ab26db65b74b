"""scripts/audit: with pip-audit and a database of the test's own, without any network."""

from __future__ import annotations

import hashlib
import http.server
import importlib.util
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import projects
import pytest

from containment.commands import audit
from containment.common.errors import Stop

PASSWORD = "hunter2"
needs_the_group = pytest.mark.skipif(
    any(importlib.util.find_spec(name) is None for name in ("pip_audit", "cyclonedx_py")),
    reason="the optional group audit is not installed (locks/audit.lock)",
)
CLOSED = "http://192.0.2.1:9/"  # an address that belongs to nobody


def hashed(*requirements: str) -> str:
    """A lock with these requirements, each with two hashes that depend on it."""
    return "# made by hand\n" + "".join(
        f"{each} \\\n    --hash=sha256:{digest(each)} \\\n    --hash=sha256:{digest(each + 'b')}\n"
        for each in requirements
    )


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with the command and small locks; one package has a version for each Python."""
    root = tmp_path / "it's here"
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(projects.ROOT / "scripts", root / "scripts", ignore=ignored)
    shutil.copy(projects.ROOT / "pyproject.toml", root)
    for folder in ("locks", "tests"):
        (root / folder).mkdir()
    both = (
        "Two_Ways==1.0 ; python_full_version < '3.11'",
        "two-ways==2.0 ; python_full_version >= '3.11'",
    )
    (root / "requirements.lock").write_text(hashed("plain==1.5", *both))
    (root / "locks" / "more.lock").write_text(hashed("plain==1.5", "extra[all]==0.1"))
    (root / "tests" / "oldest.lock").write_text(hashed("plain==1.0"))
    return root


def run(project: Path, *arguments: str, **variables: str) -> tuple[int, list[str], list[str]]:
    """Start scripts/audit of a project; give its exit code and the lines of what it wrote."""
    own = ("_PROXY", "_proxy")
    environment = {name: value for name, value in os.environ.items() if not name.endswith(own)}
    done = subprocess.run(
        [sys.executable, str(project / "scripts" / "audit"), *arguments],
        env=environment | {"CONTAINMENT_VENV": sys.prefix} | variables,
        text=True,
        capture_output=True,
    )
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout.splitlines(), done.stderr.splitlines()


# --- with pip-audit itself -----------------------------------------------------------------------


class Database:
    """Answers as an advisory database does: what is known of (name, version)."""

    def __init__(self) -> None:
        self.known: dict[tuple[str, str], list[dict[str, Any]]] = {}
        self.asked: list[tuple[str, str]] = []
        self.status = 200
        self.text: str | None = None
        database = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                query = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                package = (query["package"]["name"], query["version"])
                database.asked.append(package)
                found = database.known.get(package)
                text = database.text or json.dumps({"vulns": found} if found else {})
                self.send_response(database.status)
                self.send_header("Content-Length", str(len(text.encode())))
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def chosen(self) -> dict[str, str]:
        """The variables with which pip-audit asks this database."""
        return chosen(f"http://127.0.0.1:{self.server.server_port}/")


def chosen(address: str) -> dict[str, str]:
    return {"PIP_AUDIT_VULNERABILITY_SERVICE": "osv", "PIP_AUDIT_OSV_URL": address}


def advisory(name: str, id_: str, *aliases: str, fixed_in: str | None = None) -> dict[str, Any]:
    events = [{"introduced": "0"}, *([{"fixed": fixed_in}] if fixed_in else [])]
    package = {"name": name, "ecosystem": "PyPI"}
    affected = [{"package": package, "ranges": [{"type": "ECOSYSTEM", "events": events}]}]
    return {"id": id_, "aliases": [*aliases], "affected": affected, "summary": "bad"}


@pytest.fixture
def database() -> Iterator[Database]:
    made = Database()
    yield made
    made.server.shutdown()
    made.server.server_close()


@needs_the_group
def test_every_version_of_every_lock_is_asked_for(project: Path, database: Database) -> None:
    code, out, err = run(project, **database.chosen)
    assert (code, err) == (0, [])
    assert out == ["checking 5 packages of 3 locks ...", "no known vulnerabilities in 5 packages"]
    assert sorted(database.asked) == [
        ("extra", "0.1"),
        ("plain", "1.0"),
        ("plain", "1.5"),
        ("two-ways", "1.0"),
        ("two-ways", "2.0"),
    ]


@needs_the_group
def test_what_is_known_is_one_line_each(project: Path, database: Database) -> None:
    database.known["plain", "1.5"] = [
        advisory("plain", "GHSA-1", "CVE-2026-1", fixed_in="1.6"),
        advisory("plain", "GHSA-2\n\x1b[31m"),
    ]
    database.known["two-ways", "1.0"] = [advisory("two-ways", "PYSEC-3", fixed_in="1.1")]
    code, out, err = run(project, **database.chosen)
    assert (code, err) == (1, [])
    assert out[1:] == [
        "plain 1.5: CVE-2026-1 (GHSA-1); fixed in 1.6; in requirements.lock, locks/more.lock",
        "plain 1.5: GHSA-231m; no fix yet; in requirements.lock, locks/more.lock",
        "two-ways 1.0: PYSEC-3; fixed in 1.1; in requirements.lock",
        "3 known vulnerabilities in 5 packages",
    ]


@needs_the_group
def test_what_is_only_a_tests_is_listed_and_no_failure(project: Path, database: Database) -> None:
    database.known["plain", "1.0"] = [advisory("plain", "PYSEC-1", fixed_in="1.1")]
    code, out, err = run(project, **database.chosen)
    assert (code, err) == (0, [])
    assert out[1:] == [
        "plain 1.0: PYSEC-1; fixed in 1.1; in tests/oldest.lock (only a test's)",
        "1 known vulnerability in 5 packages",
    ]


def unreached(why: str) -> list[str]:
    return [f"error: the advisory database cannot be reached ({why}); nothing was checked"]


@needs_the_group
def test_a_database_that_answers_otherwise_is_not_reached(
    project: Path, database: Database
) -> None:
    database.text = "<html>Please log in</html>"
    code, _, err = run(project, **database.chosen)
    assert (code, err) == (3, unreached("the answer is none of a database's"))
    database.status = 503
    code, _, err = run(project, **database.chosen)
    assert (code, err) == (3, unreached("it answers with an error"))


@needs_the_group
def test_nobody_there(project: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    code, _, err = run(project, **chosen(f"http://127.0.0.1:{port}/"))
    assert (code, err) == (3, unreached("no connection"))


@needs_the_group
def test_a_proxys_password_is_not_told(project: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    proxy = f"http://someone:{PASSWORD}@127.0.0.1:{port}"
    code, out, err = run(project, **chosen(CLOSED), HTTP_PROXY=proxy, http_proxy=proxy)
    assert (code, err) == (3, unreached("the proxy does not let it through"))
    assert PASSWORD not in str(out)


@needs_the_group
def test_a_silent_database_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "SECONDS_PER_ANSWER", 1)
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)
    with socket.create_server(("127.0.0.1", 0)) as server:  # it accepts, and says nothing
        for name, value in chosen(f"http://127.0.0.1:{server.getsockname()[1]}/").items():
            monkeypatch.setenv(name, value)
        with pytest.raises(Stop, match=r"\(no answer in time\); nothing was checked") as stop:
            audit.ask([("plain", "1.5")])
    assert stop.value.exit_code == audit.UNCHECKED


@needs_the_group
def test_a_setting_of_pip_audit_that_is_none(project: Path) -> None:
    code, _, err = run(project, PIP_AUDIT_VULNERABILITY_SERVICE="nobody")
    assert code == 2
    assert err == ["error: pip-audit refuses its settings; check the variables PIP_AUDIT_..."]


# --- with what pip-audit could say ---------------------------------------------------------------


def stub(project: Path, said: str, code: int = 0, error: str = "") -> dict[str, str]:
    """Put something that says this in pip-audit's place; give the variable that has it found."""
    folder = project.parent / "stub"
    folder.mkdir(exist_ok=True)
    (folder / "pip_audit.py").write_text(
        f"import sys\nsys.stdout.write({said!r})\nsys.stderr.write({error!r})\nsys.exit({code})\n"
    )
    return {"PYTHONPATH": str(folder)}


def answer(*checked: tuple[str, str], ids: tuple[str, ...] = ()) -> str:
    """What pip-audit writes: these packages are known, the first with these advisories."""
    found: list[dict[str, Any]] = [
        {"name": name, "version": version, "vulns": []} for name, version in checked
    ]
    unknown = [{"name": "anything", "skip_reason": "not found: anything (1.0)"}]
    if ids:
        found[0]["vulns"] = [{"id": each, "aliases": [], "fix_versions": []} for each in ids]
    return json.dumps({"dependencies": [*found, *unknown], "fixes": []})


def test_a_database_that_knows_no_package_is_not_all_clean(project: Path) -> None:
    code, out, err = run(project, **stub(project, answer(), error="No known vulnerabilities found"))
    assert (code, out) == (3, ["checking 5 packages of 3 locks ..."])
    assert err == unreached("what answers knows none of the 5 packages")


def test_a_package_that_the_database_does_not_know_is_told(project: Path) -> None:
    known = (("plain", "1.5"), ("two-ways", "1.0"), ("extra", "0.1"))
    code, out, err = run(project, **stub(project, answer(*known)))
    told = (
        "error: not checked, for the advisory database does not know them: plain 1.0, two-ways 2.0"
    )
    assert (code, out[1:], err) == (3, ["no known vulnerabilities in 3 packages"], [told])
    code, out, err = run(project, **stub(project, answer(*known, ids=("PYSEC-1",)), 1))
    assert (code, err) == (1, [told])
    assert out[1] == "plain 1.5: PYSEC-1; no fix yet; in requirements.lock, locks/more.lock"


@pytest.mark.parametrize("said", ["", "[]", "{}", '{"dependencies": '])
def test_pip_audit_that_fails_has_checked_nothing(project: Path, said: str) -> None:
    error = f"Traceback ...\nRuntimeError: http://someone:{PASSWORD}@proxy\n"
    code, out, err = run(project, **stub(project, said, 1, error))
    assert (code, err) == (3, unreached("pip-audit failed"))
    assert PASSWORD not in str(out)


# --- the locks themselves ------------------------------------------------------------------------


def test_every_package_of_the_projects_locks_is_hashed() -> None:
    locks = audit.read(projects.ROOT)
    assert list(locks.faults) == []
    files = {name for names in locks.found.values() for name in names}
    on_disk = {"requirements.lock"}
    for folder in ("locks", "tests"):
        found = (projects.ROOT / folder).rglob("*.lock")
        on_disk |= {path.relative_to(projects.ROOT).as_posix() for path in found}
    assert files == on_disk
    for name in files:
        pins = re.findall("^[A-Za-z0-9].*==", (projects.ROOT / name).read_text(), re.MULTILINE)
        assert sum(name in names for names in locks.found.values()) == len(pins), name
    duckdbs = {version for name, version in locks.found if name == "duckdb"}
    assert len(duckdbs) > 2  # one for each Python, and the oldest


def test_a_package_without_a_hash_fails(project: Path) -> None:
    lock = project / "locks" / "more.lock"
    whole = lock.read_text()
    known = (("plain", "1.5"), ("plain", "1.0"), ("two-ways", "1.0"), ("two-ways", "2.0"))
    everything = stub(project, answer(*known, ("extra", "0.1"), ("bare", "1.0")))
    fault = ["error: locks/more.lock, line {}: {} has no sha256; run scripts/lock"]
    for broken, line, package in (
        (whole + "bare==1.0\n", 8, "bare 1.0"),
        (whole + "bare==1.0 \\\n    --hash=md5:abc\n", 8, "bare 1.0"),
        (whole.replace("sha256:" + digest("plain==1.5b"), "sha256:12"), 2, "plain 1.5"),
    ):
        lock.write_text(broken)
        code, _, err = run(project, **everything)
        assert (code, err) == (1, [fault[0].format(line, package)])
    code, _, err = run(project, **stub(project, ""))  # also where nothing can be asked
    assert (code, err) == (1, [fault[0].format(2, "plain 1.5"), *unreached("pip-audit failed")])
    code, _, err = run(project, "--sbom", str(project / "sbom.json"))
    assert (code, err) == (2, [fault[0].format(2, "plain 1.5")])
    assert not (project / "sbom.json").exists()


def test_a_lock_that_is_none_is_told(project: Path) -> None:
    lock = project / "locks" / "more.lock"
    for text, said in (
        ("plain>=1.5\n", "locks/more.lock, line 1: no pinned package; run scripts/lock"),
        ("# a\n\nplain==1.*\n", "locks/more.lock, line 3: no pinned package; run scripts/lock"),
        ("-e .\n", "locks/more.lock, line 1: no pinned package; run scripts/lock"),
        ("", "locks/more.lock: holds no packages; restore it, or run scripts/lock"),
    ):
        lock.write_text(text)
        assert run(project) == (2, [], [f"error: {said}"])
    lock.write_bytes(b"\xff\xfe")
    said = "locks/more.lock: cannot be read (no text in UTF-8); restore it"
    assert run(project) == (2, [], [f"error: {said}"])
    (project / "requirements.lock").unlink()
    said = "requirements.lock: cannot be read (No such file or directory); restore it"
    assert run(project) == (2, [], [f"error: {said}"])


def test_without_the_group_it_is_told(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(Stop, match=r"has no pip_audit; install locks/audit\.lock there") as stop:
        audit.ask([("plain", "1.5")])
    assert stop.value.exit_code == 2


# --- the list of what a night runs ---------------------------------------------------------------


@needs_the_group
@pytest.mark.heavy
def test_the_sbom_is_valid_whole_and_the_same_each_time(tmp_path: Path) -> None:
    from cyclonedx.schema import OutputFormat, SchemaVersion
    from cyclonedx.validation import make_schemabased_validator

    nowhere = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"), "http://127.0.0.1:9")
    target = tmp_path / "sbom.json"
    code, out, err = run(projects.ROOT, "--sbom", str(target), **nowhere)
    text = target.read_text()
    sbom = json.loads(text)
    said = f"{target}: the {len(sbom['components'])} packages of requirements.lock, CycloneDX 1.6"
    assert (code, out, err) == (0, [said], [])
    version = SchemaVersion.from_version(sbom["specVersion"])
    assert make_schemabased_validator(OutputFormat.JSON, version).validate_str(text) is None

    code, again, err = run(projects.ROOT, "--sbom", "-")
    assert (code, err) == (0, [])
    assert again == text.splitlines()

    itself = sbom["metadata"]["component"]
    assert (itself["name"], itself["type"]) == ("containment", "application")
    assert f'version = "{itself["version"]}"' in (projects.ROOT / "pyproject.toml").read_text()
    lock = audit.read(projects.ROOT)
    expected = {package for package, names in lock.found.items() if audit.NIGHTLY in names}
    listed = {(each["name"], each["version"]): each for each in sbom["components"]}
    assert set(listed) == expected
    assert {name for name, _ in listed} >= {"dbt-core", "dbt-duckdb", "duckdb"}
    hashes = set()
    for (name, number), component in listed.items():
        assert component["purl"] == f"pkg:pypi/{name}@{number}"
        files = [each for part in component["externalReferences"] for each in part["hashes"]]
        assert files, name
        hashes |= {each["content"] for each in files if each["alg"] == "SHA-256"}
    lines = (projects.ROOT / "requirements.lock").read_text()
    assert hashes == set(re.findall("sha256:([0-9a-f]{64})", lines))


@needs_the_group
def test_the_sbom_has_every_version_and_the_licence(project: Path) -> None:
    toml = project / "pyproject.toml"
    toml.write_text(toml.read_text().replace('license = "Apache-2.0"', 'license = "0BSD"', 1))
    code, out, err = run(project, "--sbom", "-")
    assert (code, err) == (0, [])
    sbom = json.loads("\n".join(out))
    assert sbom["metadata"]["component"]["licenses"][0]["license"]["id"] == "0BSD"
    found = {each["purl"].split("/")[1] for each in sbom["components"]}
    assert found == {"plain@1.5", "two-ways@1.0", "two-ways@2.0"}


@needs_the_group
def test_the_sbom_cannot_be_written(project: Path) -> None:
    gone = project / "gone" / "sbom.json"
    code, out, err = run(project, "--sbom", str(gone))
    assert (code, out) == (2, [])
    assert err == [f"error: {gone}: No such file or directory; check it and start again"]
    (project / "pyproject.toml").write_text("[broken")
    code, _, err = run(project, "--sbom", "-")
    said = (
        "error: cyclonedx-bom can make no SBOM of requirements.lock and pyproject.toml; check both"
    )
    assert (code, err) == (2, [said])
