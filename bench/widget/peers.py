"""Other people's banners, from npm, each as its documentation shows it: ``--peers``.

Their packages are fetched as files and unpacked, never installed: no dependency comes along and no
script of theirs runs outside the browser. Nothing of them is part of this repository.
"""

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from bench.processes import ROOT, BenchFailed
from bench.widget.contestants import Contestant
from tests.machine import node

#: Ignored by git, like all of ``var/``.
FOLDER = ROOT / "var" / "bench-peers"
COMMAND_SECONDS = 120
NAMES = ("Necessary", "Functional", "Analytics", "Marketing")
TITLE = "Your choice"
INTRO = "May we store and read data on your device to measure visits and to show advertising?"


def vanilla_cookieconsent(package: Path) -> Contestant:
    """https://cookieconsent.orestbida.com, with its defaults: a box at the foot that slides in."""
    sections = [
        {"title": name, "description": INTRO, "linkedCategory": name.lower()} for name in NAMES
    ]
    texts = {
        "consentModal": {
            "title": TITLE,
            "description": INTRO,
            "acceptAllBtn": "Accept all",
            "acceptNecessaryBtn": "Reject all",
            "showPreferencesBtn": "Choose",
        },
        "preferencesModal": {
            "title": TITLE,
            "acceptAllBtn": "Accept all",
            "acceptNecessaryBtn": "Reject all",
            "savePreferencesBtn": "Save",
            "sections": sections,
        },
    }
    config = {
        # It takes a browser that is driven by a program for one.
        "hideFromBots": False,
        "categories": {
            "necessary": {"enabled": True, "readOnly": True},
            **{name.lower(): {} for name in NAMES[1:]},
        },
        "language": {"default": "en", "translations": {"en": texts}},
    }
    run = f"addEventListener('DOMContentLoaded',()=>CookieConsent.run({json.dumps(config)}))"
    return Contestant(
        "vanilla-cookieconsent",
        head='<link rel="stylesheet" href="{cdn}/vanilla.css">'
        f'<script defer src="{{cdn}}/vanilla.js"></script><script>{run}</script>',
        banner=("#cc-main .cm",),
        accept='#cc-main .cm [data-role="all"]',
        files={
            "/vanilla.js": package / "dist/cookieconsent.umd.js",
            "/vanilla.css": package / "dist/cookieconsent.css",
        },
    )


def orejime(package: Path) -> Contestant:
    """https://orejime.boscop.fr, with its defaults: a bar at the foot, gating by templates."""
    config = {
        "privacyPolicyUrl": "/privacy",
        "purposes": [
            {"id": name.lower(), "title": name, "isMandatory": name == NAMES[0], "cookies": []}
            for name in NAMES
        ],
    }
    return Contestant(
        "orejime",
        head='<link rel="stylesheet" href="{cdn}/orejime.css">'
        f"<script>window.orejimeConfig={json.dumps(config)}</script>"
        '<script defer src="{cdn}/orejime.js"></script>',
        gated='<template data-purpose="analytics"><script{address}>{body}</script></template>',
        address="src",
        banner=(".orejime-Banner",),
        accept=".orejime-Banner .orejime-Banner-saveButton",
        files={
            "/orejime.js": package / "dist/orejime-standard-en.js",
            "/orejime.css": package / "dist/orejime-standard.css",
        },
    )


def klaro(package: Path) -> Contestant:
    """https://klaro.org, with its defaults: a notice at the foot, everything in one script."""
    config = {
        "version": 1,
        "acceptAll": True,
        "services": [
            {"name": name.lower(), "purposes": [name.lower()], "required": name == NAMES[0]}
            for name in NAMES
        ],
    }
    return Contestant(
        "klaro",
        head=f"<script>var klaroConfig={json.dumps(config)}</script>"
        '<script defer src="{cdn}/klaro.js"></script>',
        gated='<script type="text/plain" data-type="application/javascript" '
        'data-name="analytics"{address}>{body}</script>',
        banner=(".klaro .cookie-notice",),
        accept=".klaro .cookie-notice .cm-btn-success:not(.cm-btn-info)",
        files={"/klaro.js": package / "dist/klaro.js"},
    )


#: Package and version → how a page uses it.
PEERS: dict[tuple[str, str], Callable[[Path], Contestant]] = {
    ("vanilla-cookieconsent", "3.1.0"): vanilla_cookieconsent,
    ("orejime", "3.2.1"): orejime,
    ("klaro", "0.7.22"): klaro,
}


def peers() -> list[Contestant]:
    """Return every peer, fetched if it is not there yet.

    :raises BenchFailed: there is no npm, or a package could not be fetched
    """
    npm = shutil.which("npm", path=f"{node.BIN}{os.pathsep}{os.environ.get('PATH', '')}")
    if npm is None:
        raise BenchFailed(f"no npm; {node.REMEDY}")
    return [use(_fetched(npm, name, version)) for (name, version), use in PEERS.items()]


def _fetched(npm: str, name: str, version: str) -> Path:
    folder = FOLDER / f"{name}-{version}"
    package = folder / "package"
    if not package.is_dir():
        folder.mkdir(parents=True, exist_ok=True)
        packed = _run([npm, "pack", f"{name}@{version}", "--pack-destination", str(folder)])
        _run(["tar", "-xzf", str(folder / packed.split()[-1]), "-C", str(folder)])
    return package


def _run(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=COMMAND_SECONDS)
    if done.returncode != 0:
        raise BenchFailed(f"{' '.join(command)} failed:\n{done.stderr[-2000:]}")
    return done.stdout
