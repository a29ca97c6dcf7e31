"""The signature of the operator makes nothing true: what it cannot show is not called proved."""

import csv
import json

import pytest

from tests.builders import acceptance
from tests.exports.signing import line_of
from tests.exports.tampering import csv_row


def nothing(parts, manifest):
    pass


@pytest.mark.parametrize("form", ["jsonl", "csv", "jsonld"])
def test_the_control_signing_again_what_is_true_is_verified(sealed, export_to, sign_again, form):
    report = sign_again(export_to(form), nothing)

    assert report.is_good, list(map(str, report.problems))


# --- JSON Lines -----------------------------------------------------------------------------------


def twice(parts, manifest):
    parts.rows[3] = parts.rows[3].replace(b'"event":', b'"event":"withdrawn","event":', 1)


def spaced(parts, manifest):
    parts.rows[3] = parts.rows[3].replace(b'"event":', b'"event": ', 1)


def beside_the_trailer(parts, manifest):
    item = json.loads(parts.trailer[0])
    shown = {**json.loads(parts.rows[0]), "record_id": "A" * 22}
    parts.trailer[0] = line_of({"log": item["log"], **shown})


def within_the_trailer(parts, manifest):
    item = json.loads(parts.trailer[0])["log"]
    parts.trailer[0] = line_of({"log": {**item, "note": "all of these consented"}})


def fraction(parts, manifest):
    at = next(at for at, line in enumerate(parts.trailer) if b'"entry"' in line)
    item = json.loads(parts.trailer[at])["log"]
    parts.trailer[at] = line_of({"log": {**item, "index": float(item["index"])}})


def as_counts(parts, manifest):
    manifest["level"] = "counts"
    parts.rows[:] = parts.rows[:1] * 100
    manifest["rows"] = 100


def other_level(parts, manifest):
    manifest["level"] = "all"


def other_site(parts, manifest):
    manifest["site"] = "other"
    manifest["filter"]["from"] = "9"
    parts.rows.clear()
    manifest["rows"] = 0
    parts.trailer[:] = hidden(parts)


def hidden(parts):
    """Every leaf of the tile as a hash, and what is in clear in clear."""
    import base64

    tile = json.loads(parts.trailer[0])["log"]
    clear = {
        item["index"]: line
        for line in parts.trailer
        if "entry" in (item := json.loads(line)["log"])
    }
    hashes = base64.urlsafe_b64decode(tile["hashes"] + "=" * (-len(tile["hashes"]) % 4))
    found = []
    for at in range(0, len(hashes), 32):
        word = base64.urlsafe_b64encode(hashes[at : at + 32]).rstrip(b"=").decode()
        item = {"begin": at // 32, "end": at // 32 + 1, "hash": word}
        found.append(clear.get(at // 32) or line_of({"log": item}))
    return found


def other_erasures(parts, manifest):
    manifest["erased"] = {"retention": 900}


def rows_in_words(parts, manifest):
    manifest["level"] = "counts"
    parts.rows.clear()
    parts.trailer.clear()
    manifest["rows"] = "all"


def waits_twice(parts, manifest):
    line = line_of({**json.loads(parts.rows[0]), "log_index": None})
    parts.rows.extend([line, line])
    manifest["waiting"] = 2


LINES = [
    twice,
    spaced,
    beside_the_trailer,
    within_the_trailer,
    fraction,
    as_counts,
    other_level,
    other_site,
    other_erasures,
    rows_in_words,
    waits_twice,
]


def test_lines_that_say_something_that_is_not_in_the_log(sealed, export_to, sign_again):
    believed = [
        change.__name__ for change in LINES if sign_again(export_to("jsonl"), change).is_good
    ]

    assert believed == []


# --- CSV ------------------------------------------------------------------------------------------


def recolumned(change):
    """Change every row of a CSV export."""

    def changed(parts, manifest):
        rows = [next(csv.reader([line.decode()])) for line in [*parts.head, *parts.rows]]
        width = len(rows[0])
        parts.head[0], *parts.rows[:] = map(csv_row, change(rows))
        more = b"," * (len(change(rows)[0]) - width)
        parts.trailer[:] = [line.replace(b"\r\n", more + b"\r\n") for line in parts.trailer]

    changed.__name__ = change.__name__
    return changed


@recolumned
def column_twice(rows):
    at = rows[0].index("event")
    return [[*row[:at], row[at] if row is rows[0] else "given", *row[at:]] for row in rows]


@recolumned
def hidden_category(rows):
    head, *rest = rows
    names = ["category.all.ended", "category.all.granted"]
    return [[*head[:-3], *names, *head[-3:]], *([*r[:-3], "", "true", *r[-3:]] for r in rest)]


@recolumned
def choice_without_answer(rows):
    at = rows[0].index("category.analytics.granted")
    names = rows[0][at : at + 5]
    extra = [name.replace("analytics", "zz") for name in names]
    head, *rest = rows
    return [
        [*head[:-3], *extra, *head[-3:]],
        *([*r[:-3], "", *r[at + 1 : at + 5], *r[-3:]] for r in rest),
    ]


@recolumned
def underlined(rows):
    return [rows[0], *([row[0] if row[0] == "0" else f"0{row[0]}", *row[1:]] for row in rows[1:])]


@recolumned
def apostrophes(rows):
    at = rows[0].index("language")
    return [rows[0], *([*row[:at], f"'{row[at]}", *row[at + 1 :]] for row in rows[1:])]


def quoted(parts, manifest):
    first, rest = parts.rows[2].split(b",", 1)
    parts.rows[2] = b'"' + first + b'",' + rest


def unix_lines(parts, manifest):
    parts.rows[2] = parts.rows[2].replace(b"\r\n", b"\n")


def cell_beside_the_trailer(parts, manifest):
    cells = next(csv.reader([parts.trailer[0].decode()]))
    cells[2:5] = ["demo", "A" * 22, "given"]
    parts.trailer[0] = csv_row(cells)


def mark_in_the_trailer(parts, manifest):
    cells = next(csv.reader([parts.trailer[1].decode()]))
    cells[0] = "27"
    parts.trailer[1] = csv_row(cells)


CELLS = [
    column_twice,
    hidden_category,
    choice_without_answer,
    underlined,
    apostrophes,
    quoted,
    unix_lines,
    cell_beside_the_trailer,
    mark_in_the_trailer,
]


def test_cells_that_say_something_that_is_not_in_the_log(sealed, export_to, sign_again):
    believed = [change.__name__ for change in CELLS if sign_again(export_to("csv"), change).is_good]

    assert believed == []


# --- JSON-LD --------------------------------------------------------------------------------------


def before_the_graph(parts, manifest):
    parts.head[1] = b'"@graph":[{"@id":"urn:made:up"},\n'


def another_graph(parts, manifest):
    at = next(at for at, line in enumerate(parts.trailer) if line.startswith(b'"consent:log"'))
    parts.trailer.insert(at, b'"@included":[{"@id":"urn:made:up"}],\n')


def context_changed(parts, manifest):
    parts.head[0] = parts.head[0].replace(b'{"@context":', b'{"@context":{},"@context":')


def node_twice(parts, manifest):
    parts.rows[0] = parts.rows[0].replace(
        b'"consent:record":{', b'"consent:record":{"event":"given"},"consent:record":{', 1
    )


NODES = [before_the_graph, another_graph, context_changed, node_twice]


def test_nodes_that_say_something_that_is_not_in_the_log(sealed, export_to, sign_again):
    believed = [
        change.__name__ for change in NODES if sign_again(export_to("jsonld"), change).is_good
    ]

    assert believed == []


# --- Tombstones and heads -------------------------------------------------------------------------


def tombstone(index, **changed):
    stone = {"i": [index], "p": ["d", "s"], "r": "art17", "t": "er", "v": 1, **changed}
    return json.dumps(stone, sort_keys=True, separators=(",", ":"))


def hide(*, stone):
    def hidden_behind(parts, manifest):
        line = json.loads(parts.rows.pop(2))
        leaves = hidden(parts)
        parts.trailer.append(leaves[line["log_index"]])
        parts.trailer.sort(key=lambda item: place(json.loads(item)["log"]))
        entry = stone(line["log_index"])
        if entry:
            parts.trailer.append(line_of({"log": {"index": None, "entry": entry}}))
            manifest["erased"] = {"art17": 1}
        manifest["rows"] -= 1

    return hidden_behind


def place(item):
    if "tile" in item:
        return (item["tile"] * 256, 0)
    return (item.get("begin", item.get("index")), 1)


def test_an_erasure_that_the_log_does_not_have_yet_is_not_called_proved(
    sealed, export_to, sign_again
):
    report = sign_again(export_to("jsonl"), hide(stone=tombstone))

    assert report.is_good, list(map(str, report.problems))
    assert any("tombstones that are not in the log yet" in text for text in report.unproved)


@pytest.mark.parametrize(
    "stone",
    [
        lambda index: "",
        lambda index: tombstone(index, i=[float(index)]),
        lambda index: json.dumps({"i": [index], "t": "er"}, separators=(",", ":")),
        lambda index: tombstone(index, r="lost"),
        lambda index: tombstone(index, p=["d"]),
    ],
    ids=["none", "fraction", "bare", "reason", "part"],
)
def test_what_is_no_tombstone_erases_nothing(sealed, export_to, sign_again, stone):
    assert not sign_again(export_to("jsonl"), hide(stone=stone)).is_good


def erased_since(parts, manifest):
    index = json.loads(parts.rows[2])["log_index"]
    parts.trailer.append(line_of({"log": {"index": None, "entry": tombstone(index)}}))
    manifest["erased"] = {"art17": 1}


def test_a_record_that_an_unfinished_export_kept_is_told_to_be_erased(
    sealed, export_to, sign_again
):
    report = sign_again(export_to("jsonl"), erased_since)

    assert report.is_good
    assert report.warnings[-1].startswith("1 records were erased since")


def no_checkpoint(parts, manifest):
    manifest |= {"checkpoint": None, "waiting": 24, "rows": 0}
    parts.rows[:] = [line_of({**json.loads(line), "log_index": None}) for line in parts.rows]
    parts.trailer.clear()


def test_an_export_without_a_checkpoint_does_not_continue_one_that_was_kept(
    sealed, export_to, sign_again, verified
):
    from consent_server import verification

    path = export_to("jsonl")
    note = json.loads(path.read_bytes().splitlines()[-1])["manifest"]
    key = verification._key(verification.Trusted(note["vkey"]), None)
    kept = verification.open_checkpoint(note["checkpoint"], key)
    sign_again(path, no_checkpoint)

    assert not verified(path, vkey=note["vkey"], kept=kept).is_good


def test_a_waiting_record_is_not_called_proved(sealed, export_to, sign_again, decide):
    decide(acceptance())

    report = sign_again(export_to("jsonl"), nothing)

    assert any("still wait" in text for text in report.unproved)
