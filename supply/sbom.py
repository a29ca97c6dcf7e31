"""Writes the bill of materials, CycloneDX 1.6: made from the lock file alone, the same each time.

python -m supply.sbom -o docs/sbom.cdx.json
python -m supply.sbom --check docs/sbom.cdx.json
"""

import argparse
import json
import sys
import tomllib
import uuid
from pathlib import Path
from typing import Any

from supply.licences import LICENCES
from supply.locked import ROOT, SELF, Locked, read_lock

#: The part of the service that browsers run; it has no package of others.
WIDGET = "consent-widget"


def bill(packages: list[Locked]) -> dict[str, Any]:
    """Return the document.

    :param packages: what the service runs with
    :source: CycloneDX 1.6 (ECMA-424); no time in it, and a serial number made from what it says, so
        that the same packages give the same bytes
    """
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    widget = json.loads((ROOT / "widget" / "package.json").read_text(encoding="utf-8"))
    own = {"licenses": [{"license": {"id": project["license"]}}]}
    root = {"type": "application", "bom-ref": SELF, "name": SELF, "version": project["version"]}
    part = {"type": "library", "bom-ref": WIDGET, "name": WIDGET, "version": widget["version"]}
    components = [{**part, **own}, *map(_component, packages)]
    content = {"components": components, "dependencies": _dependencies(packages)}
    serial = uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(content, sort_keys=True))
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{serial}",
        "version": 1,
        "metadata": {"component": {**root, **own}},
        **content,
    }


def _component(package: Locked) -> dict[str, Any]:
    hashes = [{"alg": "SHA-256", "content": digits} for digits in package.hashes]
    files = {"type": "distribution", "url": f"https://pypi.org/simple/{package.name}/"}
    component: dict[str, Any] = {
        "type": "library",
        "bom-ref": package.purl,
        "name": package.name,
        "version": package.version,
        "scope": "optional" if package.marker else "required",
        "licenses": [{"expression": LICENCES[package.name]}],
        "purl": package.purl,
        "externalReferences": [{**files, "hashes": hashes}],
    }
    if package.marker:
        component["properties"] = [{"name": "python:marker", "value": package.marker}]
    return component


def _dependencies(packages: list[Locked]) -> list[dict[str, Any]]:
    """Return who needs whom; whoever needs nobody is in it as well."""
    refs = {SELF: SELF, **{package.name: package.purl for package in packages}}
    needs: dict[str, list[str]] = {name: [] for name in refs}
    for package in packages:
        for name in package.needed_by & needs.keys():
            needs[name].append(package.purl)
    needs[SELF].append(WIDGET)
    found = [{"ref": refs[name], "dependsOn": sorted(needed)} for name, needed in needs.items()]
    return [*found, {"ref": WIDGET, "dependsOn": []}]


def text() -> str:
    """Return the file."""
    return json.dumps(bill(read_lock()), indent=1) + "\n"


def main() -> None:
    """Write the file, or say that it is not what the lock file gives."""
    parser = argparse.ArgumentParser(prog="python -m supply.sbom", description="Bill of materials")
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("-o", "--output", type=Path, help="write it to this file")
    where.add_argument("--check", type=Path, help="fail unless this file is what it would be")
    asked = parser.parse_args()
    if asked.output is not None:
        asked.output.write_text(text(), encoding="utf-8")
    elif not asked.check.exists() or asked.check.read_text(encoding="utf-8") != text():
        sys.exit(f"{asked.check} is stale: python -m supply.sbom -o {asked.check}")


if __name__ == "__main__":
    main()
