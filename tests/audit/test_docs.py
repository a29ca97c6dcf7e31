"""docs/audit.md is held to the code."""

import re
from pathlib import Path

from consent_server.audit.findings import HEADINGS
from consent_server.audit.judging import NOTES
from consent_server.audit.judging.occasions import WORDS
from consent_server.cli.audit import audit

TEXT = (Path(__file__).parents[2] / "docs/audit.md").read_text(encoding="utf-8")


def test_every_finding_has_its_row_and_every_note_its_line():
    rows = re.findall(r"^\| (`\w+`(?:, `\w+`)*) \| [^|]+ \|$", TEXT, re.MULTILINE)
    codes = set(re.findall(r"`(\w+)`", " ".join(rows)))
    notes = TEXT[TEXT.index("Notes fail nothing") : TEXT.index("## With what")]

    assert codes == set(HEADINGS) - NOTES
    assert set(re.findall(r"`(\w+)` \(", notes)) == NOTES


def test_every_option_and_stage_is_named():
    options = {option for parameter in audit.params for option in parameter.opts if "-" in option}

    assert {option for option in options if option not in TEXT} == set()
    assert {stage for stage in WORDS if f"`{stage}`" not in TEXT} == set()
