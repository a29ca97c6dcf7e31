"""docs/accessibility.md says what the tests show, and nothing else."""

from collections import Counter

from tests.browser.accessibility import criteria
from tests.browser.accessibility.report import TARGET, declarations, text


def test_the_report_is_fresh():
    written = TARGET.read_text(encoding="utf-8")

    assert written == text(), "run: python -m tests.browser.accessibility.report"


def test_every_criterion_of_levels_a_and_aa_is_answered_once():
    numbers = Counter(criterion.number for criterion in criteria.CRITERIA)

    assert len(numbers) == 55
    assert set(numbers.values()) == {1}


def test_what_is_claimed_is_shown_and_what_does_not_apply_is_not():
    shown = set(declarations())
    claimed = {
        criterion.number
        for criterion in criteria.CRITERIA
        if criterion.result != criteria.NOT_APPLICABLE
    }

    assert claimed | set(criteria.BEYOND) == shown
