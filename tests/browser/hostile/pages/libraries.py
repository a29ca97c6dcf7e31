"""What old libraries and zones do to the language, made again in a few lines."""

from pathlib import Path

from tests.browser.hostile.hostile_page import HostilePage

SCRIPTS = {
    path.stem: path.read_text(encoding="utf-8")
    for path in (Path(__file__).parent / "scripts").glob("*.js")
}

PAGES = [
    HostilePage("zones, as Zone.js makes them", SCRIPTS["zone"]),
    HostilePage("prototypes extended as by Prototype.js 1.6", SCRIPTS["prototype"]),
    HostilePage("prototypes extended as by MooTools 1.3", SCRIPTS["mootools"]),
    HostilePage("polyfills as by old core-js", SCRIPTS["core"]),
]
