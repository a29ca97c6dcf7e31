"""Lock files: exact, hashed, free of addresses, and new enough where a floor has a reason."""

import json
import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

ROOT = Path(__file__).parents[1]
PYTHON_LOCKS = [
    "requirements.txt",
    "requirements-dev.txt",
    "tests/machine/requirements-postgresql.txt",
    "supply/requirements-advisories.txt",
]
NPM_LOCKS = ["widget/package-lock.json", "tests/packages/package-lock.json"]
#: Oldest versions that may be locked, and what is wrong with the ones before.
FLOORS = {
    "gunicorn": ("27.0.1", "request smuggling; requests lost at a graceful stop"),
    "flask": ("3.1.3", "CVE-2026-27205, CVE-2025-47278, CVE-2023-30861"),
    "werkzeug": ("3.1.6", "CVE-2026-27199"),
    "itsdangerous": ("2.2.0", "the token format is built on it"),
    "sqlalchemy": ("2.1", "postgresql:// means psycopg 3"),
    "psycopg": ("3.3", "what the pool was measured with"),
    "pysqlite3": ("0.6.1", "SQLite 3.53: no WAL-reset bug"),
    "alembic": ("1.20", "what the migrations were written with"),
    "cryptography": ("50", "current at release: it signs every token"),
}
#: Left out on purpose: what they would do is done in a few lines of our own, or not at all.
UNWANTED = {"flask-cors", "flask-session", "requests", "flask-login"}


def _read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def _locked(name: str) -> dict[str, list[str]]:
    """Return {"flask==3.1.3 ; marker": [hashes]} in the words of the lock file."""
    entries: dict[str, list[str]] = {}
    for line in _read(name).splitlines():
        if re.match(r"[a-z0-9]", line):
            current = line.rstrip(" \\")
            entries[current] = []
        elif "--hash=" in line:
            entries[current].append(line.strip(" \\"))
    return entries


def _versions(name: str) -> dict[str, Version]:
    requirements = [Requirement(entry) for entry in _locked(name)]
    return {one.name: Version(str(one.specifier).removeprefix("==")) for one in requirements}


def _declared() -> dict[str, Requirement]:
    project = tomllib.loads(_read("pyproject.toml"))["project"]
    requirements = [Requirement(text) for text in project["dependencies"]]
    return {one.name: one for one in requirements}


@pytest.mark.parametrize("name", PYTHON_LOCKS)
def test_a_python_lock_file_holds_no_address(name):
    address = re.compile(r"\w+://|--(extra-)?index-url|--find-links|@ file")

    assert [line for line in _read(name).splitlines() if address.search(line)] == []


@pytest.mark.parametrize("name", NPM_LOCKS)
def test_an_npm_lock_file_holds_no_address(name):
    packages = json.loads(_read(name))["packages"]

    assert [path for path, entry in packages.items() if "resolved" in entry] == []


@pytest.mark.parametrize("name", PYTHON_LOCKS)
def test_every_python_package_is_exact_and_hashed(name):
    entries = _locked(name)

    loose = [e for e, hashes in entries.items() if not hashes or not re.match(r"\S+==\d", e)]

    assert entries
    assert loose == []


@pytest.mark.parametrize("name", NPM_LOCKS)
def test_every_npm_package_is_hashed_and_none_is_missing_on_another_platform(name):
    packages = json.loads(_read(name))["packages"]
    names = {path.split("node_modules/")[-1] for path in packages}

    unhashed = [path for path, entry in packages.items() if path and "integrity" not in entry]
    optional = {
        name for entry in packages.values() for name in entry.get("optionalDependencies", {})
    }

    assert unhashed == []
    assert sorted(optional - names) == []


def test_what_is_declared_is_what_is_locked():
    versions = _versions("requirements.txt")

    outside = {
        name: str(versions.get(name))
        for name, requirement in _declared().items()
        if name not in versions or versions[name] not in requirement.specifier
    }

    assert outside == {}


def test_everything_locked_for_running_is_needed_by_something_declared():
    text = _read("requirements.txt")
    blocks = re.split(r"\n(?=[a-z0-9])", text[text.index("\n#    make lock") :])[1:]
    names = set(_versions("requirements.txt"))

    for block in blocks:
        needed_by = set(re.findall(r"#\s+(?:via )?([a-z0-9][\w.-]*)(?=\s|$)", block)) - {"via"}
        assert needed_by & (names | {"consent-server"}), block.splitlines()[0]


def test_the_tests_run_on_the_versions_that_are_shipped():
    tested = _versions("requirements-dev.txt")

    other = {n: str(v) for n, v in _versions("requirements.txt").items() if tested.get(n) != v}

    assert other == {}


@pytest.mark.parametrize(("package", "floor", "reason"), [(k, *v) for k, v in FLOORS.items()])
def test_no_version_below_a_floor_is_locked(package, floor, reason):
    assert _versions("requirements.txt")[package] >= Version(floor), reason


def test_the_audit_is_tested_with_the_browser_driver_that_its_extra_brings():
    extras = tomllib.loads(_read("pyproject.toml"))["project"]["optional-dependencies"]
    (driver,) = map(Requirement, extras["audit"])

    assert _versions("requirements-dev.txt")[driver.name] in driver.specifier
    assert driver.name not in _versions("requirements.txt")


def test_packages_left_out_on_purpose_did_not_come_back():
    assert UNWANTED & set(_versions("requirements.txt")) == set()


def test_the_vendors_packages_are_declared_by_their_exact_versions():
    declared = json.loads(_read("tests/packages/package.json"))["dependencies"]

    assert [
        name for name, version in declared.items() if not re.fullmatch(r"[\d.]+", version)
    ] == []


def test_the_widget_ships_no_package_of_others():
    root = json.loads(_read("widget/package.json"))

    assert "dependencies" not in root
