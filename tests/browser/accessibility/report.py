"""``python -m tests.browser.accessibility.report``: write docs/accessibility.md from the tests.

Which test shows which criterion is declared at the test, by the marker ``criterion``.
"""

import importlib
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from tests.browser.accessibility.criteria import BEYOND, CRITERIA, Criterion
from tests.browser.accessibility.widget_page import LANGUAGES

ROOT = Path(__file__).parents[3]
TARGET = ROOT / "docs" / "accessibility.md"
#: Where tests with the marker may be.
FOLDERS = ["tests/browser", "tests/engines"]
PRINCIPLES = {"1": "Perceivable", "2": "Operable", "3": "Understandable", "4": "Robust"}

HEAD = """\
# Accessibility

The widget is held to the [Web Content Accessibility Guidelines 2.2](https://www.w3.org/TR/WCAG22/),
level AA: the banner, the preferences, the placeholders of held-back frames, the announcements and
the way back. The page around it is its owner's.

The tests write this report, `python -m tests.browser.accessibility.report`; each of them names the
criteria that it shows. They run in Chromium on the built widget and the real service, in all
{languages} languages where words matter, and the core of them in [Firefox and
WebKitGTK](../tests/engines/test_core.py). Not proven by them: what no program can judge, such as
whether a text is plain; and how a given assistive technology speaks, of which none was used. What
one is told is kept as [trees](../tests/browser/accessibility/trees) of roles, names and states.

| | A | AA |
|---|---|---|
{counts}
"""
TABLE = """
## {number}. {name}

| Criterion | Level | Result | Remark | Shown by |
|---|---|---|---|---|
"""


def declarations() -> dict[str, list[tuple[str, str]]]:
    """Return for each criterion the tests that show it: path from the root, function."""
    found: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for path in _test_files():
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        module = importlib.import_module(name)
        for attribute, value in vars(module).items():
            for marker in getattr(value, "pytestmark", []) if callable(value) else []:
                if marker.name == "criterion" and value.__module__ == name:
                    for number in marker.args:
                        found[number].append((path.relative_to(ROOT).as_posix(), attribute))
    return dict(found)


def text() -> str:
    """Return the whole report."""
    shown = declarations()
    results = sorted({criterion.result for criterion in CRITERIA}, reverse=True)
    counts = "\n".join(
        f"| {result} | {_count(result, 'A')} | {_count(result, 'AA')} |" for result in results
    )
    parts = [HEAD.format(languages=len(LANGUAGES), counts=counts)]
    for number, name in PRINCIPLES.items():
        own = [criterion for criterion in CRITERIA if criterion.number.startswith(f"{number}.")]
        rows = (_row(criterion, shown.get(criterion.number, [])) for criterion in own)
        parts.append(TABLE.format(number=number, name=name) + "\n".join(rows) + "\n")
    beyond = (
        f"- {number} {name}: {_links(shown[number])}" for number, name in sorted(BEYOND.items())
    )
    parts.append("\n## Of level AAA\n\n" + "\n".join(beyond) + "\n")
    return "".join(parts)


def _test_files() -> Iterator[Path]:
    """Only files that speak of criteria: importing the others would need what they need."""
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("test_*.py")):
            if "mark.criterion" in path.read_text(encoding="utf-8"):
                yield path


def _count(result: str, level: str) -> int:
    return sum((one.result, one.level) == (result, level) for one in CRITERIA)


def _row(criterion: Criterion, tests: list[tuple[str, str]]) -> str:
    number, name, level, result, remark = criterion
    return f"| {number} {name} | {level} | {result} | {remark} | {_links(tests)} |"


def _links(tests: list[tuple[str, str]]) -> str:
    """Name each test by its sentence."""
    sentences = ((path, name.removeprefix("test_").replace("_", " ")) for path, name in tests)
    return "; ".join(f"[{sentence}](../{path})" for path, sentence in sentences)


if __name__ == "__main__":
    TARGET.write_text(text(), encoding="utf-8")
