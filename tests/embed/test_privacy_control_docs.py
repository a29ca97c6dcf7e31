"""docs/global-privacy-control.md says what its data says, and knows every profile."""

import json
import re
from pathlib import Path

import pytest

from consent_server.consents.models import METHODS
from consent_server.sites.profiles import PROFILES

DOCS = Path(__file__).parents[2] / "docs"
TEXT = (DOCS / "global-privacy-control.md").read_text(encoding="utf-8")
DATA = json.loads((DOCS / "global-privacy-control.json").read_text(encoding="utf-8"))
SIGNAL = {(False,): "off", (True,): "on"}
MARKED = {(False,): "no", (True,): "yes", (False, True): "yes or no"}


def _cells(row):
    return (
        SIGNAL[tuple(row["signal"])],
        MARKED[tuple(row["marked"])],
        ", ".join(row["stored"]),
        "yes" if row["asked"] else "no",
        "yes" if row["runs"] else "no",
        row["recorded"],
        f"`{row['method']}`" if row["method"] else "",
    )


def test_the_table_is_the_data():
    rows = re.findall(r"^\| (?:on|off) \|.*$", TEXT, re.MULTILINE)

    written = [tuple(cell.strip() for cell in row.strip("|").split("|")) for row in rows]

    assert written == [_cells(row) for row in DATA["rows"]]


@pytest.mark.parametrize("part", ["stored", "recorded"])
def test_every_word_is_explained_in_both(part):
    written = dict(re.findall(r"^- \*([^*]+)\*: (.+)\.$", TEXT, re.MULTILINE))

    assert {word: written.get(word) for word in DATA[part]} == DATA[part]


def test_only_explained_words_are_used():
    assert {word for row in DATA["rows"] for word in row["stored"]} == set(DATA["stored"])
    assert {row["recorded"] for row in DATA["rows"]} == set(DATA["recorded"])
    assert {row["method"] for row in DATA["rows"]} - {None} <= set(METHODS)


def test_every_profile_is_in_it():
    months = {id_: f"P{profile.longest_reprompt}M" for id_, profile in PROFILES.items()}

    assert months == DATA["profiles"]
    assert [f"`{id_}`" for id_ in PROFILES if f"`{id_}`" not in TEXT] == []
