"""What the service is made of: needed, declared, licensed, and told of in the bill of materials."""

import ast
import importlib.metadata
import json
import re
import sys
import tomllib

import pytest
from packaging.licenses import canonicalize_license_expression
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from supply import sbom
from supply.licences import ALLOWED, LICENCES
from supply.locked import ROOT, SELF, read_lock

PACKAGES = {package.name: package for package in read_lock()}
#: What runs with the packages of requirements.txt.
SOURCES = [
    *(ROOT / "consent_server").rglob("*.py"),
    *(ROOT / "migrations").rglob("*.py"),
    *(ROOT / "demo").rglob("*.py"),
    ROOT / "wsgi.py",
]


def declared():
    """Names of the packages in pyproject.toml that the service needs, and those of its extras."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = [text for extra in project["optional-dependencies"].values() for text in extra]
    return {Requirement(text).name for text in project["dependencies"]}, {
        Requirement(text).name for text in extras
    }


def imported():
    """Names of the packages that the service imports."""
    providers = importlib.metadata.packages_distributions()
    modules = set()
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                modules |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                modules.add(node.module.partition(".")[0])
    found = {
        name for module in modules - sys.stdlib_module_names for name in providers.get(module, [])
    }
    return {canonicalize_name(name) for name in found}


def test_every_package_that_is_declared_is_imported_and_the_other_way_round():
    needed, extras = declared()
    found = imported()

    assert needed - found == set()
    assert found - needed - extras == set()


def test_every_other_package_is_needed_by_one_that_is_there():
    alone = [one.name for one in PACKAGES.values() if not one.needed_by & {SELF, *PACKAGES}]

    assert alone == []


def test_every_licence_is_known_and_allowed():
    named = {name: re.findall(r"[\w.+-]+", words) for name, words in LICENCES.items()}
    others = {name: set(words) - ALLOWED - {"AND", "OR", "WITH"} for name, words in named.items()}

    assert LICENCES.keys() == PACKAGES.keys()
    assert {name: found for name, found in others.items() if found} == {}
    assert [canonicalize_license_expression(words) for words in LICENCES.values()] == [
        *LICENCES.values()
    ]


def test_every_package_that_is_installed_says_the_licence_that_is_written_down():
    compared = 0
    for name, written in LICENCES.items():
        try:
            said = importlib.metadata.metadata(name)
        except importlib.metadata.PackageNotFoundError:
            assert PACKAGES[name].marker, name  # of another platform
            continue
        classifiers = [
            words.rpartition(" :: ")[2]
            for words in said.get_all("Classifier", [])
            if words.startswith("License :: ")
        ]
        words = said["License-Expression"] or said["License"] or " ".join(classifiers)
        if words:
            compared += 1
            assert {"BSD License": "BSD-3-Clause", "MIT License": "MIT"}.get(
                words, words
            ) == written

    assert compared > 25


def test_the_bill_of_materials_is_what_the_lock_file_gives():
    assert (ROOT / "docs" / "sbom.cdx.json").read_text(encoding="utf-8") == sbom.text()


def test_the_bill_names_each_package_with_its_files_and_whom_it_needs():
    bill = json.loads(sbom.text())
    components = {part["bom-ref"]: part for part in bill["components"]}
    needs = {entry["ref"]: entry["dependsOn"] for entry in bill["dependencies"]}

    assert len(components) == len(PACKAGES) + 1  # the widget
    assert needs.keys() == components.keys() | {SELF}
    assert {ref for refs in needs.values() for ref in refs} == components.keys()
    for package in PACKAGES.values():
        (files,) = components[package.purl]["externalReferences"]
        assert [one["content"] for one in files["hashes"]] == [*package.hashes]
    assert PACKAGES["jinja2"].purl in needs[PACKAGES["flask"].purl]
    assert needs[sbom.WIDGET] == []


@pytest.mark.parametrize(
    "entry",
    [
        "flask==3.1.3\n",
        "flask>=3 \\\n    --hash=sha256:" + "0" * 64,
        "flask==3.1.3 \\\n    --hash=md5:0",
    ],
)
def test_a_package_without_an_exact_version_and_a_hash_is_refused(tmp_path, entry):
    (tmp_path / "requirements.txt").write_text(entry)

    with pytest.raises(ValueError, match="flask is not locked"):
        read_lock(tmp_path / "requirements.txt")
