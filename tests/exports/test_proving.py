"""What an export proves: that its records are in the log, all of them, and what was erased."""

import base64
import hashlib
import hmac
import json
from itertools import islice

import pytest
import sqlalchemy as sa

from consent_server import verification
from consent_server.db import db, writing
from consent_server.exports.selection import Selection
from consent_server.exports.service import Export
from consent_server.ledger.entries import Tombstone
from consent_server.log.queue import _queue
from consent_server.verification import Outline
from tests.builders import acceptance, refusal
from tests.exports.paging import records_a_page
from tests.exports.tampering import rehashed
from tests.log.tampering import unguarded
from tests.log.verifier import node, open_checkpoint

FORMS = ["jsonl", "csv", "jsonld"]
LEVELS = ["counts", "decisions", "subjects"]


def closing(path):
    return json.loads(path.read_bytes().splitlines()[-1])


@pytest.fixture
def erase(app, clock):
    """Take records away as an erasure does; gives the indexes of their entries."""

    def erase(*record_ids, with_tombstone=True):
        with app.app_context():
            with unguarded(db.engine) as connection:
                names = {"ids": tuple(record_ids)}
                listed = sa.bindparam("ids", expanding=True)
                find = "SELECT leaf_index FROM log_entries WHERE record_id IN :ids"
                query = sa.text(find).bindparams(listed)
                indexes = sorted(connection.execute(query, names).scalars())
                for statement in (
                    "DELETE FROM idempotency_keys WHERE record_id IN :ids",
                    "DELETE FROM log_opening_keys WHERE record_id IN :ids",
                    "DELETE FROM consent_records WHERE record_id IN :ids",
                    "UPDATE log_entries SET record_id = NULL WHERE record_id IN :ids",
                ):
                    connection.execute(sa.text(statement).bindparams(listed), names)
            if with_tombstone:
                with writing():
                    tombstone = Tombstone(tuple(indexes), ("d", "s"), "art17")
                    _queue("demo", tombstone, clock.instant)
                    db.session.commit()
        return indexes

    return erase


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.one_row_in(2)
@pytest.mark.parametrize("form", FORMS)
def test_an_export_verifies_and_two_of_the_same_are_the_same_bytes(
    sealed, export_to, verified, decide, seal, form, level
):
    first = export_to(form, level, "first")
    again = export_to(form, level, "again")
    for _ in range(3):
        decide(refusal())
    seal()
    decide(refusal())
    later = export_to(form, level, "later", checkpoint=26)

    report = verified(first)
    assert report.is_good, list(map(str, report.problems))
    assert first.read_bytes() == again.read_bytes() == later.read_bytes()
    assert verified(export_to(form, level, "newest")).is_good


def test_a_verifier_of_thirty_lines_finds_the_root_in_the_file(sealed, export_to, checkpoint_of):
    path = export_to("jsonl", "decisions", event="changed")
    pieces = {}
    lines = [json.loads(line) for line in path.read_bytes().splitlines()]
    for line in lines:
        if "log_index" in line:
            decision = hmac.digest(key(line["decision_key"]), committed(line), "sha256")
            entry = json.dumps(
                {"d": text(decision), "s": line["subject_commitment"], "t": "ev", "v": 1},
                separators=(",", ":"),
            )
            pieces[line["log_index"]] = 1, leaf(entry)
        elif "entry" in line.get("log", {}):
            pieces[line["log"]["index"]] = 1, leaf(line["log"]["entry"])
        elif "hash" in line.get("log", {}):
            item = line["log"]
            pieces[item["begin"]] = item["end"] - item["begin"], key(item["hash"])

    stack = []
    for begin, (size, hashed) in sorted(pieces.items()):
        assert begin == sum(size for size, _ in stack)
        stack.append((size, hashed))
        while len(stack) > 1 and stack[-1][0] == stack[-2][0]:
            (size, right), (_, left) = stack.pop(), stack.pop()
            stack.append((2 * size, node(left, right)))
    while len(stack) > 1:
        (below, right), (size, left) = stack.pop(), stack.pop()
        stack.append((below + size, node(left, right)))
    assert any("log_index" in line for line in lines)
    assert stack[0] == (26, checkpoint_of(lines[-1]["manifest"]).root)


@pytest.fixture
def checkpoint_of():
    return lambda manifest: open_checkpoint(manifest["checkpoint"], manifest["vkey"])


def key(text_):
    return base64.urlsafe_b64decode(text_ + "=" * (-len(text_) % 4))


def text(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def leaf(entry):
    return hashlib.sha256(b"\x00" + entry.encode()).digest()


def committed(record):
    """docs/log.md: the decision part, of an exported record that no service was asked about."""
    choices = record["categories"]
    names = ("decided_at", "expires_at", "revision", "ended")
    services = record["services"]
    apart = {
        "vchoices": {id_: choice["granted"] for id_, choice in services.items()},
        "vterms": {id_: {name: c[name] for name in names} for id_, c in services.items()},
    }
    part = {
        "v": 1,
        "rec": record["record_id"],
        "prev": record["previous"],
        "corrects": None,
        "site": record["site"],
        "scope": "site",
        "evt": record["event"],
        "layer": "first",
        "at": record["recorded_at"],
        "exp": record["expires_at"],
        "dur": record["duration"],
        "choices": {id_: choice["granted"] for id_, choice in choices.items()},
        "terms": {id_: {name: c[name] for name in names} for id_, c in choices.items()},
        **(apart if services else {}),
        "cfg": record["bundle"],
        "revision": record["revision"],
        "ui": record["build"],
        "lang": record["language"],
        "pol": record["policy_version"],
        "regime": record["profile"],
        "action": record["action"],
        "method": record["method"],
        "trusted": record["trusted"],
        "gpc": record["gpc"],
        "superseded": record["superseded"],
        "who": "self",
        "uistate": "ok",
    }
    canonical = json.dumps(part, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return b"consent-log/v1/decision\n" + canonical.encode()


@pytest.mark.one_row_in(2)
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    "asked, rows",
    [
        ({"event": "withdrawn"}, 6),
        ({"event": "expired"}, 0),
        ({"from": "2026-11-23T00:00:00Z", "to": "2026-11-24T00:00:00Z"}, 10),
        ({"bundle": "A" * 43}, 0),
    ],
)
def test_what_a_filter_chose_is_proved_and_what_it_left_out_is_not(
    sealed, export_to, verified, form, asked, rows
):
    report = verified(export_to(form, "subjects", **asked))

    assert report.is_good, list(map(str, report.problems))
    assert report.proved[0].startswith(f"{rows} records are in the log")
    assert any("fits the filter" in text_ for text_ in report.unproved)


@pytest.mark.one_row_in(2)
@pytest.mark.parametrize("form", FORMS)
def test_what_waits_is_exported_and_not_called_proved(sealed, export_to, verified, decide, form):
    decide(acceptance())
    path = export_to(form)

    report = verified(path)

    assert report.is_good
    assert report.proved[0].startswith("all 26 entries")
    assert any("1 records which still wait" in text_ for text_ in report.unproved)


def test_before_anything_is_signed_there_is_nothing_but_a_signature(
    published_unsealed, export_to, verified
):
    report = verified(export_to("jsonl"))

    assert report.is_good
    assert report.proved == []
    assert report.head is None


@pytest.mark.parametrize("is_sealed", [True, False])
def test_what_was_erased_is_accounted_for_by_its_tombstone(
    sealed, export_to, verified, erase, seal, records, is_sealed
):
    erase(*[record["record_id"] for record in records()[3:5]])
    if is_sealed:
        seal()

    report = verified(export_to("csv", "subjects"))

    assert report.is_good, list(map(str, report.problems))
    assert "22 records whole" in report.proved[0]
    assert "2 gone, as tombstones say" in report.proved[0]
    assert report.warnings[-1].endswith("erased: 2 (art17)")


def test_a_record_that_went_without_a_tombstone_is_called_missing(
    sealed, export_to, verified, erase, records
):
    (index,) = erase(records()[3]["record_id"], with_tombstone=False)

    report = verified(export_to("jsonl"))

    wanted = f"entry {index}: no record here, and no tombstone names it"
    assert [str(problem) for problem in report.problems] == [wanted]


def test_a_record_that_is_hidden_behind_its_hash_is_called_missing(sealed, export_to, verified):
    path = export_to("jsonl")
    lines = path.read_bytes().splitlines(keepends=True)
    index = json.loads(lines.pop(3))["log_index"]
    at = next(at for at, line in enumerate(lines) if line.startswith(b'{"log":{"tile"'))
    hashes = key(json.loads(lines[at])["log"]["hashes"])
    item = {"begin": index, "end": index + 1, "hash": text(hashes[index * 32 : index * 32 + 32])}
    lines.insert(at + 1, json.dumps({"log": item}, separators=(",", ":")).encode() + b"\n")
    path.write_bytes(rehashed(b"".join(lines), "jsonl"))

    problems = [str(problem) for problem in verified(path).problems]

    assert any("the manifest was changed" in problem for problem in problems)
    assert f"entry {index}: no record here, and no tombstone names it" in problems


def test_a_record_that_the_operator_edited_is_named(sealed, app, export_to, verified, records):
    changed = records()[5]["record_id"]
    with app.app_context(), unguarded(db.engine) as connection:
        statement = "UPDATE consent_records SET action = 'accept_all' WHERE record_id = :id"
        connection.execute(sa.text(statement), {"id": changed})

    report = verified(export_to("jsonl"))

    assert [problem.record for problem in report.problems] == [changed]
    assert "changed" in report.problems[0].text


@pytest.mark.parametrize("level", ["decisions", "subjects"])
def test_csv_loses_nothing(sealed, export_to, level):
    with export_to("csv", level).open("rb") as file:
        written = list(verification._csv_rows(islice(file, 25), level, Outline(), 0))
    with export_to("jsonl", level).open("rb") as file:
        wanted = list(verification._jsonl_rows(islice(file, 24), level, Outline(), 0))

    assert [said for _, *said in written] == [said for _, *said in wanted]
    assert len(wanted) == 24


@pytest.mark.one_row_in(2)
@pytest.mark.parametrize("form", FORMS)
def test_between_two_pieces_no_transaction_is_open(sealed, app, notary, decide, form, monkeypatch):
    """A page is read ahead on a connection of its own, which is back before a piece is given."""
    records_a_page(monkeypatch, 5)
    decide(acceptance())
    with app.app_context():
        export = Export(Selection("demo", "subjects"), form, notary)
        assert not db.session().in_transaction()
        taken = [db.engine.pool.checkedout() for _ in export.pieces()]

    assert len(taken) > 8
    assert set(taken) == {0}


@pytest.mark.one_row_in(2)
@pytest.mark.parametrize("form", FORMS)
def test_an_export_of_many_pages_is_that_of_one(sealed, export_to, form, monkeypatch):
    whole = export_to(form, "subjects").read_bytes()

    records_a_page(monkeypatch, 5)

    assert export_to(form, "subjects").read_bytes() == whole


def test_postgresql_is_asked_for_a_page_before_the_one_before_is_written(
    sealed, app, notary, monkeypatch
):
    records_a_page(monkeypatch, 5)
    with app.app_context():
        export = Export(Selection("demo", "subjects"), "jsonl", notary)
        write, busy = export.writer.records, []
        pool = db.engine.pool

        def written(page):
            busy.append(pool.checkedout())
            return write(page)

        export.writer.records = written
        list(export.pieces())
        is_sqlite = db.engine.dialect.name == "sqlite"

    assert len(busy) > 4
    assert busy[:-1] == [0 if is_sqlite else 1] * (len(busy) - 1)


def test_an_unknown_checkpoint_is_refused(sealed, client, api_key):
    answer = client.get(
        "/v1/sites/demo/export",
        query_string={"format": "csv", "checkpoint": 5},
        headers=api_key("export"),
    )

    assert (answer.status_code, answer.json["reason"]) == (404, "checkpoint_unknown")
