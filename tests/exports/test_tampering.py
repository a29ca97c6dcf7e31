"""No single change to an export goes unnoticed, and a changed row is named."""

import random

import pytest

from tests.exports import tampering
from tests.exports.tampering import edited, flipped, naive, parts_of, rehashed, tamperings
from tests.scheduling import IS_WHOLE

#: The file is the same whatever the engine; that it is, fewer show on the other one. `make test`
#: makes a fifth of them.
TRIALS = {"sqlite": 1000 if IS_WHOLE else 200, "postgresql": 50}
ROWS = ("edited", "removed", "added", "swapped")


@pytest.mark.parametrize("level", ["counts", "decisions", "subjects"])
@pytest.mark.parametrize("form", ["jsonl", "csv", "jsonld"])
def test_of_many_random_changes_each_is_found_and_a_changed_row_is_named(
    sealed, export_to, verified, database_url, form, level
):
    trials = TRIALS[database_url.partition(":")[0].partition("+")[0]]
    path = export_to(form, level)
    data = path.read_bytes()
    parts = parts_of(data, form)
    chance = random.Random(f"{form} {level}")
    kinds = tamperings(form, level)
    assert verified(path).is_good and naive(data, form)

    missed, unnamed, believed = [], [], 0
    for trial in range(trials):
        kind = kinds[trial % len(kinds)]
        changed, row = kind(parts, chance)
        is_rehashed = kind is not flipped and bool(trial // len(kinds) % 2)
        if is_rehashed:
            changed = rehashed(changed, form)
        if changed == data:
            continue
        path.write_bytes(changed)
        report = verified(path)
        believed += naive(changed, form)
        if report.is_good:
            missed.append((trial, kind.__name__))
        elif level != "counts" and kind.__name__ in ROWS and not _names(report, row, parts):
            unnamed.append((trial, kind.__name__, list(map(str, report.problems))))

    assert missed == []
    assert unnamed == []
    assert believed > trials // 4  # the control: a hash alone proves nothing


def _names(report, row, parts):
    """Whether one of the problems says where: the line, the one after it, or the entry."""
    number = row + 1 + len(parts.head)
    said = " ".join(map(str, report.problems))
    return any(f"line {line}" in said for line in (number, number + 1)) or "missing" in said


def test_the_control_of_the_control_an_edit_without_new_hashes_is_seen_by_both(
    sealed, export_to, verified
):
    path = export_to("jsonl")
    parts = parts_of(path.read_bytes(), "jsonl")

    changed, _ = edited(parts, random.Random(1))
    path.write_bytes(changed)

    assert not naive(changed, "jsonl")
    assert not verified(path).is_good
    assert tampering.MARKS.keys() == {"jsonl", "csv", "jsonld"}
