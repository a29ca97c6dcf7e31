"""Verify what a consent service gave out: exports, proof packs, receipts, tokens, checkpoints.

Offline, from the file alone, without trusting whoever made it. This module is a second
implementation, written from the published formats (docs/log.md, docs/exports.md), and imports
nothing of the service: copy it anywhere and run ``python verification.py FILE…``. It needs Python
3.11 and the package ``cryptography``, for Ed25519. Where ``orjson`` is installed it reads and
writes JSON with that, to the same bytes, in less time. The records of a large file of JSON Lines
or CSV are read by as many processes as there are cores, where others can be started.

How it hangs together, top down:

    verify          one file → a Report: what was proved, what is wrong, what nobody can prove
    an export       every record → its two commitments → its leaf → with all others the root, which
                    must be the one that the log's key signed
    a pack, a receipt   one record → its leaf → along an inclusion proof to the signed root
    a token         a signature by a key of a JWKS file
    compare         two heads of one log that contradict each other are a split view
    a policy        the head was seen by as many witnesses as somebody wants, and when

Sources: RFC 6962 section 2.1 (tree), RFC 8785 (canonical JSON), RFC 8032 (Ed25519), RFC 7515 (JWS),
c2sp.org/signed-note, c2sp.org/tlog-checkpoint, c2sp.org/tlog-proof, c2sp.org/tlog-cosignature,
c2sp.org/tlog-policy.
"""

import argparse
import base64
import binascii
import contextlib
import csv
import hashlib
import hmac
import html
import io
import json
import multiprocessing
import os
import re
import sys
from array import array
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import BrokenExecutor, Future, ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from itertools import chain, combinations, islice
from operator import itemgetter
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

try:
    import orjson

    fast: Any = orjson
except ImportError:
    fast = None

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

#: Problems that are told of one file; the rest is counted.
MOST_PROBLEMS = 20
#: A document that is read whole (pack, page, token) is not larger; an export can be.
LARGEST_DOCUMENT = 50_000_000
#: A line of an export is not longer: no record and no entry comes near.
LARGEST_LINE = 16_000_000
#: Characters of one line of what is said.
LONGEST_TEXT = 20_000
#: What an export begins with: more than one record, by which it is told.
BEGIN = 65_536
TILE = 256
#: Lines that a process reads at a time; bytes of records for which others are started.
PART, LARGE = 4_096, 30_000_000
#: After every place of a log.
END = float("inf")
CUT_OFF = "the file ends without a manifest: it was cut off, or is no whole export"
UNKNOWN = "is cut off, of no known form, or not signed (receipts: jwt, html are)"
MOST_SIGNATURES = 100
#: Types of keys (c2sp.org/signed-note, c2sp.org/tlog-cosignature).
LOG_KEY, WITNESS_KEY = b"\x01", b"\x04"
#: The latest second that is taken for a time: the end of the year 9999.
LATEST = 253_402_300_799
#: The type of the element by which the page of a receipt carries its signed form along.
SIGNED_IN_PAGE = "application/jwt"
HANDOVER, HANDED_OVER = "consent-log-key/v1", "handover of a log's key"
NO_KEY = (
    "the log's key came with the file: whoever made the file could have made the key. Compare it "
    "with one from another channel, and give it with --key"
)
REWRITTEN = (
    "that the operator never rewrote this log before the checkpoint and signed it anew: only a "
    "checkpoint that was kept from earlier shows it (--checkpoint)"
)
TWO_VIEWS = (
    "the policy is met by witnesses of whom none is among others that meet it too: two logs under "
    "one name could each be seen by enough; ask for more than half of them"
)
BEFORE_WITNESSES = "what the log was before these witnesses saw it for the first time"
TRANSLATED = "that the words of DPV around a record translate it rightly: the log has the record"
AROUND = "that the page around it says and draws what it does: only what it carries was verified"
INVENTED = "that a person pressed the button, and that nothing was left out before it was recorded"


#: What a file that was changed can make Python raise while it is read.
MALFORMED = (ValueError, TypeError, KeyError, AttributeError, IndexError, RecursionError, csv.Error)


class Unverifiable(Exception):
    """Something is not of the form that it must have; nothing was learned from it."""


@dataclass(frozen=True)
class Problem:
    """One thing that is not as it was signed."""

    text: str
    line: int | None = None
    record: str | None = None

    def __str__(self) -> str:
        place = [f"line {self.line}"] if self.line else []
        place += [f"record {self.record}"] if self.record else []
        return f"{', '.join(place)}: {self.text}" if place else self.text


@dataclass(frozen=True)
class Head:
    """A signed head of a log (c2sp.org/tlog-checkpoint)."""

    origin: str
    size: int
    root: bytes
    #: The public key that signed it.
    key: bytes
    #: The signed note, with whatever else signed it.
    note: str = field(default="", compare=False, repr=False)


@dataclass
class Report:
    """What became of one file."""

    file: str
    kind: str = "unknown"
    proved: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    #: Problems beyond :data:`MOST_PROBLEMS`.
    more: int = 0
    warnings: list[str] = field(default_factory=list)
    #: What nobody can prove from this file.
    unproved: list[str] = field(default_factory=list)
    head: Head | None = None
    #: What of an export is no part of the log, so that no witness saw it; empty for nothing.
    unseen: str = ""
    #: Size of an earlier tree → its root, as this file shows it.
    roots: dict[int, bytes] = field(default_factory=dict)

    @property
    def is_good(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems

    def wrong(self, text: str, line: int | None = None, record: Any = None) -> None:
        """Note a problem."""
        if len(self.problems) < MOST_PROBLEMS:
            self.problems.append(Problem(text, line, record if isinstance(record, str) else None))
        else:
            self.more += 1

    def as_json(self) -> dict[str, Any]:
        """Return it for a script."""
        head = self.head
        shown = head and {"origin": head.origin, "size": head.size, "root": base64_of(head.root)}
        return {
            "file": self.file,
            "kind": self.kind,
            "verified": self.is_good,
            "proved": self.proved,
            "problems": [vars(problem) for problem in self.problems],
            "more_problems": self.more,
            "warnings": self.warnings,
            "not_provable": self.unproved,
            "checkpoint": shown,
        }


@dataclass(frozen=True)
class Trusted:
    """What the verifier was given besides the file."""

    #: The log's key (c2sp.org/signed-note, a vkey).
    vkey: str | None = None
    #: Keys of tokens by their id, from JWKS files.
    jwks: dict[str, bytes] = field(default_factory=dict)
    #: A head kept from earlier; others of files to compare with.
    kept: Head | None = None
    sizes: frozenset[int] = frozenset()
    #: Keys that took over from the log's key, by handover notes.
    successors: tuple["Key", ...] = ()
    #: Who has to have seen a checkpoint.
    policy: "Policy | None" = None


def verify(path: Path, trusted: Trusted) -> Report:
    """Verify one file, whatever it is."""
    report = Report(str(path))
    try:
        if path.exists() and not path.is_file():
            raise Unverifiable("is a directory, or a pipe, read once: save it as one file")
        with path.open("rb") as file:
            begin = file.read(BEGIN).lstrip(b"\xef\xbb\xbf")
        form = _export_form(begin, path)
        if form is not None:
            verify_export(path, form, trusted, report)
        else:
            _verify_document(path, trusted, report)
        is_of_a_log = report.kind not in ("token", HANDED_OVER)
        if report.is_good and is_of_a_log and trusted.kept is not None:
            _continues(report, trusted.kept)
        if report.is_good and trusted.policy is not None:
            _seen_enough(report, trusted.policy, trusted.kept)
    except OSError as problem:
        report.wrong(f"cannot be read: {problem.strerror}")
    except Unverifiable as problem:
        report.wrong(str(problem))
    except MALFORMED as problem:
        report.wrong(f"is not of a form that can be verified ({type(problem).__name__})")
    return report


def _verify_document(path: Path, trusted: Trusted, report: Report) -> None:
    """Verify a file that is read whole."""
    with path.open("rb") as file:
        data = file.read(LARGEST_DOCUMENT + 1)
    if len(data) > LARGEST_DOCUMENT:
        raise Unverifiable("is nothing that this can verify")
    if data.startswith((b"\x1f\x8b", b"PK", b"\x28\xb5\x2f\xfd")):  # gzip, zip, zstd
        raise Unverifiable("is packed: unpack it, and verify what is in it")
    text, is_page = data.decode(), False
    if re.fullmatch(r"[\w-]+\.[\w-]+\.[\w-]+\s*", text, re.ASCII):
        verify_token(text.strip(), trusted, report)
    elif text.startswith("c2sp.org/tlog-proof@v1\n"):
        verify_proof(text, trusted, report)
    elif "consent-proof/v1" in text:
        is_page = not text.lstrip().startswith("{")
        pack = _carried(text, "application/json", PACK_MARK, "proof pack") if is_page else text
        verify_pack(_strict(pack.encode()), trusted, report)
    elif is_page := SIGNED_IN_PAGE in text:
        verify_token(_carried(text, SIGNED_IN_PAGE, ".", "signed receipt"), trusted, report)
    elif text.startswith(f"{HANDOVER}\n"):
        verify_handover(text, trusted, report)
    elif "\n\n— " in text:
        report.kind = "checkpoint"
        report.head = open_checkpoint(text, _key(trusted, None, of=text))
        report.proved.append(f"the signature of the log's key on {_told(report.head)}")
    else:
        raise Unverifiable(UNKNOWN if text.strip() else "is empty")
    if is_page:
        report.kind += " in a page"
        report.unproved.append(AROUND)


# --- An export -----------------------------------------------------------------------------------


def _export_form(begin: bytes, path: Path) -> str | None:
    """Tell an export by its first bytes."""
    if begin.startswith((b"log_index,", b"day,event,")):
        return "csv"
    if begin.startswith(b'{"@context"') and b'"@graph":[' in begin:
        return "jsonld"
    # One of two lines is enough: the first may be the one that somebody changed.
    known = (b'{"log_index"', b'{"day"', b'{"log"', b'{"manifest"', b'{"problem"')
    is_lines = any(line.startswith(known) for line in begin.split(b"\n", 2)[:2])
    return "jsonl" if is_lines else None


class Opened(NamedTuple):
    """What a row comes to."""

    line: int
    #: Its place in the log, and its record id if it has one.
    at: Any
    name: Any
    #: The leaf that it and its openings give.
    leaf: bytes | None
    problem: str | None


#: Some rows, the first line that is respelled or 0, and what ended the reading too early.
Part = tuple[list[Opened], int, Exception | None]
#: The line of a record, its place in the log or None while it waits for one, it, what opens it.
Row = tuple[int, Any, dict[str, Any], dict[str, Any]]
Cells = Iterator[tuple[int, list[str]]]


@dataclass
class Outline:
    """The parts of an export: rows, then the trailer, then the manifest."""

    trailer: int = 0
    trailer_line: int = 0
    sha256: str = ""
    closing: Any = None
    lines: int = 0
    #: The first line that was found to say what it says in another spelling; 0 for none.
    respelled: int = 0
    #: Where every :data:`PART` lines begin.
    places: list[int] = field(default_factory=list)
    #: Cells of each row, of CSV.
    width: int = 0

    def respell(self, line: int) -> None:
        """Note that a line says what it says in another spelling."""
        self.respelled = min(self.respelled or line, line)


RESPELLED = "is spelled in another way than exports are"
LEVELS = ("counts", "decisions", "subjects")
#: What opens a record, on each level that has records.
OPENINGS = {
    "decisions": ("decision_key", "subject_commitment"),
    "subjects": ("decision_key", "subject_key"),
}
#: Why entries have no record any more; the last: it is gone with a database that was lost.
REASONS = ("art17", "retention", "contract-end", "lost")
FILTER = ("from", "to", "event", "bundle")
#: Members of a manifest, in their order.
MANIFEST = (
    *("format", "form", "site", "level", "filter", "rows", "waiting", "erased"),
    *("sha256", "checkpoint", "vkey"),
)
#: How the trailer, the manifest and what stands in its place begin, in each form.
MARKS = {
    "jsonl": (b'{"log":', b'{"manifest":', b'{"problem":'),
    "csv": (b"#log,", b"#manifest,", b"#problem,"),
    "jsonld": (b'"consent:log":[', b'"consent:manifest":', b'"consent:problem":'),
}


def verify_export(path: Path, form: str, trusted: Trusted, report: Report) -> None:
    """Verify an export: signature, bytes, and that its records are in the log and none is missing.

    In this order, so that whoever changed a record and recomputed every hash is still found by the
    root, which only the log's key signs.
    """
    report.kind = f"export ({form})"
    outline = _outline(path, form)
    manifest = outline.closing["manifest"]
    if tuple(manifest) != MANIFEST or not _is_manifest(manifest, form):
        raise Unverifiable("the manifest is of another format")
    key = _key(trusted, manifest["vkey"], report)
    _require_site(key, manifest["site"])
    text = canonical(manifest)
    signed = f"consent-export/v1\n{base64_of(hashlib.sha256(text).digest())}\n"
    try:
        if open_note(outline.closing["signature"], key) != signed or len(outline.closing) != 2:
            raise Unverifiable("it signs another one")
    except Unverifiable as problem:
        report.wrong(f"the manifest was changed, or is not the log's: {problem}", outline.lines)
    is_whole = manifest["sha256"] == outline.sha256
    if not is_whole:
        report.wrong("the bytes before the manifest are not those that were signed")
    if manifest["checkpoint"] is not None:
        report.head = open_checkpoint(manifest["checkpoint"], key)
    if manifest["level"] == "counts":
        _verify_counts(path, form, outline, report)
    else:
        _verify_records(path, form, outline, trusted, report)
    if not is_whole:
        _name_respelled(path, form, outline, report)
    elif outline.respelled:
        report.wrong(RESPELLED, outline.respelled)
    report.unproved += [TRANSLATED] if form == "jsonld" else []
    report.unproved += [INVENTED] if trusted.kept else [REWRITTEN, INVENTED]


def _is_manifest(manifest: dict[str, Any], form: str) -> bool:
    """Whether each member is of its type, for some of them are told as they are."""
    chosen, erased = manifest["filter"], manifest["erased"]
    return (
        (manifest["format"], manifest["form"]) == ("consent-export/v1", form)
        and manifest["level"] in LEVELS
        and tuple(chosen) == FILTER
        and all(value is None or isinstance(value, str) for value in chosen.values())
        and all(_is_count(manifest[name]) for name in ("rows", "waiting"))
        and all(why in REASONS and _is_count(count) for why, count in erased.items())
    )


def _require_site(key: "Key", site: Any) -> None:
    """Check that a log is the one of a site (docs/log.md, "Keys and names")."""
    if key.name.rpartition("/log/")[2] != site:
        raise Unverifiable(f"is of the site {site}, and the log is that of another: {key.name}")


def _is_count(value: Any) -> bool:
    return type(value) is int and value >= 0


def _whole_lines(file: BinaryIO) -> Iterator[bytes]:
    """Yield the lines of an export, none longer than there can be."""
    while line := file.readline(LARGEST_LINE + 1):
        if len(line) > LARGEST_LINE:
            raise Unverifiable("a line is longer than any of an export")
        yield line


def _outline(path: Path, form: str) -> Outline:
    """Find the parts of an export and hash the bytes that its manifest is about."""
    found, hashed, offset = Outline(), hashlib.sha256(), 0
    log, closing, broken = MARKS[form]
    with path.open("rb") as file:
        for line in _whole_lines(file):
            if not found.trailer_line and found.lines % PART == 0:
                found.places.append(offset)
            found.lines += 1
            found.width = found.width or line.count(b",") + 1
            if line.startswith(closing) and line.endswith(b"\n"):
                found.closing = _closing(line, form, found.width)
                if not found.trailer_line:
                    found.trailer, found.trailer_line = offset, found.lines
                if file.read(1):
                    raise Unverifiable("something follows the manifest")
                break
            if not found.trailer_line and line.startswith(log):
                found.trailer, found.trailer_line = offset, found.lines
            hashed.update(line)
            offset += len(line)
    if not isinstance(found.closing, dict):
        raise Unverifiable(_broken(line, form) if line.startswith(broken) else CUT_OFF)
    found.sha256 = base64url_of(hashed.digest())
    return found


def _broken(line: bytes, form: str) -> str:
    """Return why there is no manifest, as the service says; nobody signed that."""
    text = _cells(line)[1] if form == "csv" else line.partition(b":{")[2].decode()
    said = json.loads(text if form == "csv" else "{" + text.removesuffix("}\n"))["detail"]
    return f"the file ends without a manifest, and its last line says why: {said}"


def _closing(line: bytes, form: str, width: int) -> Any:
    """Return the manifest and its signature, of a line that has the one spelling of them."""
    if form == "csv":
        text, *rest = _cells(line)[1:]
        is_spelled = _spelled(line, form) == line and rest == [""] * (width - 2)
    else:
        begin, end = (b'"consent:manifest":', b"}\n") if form == "jsonld" else (b"", b"\n")
        text = line.removeprefix(begin).removesuffix(end).decode()
        is_spelled = line == begin + text.encode() + end
    closing = json.loads(text)
    if not is_spelled or _compact(closing) != text:
        raise Unverifiable("the manifest is spelled in another way than exports are: changed")
    return closing


def _verify_counts(path: Path, form: str, outline: Outline, report: Report) -> None:
    """Verify that an export of counts holds counts, each once, and nothing else."""
    rows = 0
    before: tuple[Any, ...] = ()
    manifest = outline.closing["manifest"]
    with path.open("rb") as file:
        for number, row in _count_rows(islice(file, outline.trailer_line - 1), form, outline):
            rows += 1
            key = (row["day"], row["event"], row["superseded"])
            is_count = tuple(row) == COUNTS and _is_count(row["count"])
            if not (is_count and type(row["superseded"]) is bool and before < key):
                raise Unverifiable(f"line {number}: is no count, or one that is there already")
            before = key
        if next(_items(file, form, outline), None) is not None:
            raise Unverifiable("counts have no trailer")
    if (rows, 0) != (manifest["rows"], manifest["waiting"]):
        report.wrong(f"{rows} counts; {manifest['rows']} were signed")
    report.proved.append(f"{rows} counts, as the log's key signed them")
    report.unproved.append("that the counts are right: they hold no record to count again")
    report.unseen = "counts are no part of the log"


def _count_rows(
    lines: Iterator[bytes], form: str, outline: Outline
) -> Iterator[tuple[int, dict[str, Any]]]:
    if form == "csv":
        reader = _csv_cells(lines, outline)
        if next(reader)[1] != list(COUNTS):
            raise Unverifiable("line 1: has other columns than counts have")
        for number, (day, event, superseded, count) in reader:
            row = {"day": day, "event": event, "superseded": BOOLEANS[superseded]}
            yield number, {**row, "count": _integer(count)}
    elif form == "jsonl":
        for number, line in enumerate(lines, 1):
            yield number, _parsed(line.removesuffix(b"\n"), number, outline)
    else:
        for number, line in _graph(lines, outline):
            node = _parsed(line, number, outline)
            yield number, {name.removeprefix("consent:"): node[name] for name in node}


def _verify_records(
    path: Path, form: str, outline: Outline, trusted: Trusted, report: Report
) -> None:
    manifest, head = outline.closing["manifest"], report.head
    size = head.size if head is not None else 0
    with path.open("rb") as items:
        walk = Walk(size, manifest, report)
        sizes = trusted.sizes | ({trusted.kept.size} if trusted.kept else set())
        root = walk.root(_opened_rows(path, form, outline), _items(items, form, outline), sizes)
    if (walk.rows, walk.waiting) != (manifest["rows"], manifest["waiting"]):
        wanted = f"{manifest['rows']} + {manifest['waiting']} were signed"
        report.wrong(f"{walk.rows} records of the log and {walk.waiting} that wait; {wanted}")
    if dict(walk.told) != manifest["erased"]:
        report.wrong("the tombstones say other numbers of erasures than the manifest")
    if head is not None and root != head.root:
        _blame(path, form, outline, walk, head, report)
    report.roots = walk.roots
    _tell_records(manifest, walk, trusted, report)


def _tell_records(manifest: Any, walk: "Walk", trusted: Trusted, report: Report) -> None:
    head, key = report.head, f"Key: {trusted.vkey or manifest['vkey']}"
    lost, gone = manifest["erased"].get("lost"), manifest["erased"].keys() - {"lost"}
    if head is not None and not any(manifest["filter"].values()):
        report.proved.append(
            f"all {walk.entries} entries up to {_told(head)} are here: {walk.rows} records whole, "
            f"{walk.clear} artifacts and tombstones, {walk.hidden} gone, as tombstones say. {key}"
        )
    elif head is not None:
        report.proved.append(
            f"{walk.rows} records are in the log, each as it was recorded, by {_told(head)}. {key}"
        )
        report.unproved.append(
            f"that none of the other {walk.hidden} entries fits the filter: the operator says so"
        )
    if lost:
        report.warnings.append(
            f"{lost} entries were lost with a database that was set back, as tombstones say: what "
            "they stood for is gone, and nobody asked for that"
        )
    if gone:
        told = ", ".join(f"{manifest['erased'][why]} ({why})" for why in sorted(gone))
        report.warnings.append(f"tombstones say that these were erased: {told}")
    if walk.outlived:
        report.warnings.append(f"{walk.outlived} records were erased since it was begun: delete it")
    if walk.promised:
        report.unproved.append(
            f"that {walk.promised} of the erased were erased: tombstones that are not in the log "
            "yet name them, and the signature of this file alone says so"
        )
    if walk.waiting:
        report.unseen = (
            f"{walk.waiting} records wait for a place in the log: an export with &checkpoint=SIZE "
            "leaves them out"
        )
        report.unproved.append(
            f"that {walk.waiting} records which still wait for their place in the log are as they "
            "were recorded, and none of them in the log already: the signature of this file alone "
            "says so"
        )


class Walk:
    """Goes through the leaves of the log in order, from the rows and the trailer, up to the root.

    Holds one hash for each level of the tree, whatever the number of records.
    """

    def __init__(self, size: int, manifest: dict[str, Any], report: Report):
        self.size = size
        self._report = report
        self.rows = self.waiting = self.clear = self.hidden = self.entries = 0
        #: Rows whose leaf is not the one in the trailer's tile: line, record, index.
        self.differing: list[tuple[int, str, int]] = []
        self.roots: dict[int, bytes] = {}
        self._has_filter = any(manifest["filter"].values())
        self._at = 0
        #: The item of the trailer that comes next, and where it begins.
        self._item: dict[str, Any] | None = None
        self._begin = END
        self._items: Iterator[dict[str, Any]] = iter(())
        #: The tile of the trailer that was read last: its number, its hashes.
        self._tile = (-1, b"")
        #: Begin and end, one after the other, of what is neither shown nor in clear.
        self._apart = array("Q")
        self._erased = Places()
        #: Named by tombstones that are not in this tree yet.
        self._later = Places()
        #: How many entries those tell of that are named by no tombstone in this tree.
        self.promised = 0
        #: Records that are shown though such a tombstone names them.
        self.outlived = 0
        #: Reason → entries that tombstones name.
        self.told: Counter[str] = Counter()
        #: Which leaves were shown as records.
        self._shown = Places()
        self._names: set[Any] = set()

    def root(
        self,
        rows: Iterator[Opened],
        items: Iterator[dict[str, Any]],
        sizes: frozenset[int] | set[int],
    ) -> bytes | None:
        """Return the root over everything, or None where something is missing or is there twice."""
        fold, is_whole, wanted = Fold(), True, sorted(sizes)
        for begin, end, hashed in self._leaves(rows, items):
            while wanted and wanted[0] <= begin:
                if wanted.pop(0) == begin == fold.size and is_whole:
                    self.roots[begin] = fold.root()
            is_whole = is_whole and begin == fold.size
            if hashed is None or not is_whole:
                fold.size, is_whole = end, False
            else:
                fold.add(end - begin, hashed)
        self._account()
        if not is_whole or fold.size != self.size:
            return None
        self.roots[self.size] = fold.root()
        return fold.root()

    def _leaves(
        self, rows: Iterator[Opened], items: Iterator[dict[str, Any]]
    ) -> Iterator[tuple[int, int, bytes | None]]:
        """Yield begin, end and hash of every piece of the tree; what does not fit is a problem."""
        self._items = items
        self._next_item()
        for row in rows:
            line, at, name, hashed, problem = row
            if problem is not None:
                self._report.wrong(problem, line, name)
            if at is None:
                self.waiting += 1
                if name in self._names:
                    self._report.wrong("waits twice", line, name)
                self._names.add(name)
                continue
            self.rows += 1
            if type(at) is not int:
                raise Unverifiable(f"line {line}: the index is no number")
            if self._begin <= at < self.size and not self.waiting:
                yield from self._trailer_until(at)
            if self.waiting or not self._at <= at < self.size:
                self._report.wrong("is added, doubled or moved", line, name)
                continue
            if at > self._at:
                self._gap(self._at, at, f"before line {line}")
            self._show(line, name, at, hashed)
            yield at, at + 1, hashed
        yield from self._trailer_until(END)
        self.entries = self._at
        if self._at < self.size:
            self._gap(self._at, self.size, "at the end")

    def _show(self, line: int, name: Any, at: int, hashed: bytes | None) -> None:
        """Take in a record; note whether the trailer repeats another leaf hash for it."""
        tile, place = divmod(at, TILE)
        if self._tile[0] == tile and hashed != self._tile[1][place * 32 : place * 32 + 32]:
            self.differing.append((line, name, at))
        self._at = at + 1
        self._shown.tiles[tile] = self._shown.of(tile) | 1 << place

    def _trailer_until(self, index: float) -> Iterator[tuple[int, int, bytes]]:
        """Yield the subtrees and entries of the trailer that begin before a leaf."""
        while self._item is not None:
            item, begin = self._item, self._begin
            if begin > index or (begin == index != END and "tile" not in item):
                return
            if "tile" in item:
                self._tile = item["tile"], base64url_bytes(item["hashes"])
            else:
                yield from self._piece(item)
            self._next_item()

    def _next_item(self) -> None:
        self._item = next(self._items, None)
        self._begin = END if self._item is None else _place(self._item)

    def _piece(self, item: dict[str, Any]) -> Iterator[tuple[int, int, bytes]]:
        """Yield a subtree or an entry of the trailer."""
        if "entry" in item:
            self._told(item["entry"], item["index"])
            if item["index"] is None:
                return  # a tombstone that comes later in the log
        begin = int(_place(item))
        end = begin + 1 if "entry" in item else item["end"]
        count = end - begin
        if count < 1 or count & (count - 1) or begin % count or end > self.size:
            raise Unverifiable("the trailer names a subtree that no tree has")
        if begin > self._at:
            self._gap(self._at, begin, "according to the trailer")
        if begin < self._at:
            self._report.wrong(f"entry {begin} is here twice, in the trailer too")
            return
        self._at = end
        if "entry" in item:
            self.clear += 1
            yield begin, end, leaf_hash(item["entry"].encode())
            return
        self.hidden += count
        if not self._has_filter:
            if self._apart and self._apart[-1] == begin:
                self._apart[-1] = end
            else:
                self._apart.extend((begin, end))
        yield begin, end, base64url_bytes(item["hash"])

    def _told(self, text: str, index: int | None) -> None:
        """Take in what an entry in clear says.

        :param index: None for a tombstone that comes later in the log
        """
        entry = _loaded(text)
        is_stone = _is_tombstone(entry)
        if canonical(entry).decode() != text or not (is_stone or entry["t"] == "ar"):
            self._report.wrong("the trailer has an entry that is none")
            return
        if not is_stone:
            if index is None:
                self._report.wrong("the trailer has an entry that is not in this log")
            return
        named = entry["i"]
        self.told[entry["r"]] += len(named)
        if index is None:
            self._later.update(named)
            self.outlived += sum(at in self._shown for at in named)
            return
        self._erased.update(named)
        if named[-1] >= index:
            self._report.wrong(f"the tombstone {index} names {named[-1]}, which is not before it")
        for at in filter(self._shown.__contains__, named):
            self._report.wrong(f"the tombstone {index} names {at}, but its record is here")

    def _gap(self, begin: int, end: int, where: str) -> None:
        what = f"entry {begin} is" if end - begin == 1 else f"entries {begin} to {end - 1} are"
        self._report.wrong(f"{what} missing {where}: removed from the export")

    def _account(self) -> None:
        """Without a filter, whatever is not shown must have been erased, and a tombstone say so.

        With one, nobody can tell from outside whether what is not shown fits it.
        """
        for begin, end in zip(self._apart[::2], self._apart[1::2], strict=True):
            for tile in range(begin // TILE, -(-end // TILE)):
                first = tile * TILE
                here = (1 << min(end - first, TILE)) - (1 << max(begin - first, 0))
                lost = here & ~self._erased.of(tile)
                self.promised += (lost & self._later.of(tile)).bit_count()
                for index in _places(lost & ~self._later.of(tile), first):
                    self._report.wrong(f"entry {index}: no record here, and no tombstone names it")
                if self._report.more:
                    return  # there may be more of them than anybody can count


class Places:
    """Some places of a log, a bit each: as numbers in a set they would take a hundred bytes."""

    def __init__(self) -> None:
        #: Tile → a bit for each of its places.
        self.tiles: dict[int, int] = {}

    def update(self, indexes: Sequence[int]) -> None:
        """Add places."""
        for tile, place in (divmod(index, TILE) for index in indexes):
            self.tiles[tile] = self.tiles.get(tile, 0) | 1 << place

    def of(self, tile: int) -> int:
        """Return the bits of a tile, the lowest for its first place."""
        return self.tiles.get(tile, 0)

    def __contains__(self, index: int) -> bool:
        return bool(self.of(index // TILE) >> index % TILE & 1)


def _places(bits: int, first: int) -> Iterator[int]:
    return (first + at for at in range(bits.bit_length()) if bits >> at & 1)


def _is_tombstone(entry: dict[str, Any]) -> bool:
    """Whether an entry says that others were erased, as such entries say it (docs/log.md)."""
    if entry.keys() != {"i", "p", "r", "t", "v"} or (entry["t"], entry["v"]) != ("er", 1):
        return False
    named = entry["i"]
    return (
        isinstance(named, list)
        and all(map(_is_count, named))
        and named == sorted(set(named)) != []
        and entry["p"] == ["d", "s"]
        and entry["r"] in REASONS
    )


def _blame(path: Path, form: str, outline: Outline, walk: Walk, head: Head, report: Report) -> None:
    """Say which rows are not what they were: the trailer repeats the leaf hashes of the log.

    Those repeated hashes prove nothing by themselves; they are believed only when they give the
    signed root, and then every row that differs from them is a changed one.
    """
    with path.open("rb") as file:
        is_genuine = _root_of_tiles(_items(file, form, outline), head.size) == head.root
    for line, name, index in walk.differing:
        text = f"and what the trailer repeats of index {index} differ: one was changed"
        if is_genuine:
            text = f"is not what the log has at index {index}: changed"
        report.wrong(text, line, name)
    if not (is_genuine and report.problems):
        also = "" if is_genuine else "; the trailer was changed too, or alone"
        report.wrong(f"records and trailer do not give the root of {_told(head)}{also}")


def _place(item: dict[str, Any]) -> float:
    """Return where an item of the trailer begins; those that have no place are at the end."""
    if "tile" in item:
        return item["tile"] * TILE
    begin = item.get("begin", item.get("index"))
    return END if begin is None else begin


def _root_of_tiles(items: Iterator[dict[str, Any]], size: int) -> bytes | None:
    """Return the root that the trailer alone gives: its tiles, and whatever is outside of them."""
    fold = Fold()
    for item in items:
        if "tile" in item:
            hashes = base64url_bytes(item["hashes"])
            if fold.size != item["tile"] * TILE:
                return None
            for at in range(0, len(hashes), 32):
                fold.add(1, hashes[at : at + 32])
            continue
        begin = _place(item)
        if begin == END or begin < fold.size:
            continue  # in no tile, or within the last
        if begin != fold.size:
            return None
        hashed = leaf_hash(item["entry"].encode()) if "entry" in item else None
        count = item["end"] - item["begin"] if hashed is None else 1
        fold.add(count, hashed or base64url_bytes(item["hash"]))
    return fold.root() if fold.size == size else None


def _name_respelled(path: Path, form: str, outline: Outline, report: Report) -> None:
    """Name the lines that say the same in other bytes, which no leaf shows."""
    with path.open("rb") as file:
        for number, line in enumerate(islice(file, outline.lines - 1), 1):
            try:
                spelled = _spelled(line, form)
            except (ValueError, csv.Error):
                spelled = None
            if spelled is not None and spelled != line:
                report.wrong(RESPELLED, number)


def _spelled(line: bytes, form: str) -> bytes | None:
    """Return the line as an export spells what it says; None where it is no line of its own."""
    if form == "csv":
        return _row_of(_cells(line)).encode()
    if not line.startswith(b"{") or line.startswith(b'{"@context"'):
        return None
    text = line.rstrip(b",\n")
    end = line[len(text) :]
    return _compact(json.loads(text)).encode() + (end if form == "jsonld" else b"\n")


#: Writes JSON as exports spell it.
_compact = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


# --- Reading the three forms ---------------------------------------------------------------------


def _opened_rows(path: Path, form: str, outline: Outline) -> Iterator[Opened]:
    """Yield what the records of an export come to, in the order of the file."""
    manifest, last, done = outline.closing["manifest"], outline.trailer_line - 1, 0
    if form != "jsonld" and outline.trailer > LARGE and (os.cpu_count() or 1) > 1:
        tasks = [
            (path, form, place, number * PART, min(PART, last - number * PART), manifest)
            for number, place in enumerate(outline.places)
        ]
        for rows, respelled, problem in _parts(tasks):
            if isinstance(problem, csv.Error):
                break  # a row may go on in the next part: the rest is read as one
            if respelled:
                outline.respell(respelled)
            yield from rows
            if problem is not None:
                raise problem
            done += 1
        else:
            return
    before, place = done * PART, outline.places[done]
    yield from _rows_from(path, form, place, before, last - before, manifest, outline)


def _rows_from(
    path: Path, form: str, place: int, before: int, count: int, manifest: Any, outline: Outline
) -> Iterator[Opened]:
    """Yield the records of some lines, of which the first begins at a place in the file."""
    with path.open("rb") as file:
        header = [file.readline()] if form == "csv" and before else []
        file.seek(place)
        lines, before = chain(header, islice(file, count)), before - len(header)
        read = {"csv": _csv_rows, "jsonl": _jsonl_rows, "jsonld": _jsonld_rows}[form]
        for row in read(lines, manifest["level"], outline, before):
            yield _opened(row, manifest)


def _opened(row: Row, manifest: Any) -> Opened:
    """Open a record, and check it against the site and the filter that the manifest says."""
    line, at, record, openings = row
    name = record.get("record_id")
    leaf_of = leaf_of_subject if manifest["level"] == "subjects" else leaf_of_decision
    try:
        leaf = leaf_of(record, openings)
    except (Unverifiable, *MALFORMED):
        return Opened(line, at, name, None, "has not the form of a record and its keys")
    wanted, instant = manifest["filter"], record["recorded_at"]
    fits = (
        record["site"] == manifest["site"]
        and (wanted["event"] in (None, record["event"]))
        and (wanted["bundle"] in (None, record["bundle"]))
        and (wanted["from"] is None or instant >= wanted["from"])
        and (wanted["to"] is None or instant < wanted["to"])
    )
    problem = None if fits else "does not fit the export's filter"
    return Opened(line, at, name, leaf, problem)


def _parts(tasks: list[Any]) -> Iterator[Part]:
    """Yield the parts of a large file; what no other process can read, this one does."""
    done = 0
    try:
        for part in _parts_by_others(tasks):
            yield part
            done += 1
    except (BrokenExecutor, OSError, ImportError, NotImplementedError, MemoryError):
        yield from (_read_part(*task) for task in tasks[done:])


def _parts_by_others(tasks: list[Any]) -> Iterator[Part]:
    """Yield the parts in order, a few of them ahead: memory does not grow with the file."""
    workers = os.cpu_count() or 1
    ahead: deque[Future[Part]] = deque()
    with ProcessPoolExecutor(workers, multiprocessing.get_context("spawn")) as pool:
        for task in tasks:
            ahead.append(pool.submit(_read_part, *task))
            if len(ahead) > 2 * workers:
                yield ahead.popleft().result()
        while ahead:
            yield ahead.popleft().result()


def _read_part(path: Path, form: str, place: int, before: int, count: int, manifest: Any) -> Part:
    """Return the same in another process."""
    rows: list[Opened] = []
    outline, problem = Outline(), None
    try:
        for row in _rows_from(path, form, place, before, count, manifest, outline):
            rows.append(row)
    except (Unverifiable, *MALFORMED) as refused:
        problem = refused
    return rows, outline.respelled, problem


def _jsonl_rows(lines: Iterator[bytes], level: str, outline: Outline, before: int) -> Iterator[Row]:
    first, second = OPENINGS[level]
    for number, line in enumerate(lines, before + 1):
        record = _parsed(line.removesuffix(b"\n"), number, outline)
        if "log_index" not in record:
            raise Unverifiable(f"line {number}: is no record")
        index = record.pop("log_index")
        openings = {first: record.pop(first, None), second: record.pop(second, None)}
        yield number, index, record, openings


def _jsonld_rows(lines: Iterator[bytes], level: str, outline: Outline, _: int) -> Iterator[Row]:
    names = OPENINGS[level]
    for number, line in _graph(lines, outline):
        node = _parsed(line, number, outline)
        openings, record = node.get("consent:openings"), node.get("consent:record")
        if (
            not isinstance(openings, dict)
            or not isinstance(record, dict)
            or openings.keys() != {"log_index", *names}
            or node.get("dct:identifier") != record.get("record_id")
        ):
            raise Unverifiable(f"line {number}: is no node of one record and its keys")
        yield number, openings.pop("log_index"), record, openings


def _graph(lines: Iterator[bytes], outline: Outline) -> Iterator[tuple[int, bytes]]:
    """Yield the nodes of a graph; around them stands what is in every export, and nothing else."""
    for number, line in enumerate(lines, 1):
        around = {2: b'"@graph":[\n', outline.trailer_line - 1: b"],\n"}
        if number == 1:
            context = _parsed(line.removesuffix(b",\n") + b"}", number, outline)
            is_known = context.keys() == {"@context"}
        elif number in around:
            is_known = line == around[number]
        else:
            is_known = line.startswith(b"{")
            if is_known:
                yield number, line.removesuffix(b"\n").removesuffix(b",")
        if not is_known:
            raise Unverifiable(f"line {number}: is no line of an export")


#: Members of a count, in their order.
COUNTS = ("day", "event", "superseded", "count")
#: Columns of a CSV export that hold something else than text.
BOOLEANS = {"true": True, "false": False}
#: Members of a record but its choices, in their order, and of each choice.
PLAIN = (
    *("site", "record_id", "previous", "corrects", "event", "action", "method"),
    *("recorded_at", "expires_at", "duration", "bundle", "revision", "build"),
    *("language", "policy_version", "profile", "gpc", "trusted", "superseded"),
)
CHOICE_COLUMNS = ("granted", "decided_at", "expires_at", "revision", "ended")
#: How a text begins that has an apostrophe before it.
MARKED = frozenset("=+-@\t\r\x00\uff1d\uff0b\uff0d\uff20'")


def _integer(cell: str) -> int:
    value = _whole(cell)
    if str(value) != cell:
        raise ValueError("another spelling of a number")
    return value


def _services(cell: str) -> Any:
    value = _loaded(cell)
    if cell != "{}" and _compact(value) != cell:
        raise ValueError("another spelling of an object")
    return value


KINDS: dict[str, Callable[[str], Any]] = {
    **dict.fromkeys(("gpc", "trusted", "superseded", "granted"), BOOLEANS.__getitem__),
    **dict.fromkeys(("log_index", "revision", "n"), _integer),
    "services": _services,
}


def _csv_rows(lines: Iterator[bytes], level: str, outline: Outline, before: int) -> Iterator[Row]:
    """Yield the records of a CSV export; an empty cell is null, an apostrophe marks a text."""
    cells_of = _csv_cells(lines, outline, before)
    header = next(cells_of)[1]
    readers = [KINDS.get(name.rpartition(".")[2], _text_of) for name in header]
    first, choices, members, last = _columns(header, level)
    for number, cells in cells_of:
        if len(cells) != len(header):
            raise Unverifiable(f"line {number}: has another number of cells")
        try:
            values = [read(cell) if cell else None for read, cell in zip(readers, cells)]  # noqa: B905
        except (ValueError, KeyError):
            raise Unverifiable(f"line {number}: a cell cannot be read") from None
        record = dict(zip(first, values))  # noqa: B905
        record["categories"] = {
            id_: dict(zip(members, values[place]))  # noqa: B905
            for id_, place in choices.items()
            if any(cells[place])
        }
        record["services"], *opened = values[-len(last) :]
        openings = dict(zip(last[1:], opened, strict=True))
        yield number, record.pop("log_index"), record, openings


def _columns(
    header: list[str], level: str
) -> tuple[list[str], dict[str, slice], tuple[str, ...], list[str]]:
    """Return the first columns, those of each category, what each of them is, the last columns.

    No other is let in: of two columns of one name only one would be looked at.
    """
    has_subject = level == "subjects"
    first = ["log_index", *PLAIN, *(("subject", "n") if has_subject else ())]
    members = (*CHOICE_COLUMNS, "n") if has_subject else CHOICE_COLUMNS
    last = ["services", *OPENINGS[level]]
    choices: dict[str, slice] = {}
    for at in range(len(first), len(header) - len(last), len(members)):
        id_ = header[at].removeprefix("category.").removesuffix(".granted")
        choices[id_] = slice(at, at + len(members))
    wanted = [f"category.{id_}.{member}" for id_ in choices for member in members]
    if header != [*first, *wanted, *last]:
        raise Unverifiable("line 1: has other columns than exports have")
    return first, choices, members, last


def _csv_cells(lines: Iterator[bytes], outline: Outline, before: int = 0) -> Cells:
    """Yield the last line of each row and its cells."""
    taken: list[str] = []

    def taking() -> Iterator[str]:
        for line in lines:
            taken.append(line.decode())
            yield taken[-1]

    reader = csv.reader(taking(), strict=True)
    for cells in reader:
        text = "".join(taken)
        taken.clear()
        if ('"' in text or text.partition("\r")[2] != "\n") and _row_of(cells) != text:
            outline.respell(before + reader.line_num)
        yield before + reader.line_num, cells


def _row_of(cells: list[str]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\r\n").writerow(cells)
    return buffer.getvalue()


def _text_of(cell: str) -> str:
    if cell[0] not in MARKED:
        return cell
    if cell[0] != "'" or (cell[1:] and cell[1] not in MARKED):
        raise ValueError("another spelling of a text")
    return cell[1:]


def _cells(line: bytes) -> list[str]:
    return next(csv.reader([line.decode()], strict=True))


def _items(file: BinaryIO, form: str, outline: Outline) -> Iterator[dict[str, Any]]:
    """Yield what the trailer holds, in the order of the log."""
    file.seek(outline.trailer)
    lines = islice(file, outline.lines - outline.trailer_line)
    around = {outline.trailer_line: b'"consent:log":[\n', outline.lines - 1: b"],\n"}
    for number, line in enumerate(lines, outline.trailer_line):
        if form == "csv":
            cells = _cells(line)
            if cells[0] != "#log" or cells[2:] != [""] * (outline.width - 2):
                raise Unverifiable(f"line {number}: is no line of a trailer")
            if _row_of(cells).encode() != line:
                outline.respell(number)
            item = _parsed(cells[1].encode(), number, outline)
        elif form == "jsonl":
            found = _parsed(line.removesuffix(b"\n"), number, outline)
            item = found["log"] if found.keys() == {"log"} else {}
        elif line == around.get(number):
            continue
        else:
            item = _parsed(line.removesuffix(b"\n").removesuffix(b","), number, outline)
        _require_item(item, number)
        yield item


#: Members of an item of the trailer: an entry, a subtree, a tile.
ITEMS = (["entry", "index"], ["begin", "end", "hash"], ["hashes", "tile"])


def _require_item(item: Any, number: int) -> None:
    """Check that there is nothing in an item of the trailer but what the root is made of."""
    is_known = sorted(item) in ITEMS and all(
        isinstance(value, str)
        if name in ("entry", "hash", "hashes")
        else _is_count(value) or (name, value) == ("index", None)
        for name, value in item.items()
    )
    if not is_known:
        raise Unverifiable(f"line {number}: is no item of a trailer")


def _parsed(text: bytes, line: int, outline: Outline) -> Any:
    """Return an object; note if it is not spelled as exports are, as one with a member twice."""
    try:
        found = fast.loads(text) if fast is not None else _loaded(text.decode())
        spelled = fast.dumps(found) if fast is not None else _compact(found).encode()
        if isinstance(found, dict):
            if spelled != text:
                outline.respell(line)
            return found
    except (ValueError, TypeError, RecursionError, Unverifiable):
        pass
    raise Unverifiable(f"line {line}: cannot be read: changed, or cut off")


# --- A pack, a receipt, a proof, a token ---------------------------------------------------------


PACK_MARK = '"consent-proof/v1"'
#: Members of a proof pack.
PACK = {
    *("format", "record", "log_index", "decision_key", "subject_key", "bundle", "build"),
    *("texts", "proof", "checkpoint", "vkey"),
}


def _said(record: dict[str, Any]) -> str:
    """Return what a record says, so that nobody needs to believe the words around it."""
    told = [f"{record['event']} at {record['recorded_at']} ({record['action'] or 'no press'})"]
    for asked in record["categories"], record["services"]:
        told += [f"{id_} {'yes' if asked[id_]['granted'] else 'no'}" for id_ in sorted(asked)]
    return ", ".join(told)


def verify_pack(pack: dict[str, Any], trusted: Trusted, report: Report) -> None:
    """Verify a proof pack: the record is in the log, and this is what was shown (docs/log.md)."""
    report.kind = "proof pack"
    if pack["format"] != "consent-proof/v1" or pack.keys() != PACK:
        raise Unverifiable("a pack of another format")
    record = pack["record"]
    name = record["record_id"]
    leaf = leaf_of_subject(record, pack)
    key = _key(trusted, pack["vkey"], report)
    _require_site(key, record["site"])
    index, head = _included(pack["proof"], leaf, key)
    report.head = head
    said = pack["log_index"] if _is_count(pack["log_index"]) else None
    if open_checkpoint(pack["checkpoint"], key) != head or said != index:
        report.wrong("checkpoint or index beside the proof are not the proof's", None, name)
    report.proved.append(f"record {name} is entry {index} of the log, by {_told(head)}")
    report.proved.append(f"it says: {_said(record)}")
    for what, text, hashed in (
        ("bundle", pack["bundle"], record["bundle"]),
        ("widget build", pack["build"], record["build"]),
    ):
        if base64url_of(hashlib.sha256(text.encode()).digest()) == hashed:
            report.proved.append(f"the {what} is the one that the record names, to the byte")
        else:
            report.wrong(f"the {what} is not the one that the record names", None, name)
    bundle = json.loads(pack["bundle"])
    texts = bundle["texts"]
    shown = texts.get(record["language"], texts[bundle["languages"]["default"]])
    if pack["texts"] != shown:
        report.wrong("the texts are not those of the bundle in the record's language", None, name)
    report.unproved += [*([] if trusted.kept else [REWRITTEN]), INVENTED]


def verify_proof(text: str, trusted: Trusted, report: Report) -> None:
    """Verify a proof file (c2sp.org/tlog-proof) whose ``extra`` is the entry itself."""
    report.kind = "proof"
    extra = re.search(r"^extra (\S+)$", text.partition("\n\n")[0], re.MULTILINE)
    if extra is None:
        raise Unverifiable("the proof does not hold its entry")
    entry, key = base64_bytes(extra[1]), _key(trusted, None, of=text.partition("\n\n")[2])
    index, report.head = _included(text, leaf_hash(entry), key)
    report.proved.append(f"the entry {entry.decode()} is number {index}, by {_told(report.head)}")
    report.unproved.append("which record the entry stands for: that takes the record and its keys")


def verify_handover(text: str, trusted: Trusted, report: Report) -> None:
    """Verify the note by which a key of a log took over from the one that was given."""
    report.kind = HANDED_OVER
    key = _key(trusted, None)
    for before in (key, *key.successors):
        with contextlib.suppress(Unverifiable):
            vkey = _successor(text, before)
            report.proved.append(f"the key that was given hands over to {vkey}: give that one now")
            return
    raise Unverifiable("another key hands over than the one that was given, or none")


def _successor(text: str, key: "Key") -> str:
    """Return the key to which this one hands over, by a note that both signed."""
    title, before, after, _ = open_note(text, replace(key, successors=())).split("\n")
    if title != HANDOVER or base64url_bytes(before) != key.public:
        raise Unverifiable("is no handover by this key")
    material = b"\x01" + base64url_bytes(after)
    hashed = hashlib.sha256(key.name.encode() + b"\n" + material).digest()[:4]
    vkey = f"{key.name}+{hashed.hex()}+{base64_of(material)}"
    open_note(text, _key(Trusted(vkey), None))
    return vkey


def verify_token(text: str, trusted: Trusted, report: Report) -> None:
    """Verify a consent token or a receipt: a compact JWS, EdDSA alone (RFC 7515, RFC 8725)."""
    report.kind = "token"
    header, payload, signature = text.split(".")
    said = _strict(base64url_bytes(header))
    if said.keys() != {"alg", "kid", "typ"} or said["alg"] != "EdDSA":
        raise Unverifiable("the header is not that of a consent token")
    if said["kid"] not in trusted.jwks:
        known = "is not in the JWKS file" if trusted.jwks else "is needed: a JWKS file (--jwks)"
        raise Unverifiable(f"its key {said['kid']} {known}")
    signed = f"{header}.{payload}".encode()
    _require_signature(trusted.jwks[said["kid"]], base64url_bytes(signature), signed)
    claims = _strict(base64url_bytes(payload))
    report.proved.append(f"key {said['kid']} signed it for {claims['aud']}: {claims['jti']}")
    if said["typ"] == "consent-receipt+jwt":
        _verify_receipt(claims, trusted, report)
    elif said["typ"] == "consent+jwt":
        report.proved.append(f"choices: {json.dumps(claims['categories'])}")
        report.unproved.append("that it holds still: the check API knows withdrawals")
    else:
        raise Unverifiable("is signed, but is neither a consent token nor a receipt")


def _verify_receipt(claims: dict[str, Any], trusted: Trusted, report: Report) -> None:
    """Verify that the record in a signed receipt is in the log."""
    report.kind = "receipt"
    if "proof" not in claims:
        promised = claims.get("promised_by", "an instant that it does not say")
        report.unproved.append(f"that it is in the log: promised by {promised}, ask again then")
        return
    record = claims["openings"].get("record") or _record_in(claims["receipt"])
    key = _key(trusted, claims.get("vkey"), report)
    leaf = leaf_of_subject(record, claims["openings"])
    index, report.head = _included(claims["proof"], leaf, key)
    _require_site(key, record["site"])
    if claims["jti"] != f"{record['record_id']}-r" or claims["aud"] != record["site"]:
        report.wrong("the receipt names another record than it holds", None, record["record_id"])
    said = f"it says: {_said(record)}"
    report.proved += [f"its record is entry {index} of the log, by {_told(report.head)}", said]
    report.unproved.append("that the words of the receipt around the record translate it rightly")


def _record_in(receipt: Any) -> dict[str, Any]:
    """Return the record that a receipt in JSON-LD holds as a literal."""
    waiting = [receipt]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            if isinstance(node.get("consent:record"), dict):
                return node["consent:record"]
            waiting += node.values()
        elif isinstance(node, list):
            waiting += node
    raise Unverifiable("the receipt does not hold the record that its proof is about")


def _carried(text: str, kind: str, mark: str, what: str) -> str:
    """Return the one text of a type, with a mark in it, that a page carries along."""
    blocks = (block if mark in block else html.unescape(block) for block in _scripts(text, kind))
    found = {block for block in blocks if mark in block}
    if len(found) != 1:
        raise Unverifiable(f"the page holds {'more than one' if found else 'no'} {what}")
    if not text.rstrip().endswith("</html>"):
        raise Unverifiable("the page was cut off: it has no end")
    return found.pop().strip()


def _scripts(text: str, kind: str) -> Iterator[str]:
    """Yield what stands in the page's elements of a type, in time that grows with the page."""
    at = 0
    while (begin := text.find("<script", at)) >= 0:
        end = text.find("</script>", opened := text.find(">", begin) + 1)
        if not opened or end < 0:
            return
        if kind in text[begin:opened]:
            yield text[opened:end]
        at = end


def _included(proof: str, leaf: bytes, key: "Key") -> tuple[int, Head]:
    """Return the index at which a proof shows a leaf, and the head that signs it.

    :source: c2sp.org/tlog-proof; RFC 9162 section 2.1.3.2
    """
    above, blank, note = proof.partition("\n\n")
    lines = above.split("\n")
    if not blank or lines.pop(0) != "c2sp.org/tlog-proof@v1":
        raise Unverifiable("not a proof of c2sp.org/tlog-proof@v1")
    extra = lines.pop(0) if lines and lines[0].startswith("extra ") else None
    if extra and leaf_hash(base64_bytes(extra.removeprefix("extra "))) != leaf:
        raise Unverifiable("the proof holds another entry than that of the record: changed")
    index = _number(lines.pop(0).removeprefix("index ") if lines else "")
    head = open_checkpoint(note, key)
    at, last, hashed = index, head.size - 1, leaf
    for sibling in map(base64_bytes, lines):
        if last <= 0 or len(sibling) != 32:
            raise Unverifiable("the proof is too long")
        if at & 1 or at == last:
            hashed = node_hash(sibling, hashed)
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            hashed = node_hash(hashed, sibling)
        at, last = at >> 1, last >> 1
    if index >= head.size or last or hashed != head.root:
        raise Unverifiable("the record is not what the log holds at this index: changed")
    return index, head


# --- Comparing -----------------------------------------------------------------------------------


def _continues(report: Report, kept: Head) -> None:
    """Check that what a file shows continues a head that was kept from earlier."""
    head = report.head
    if head is None:
        report.wrong("shows no checkpoint, so nothing is known about the one that was kept")
    elif head.origin != kept.origin:
        report.wrong(f"is of another log than the checkpoint that was kept, {kept.origin}")
    elif kept.size > head.size:
        report.wrong(f"ends at {head.size} entries, before the checkpoint that was kept")
    elif kept == head:
        report.proved.append("it is the very checkpoint that was kept")
    elif kept.size == head.size:
        report.wrong("contradicts the checkpoint that was kept: two logs under one name")
    elif kept.size not in report.roots:
        report.wrong(
            f"cannot show what it was at {kept.size} entries, so nothing is known about the "
            "checkpoint that was kept; an export without a filter can"
        )
    elif report.roots[kept.size] != kept.root:
        report.wrong("contradicts the checkpoint that was kept: the log was rewritten since")
    else:
        report.proved.append(f"it continues the checkpoint of {kept.size} entries that was kept")


def _seen_enough(report: Report, policy: "Policy", kept: Head | None) -> None:
    """Check that the witnesses of a policy have seen the head that a file shows.

    Their cosignatures may stand in the file, or beside the same head in one that was kept.
    """
    head = report.head
    if head is None:
        report.wrong("shows no checkpoint, so no witness has seen it")
        return
    if report.unseen:
        report.wrong(f"no witness saw all that is here: {report.unseen}")
    notes = [head.note] + ([kept.note] if kept == head and kept is not None else [])
    said = {key: second for note in notes for key, second in policy.seen(note).items()}
    # A policy may leave out the log's key, and then cannot say that it is no witness of itself.
    seen = {key: second for key, second in said.items() if key.public != head.key}
    times = {key: datetime.fromtimestamp(seen[key], UTC) for key in seen}
    told = ", ".join(sorted(f"{key.name} at {times[key]:%Y-%m-%dT%H:%M:%SZ}" for key in seen))
    if not policy.is_met(set(seen)):
        found = f"only {told} saw" if seen else "no witness of it saw"
        report.wrong(
            f"the policy is not met: {found} {_told(head)}; ask for what ends at a checkpoint that "
            "was (GET .../log/checkpoint?witnessed=true, an export with &checkpoint=SIZE), and "
            "give that with --checkpoint"
        )
    elif seen:
        report.proved.append(f"it was seen by {told}, and each saw the log only grow until then")
        if policy.allows_two_views():
            report.warnings.append(TWO_VIEWS)
        if REWRITTEN in report.unproved:
            report.unproved[report.unproved.index(REWRITTEN)] = BEFORE_WITNESSES


def compare(reports: list[Report]) -> tuple[list[str], list[str]]:
    """Return the split views, and the pairs of which these files do not show how they relate.

    A split view is two heads of one log that cannot both be true, though its key signed both.
    """
    found, unknown = [], []
    with_head = [(report, report.head) for report in reports if report.head is not None]
    for two in combinations(with_head, 2):
        (small, below), (large, above) = sorted(two, key=lambda pair: pair[1].size)
        pair = f"{small.file} and {large.file}"
        shown = above.root if below.size == above.size else large.roots.get(below.size)
        if below.origin != above.origin:
            unknown.append(f"{pair} are of two logs, {below.origin} and {above.origin}")
        elif below.key != above.key:
            unknown.append(f"{pair} name one log, and two keys signed them: give it (--key)")
        elif shown is None:
            unknown.append(f"{pair}: the larger does not show what it was at {below.size}")
        elif shown != below.root:
            found.append(f"{pair} contradict each other at {below.size} entries")
    return found, unknown


# --- Records and what was committed to -----------------------------------------------------------

#: How the decision part calls what :data:`PLAIN` names.
SHORT = (
    *("site", "rec", "prev", "corrects", "evt", "action", "method"),
    *("at", "exp", "dur", "cfg", "revision", "ui"),
    *("lang", "pol", "regime", "gpc", "trusted", "superseded"),
)
plain_of = itemgetter(*PLAIN)
#: Every member of an exported record without the subject.
MEMBERS = frozenset(PLAIN) | {"categories", "services"}
CHOICE = 5  # members of a choice; with the subject, its counter is one more
LAYERS = {"banner": "first", "preferences": "second", "placeholder": "page", "api": "api"}

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode


def canonical(value: Any) -> bytes:
    """Return the RFC 8785 bytes of a value, for what is in a log.

    No number there is anything but an integer, and names are ASCII, which sorts alike in UTF-16 and
    in code points.
    """
    if fast is not None:
        return fast.dumps(value, option=fast.OPT_SORT_KEYS)
    return _encode(value).encode()


def leaf_of_decision(record: dict[str, Any], openings: dict[str, Any]) -> bytes:
    """Return the leaf of a record without its subject, of which only the commitment is known."""
    if record.keys() != MEMBERS:
        raise ValueError("not the members of a record")
    part, _ = _decision(record, CHOICE)
    subject = openings["subject_commitment"]
    if len(base64url_bytes(subject)) != 32:
        raise ValueError("no commitment")
    return _leaf(_commitment(DECISION, openings["decision_key"], part), subject)


def leaf_of_subject(record: dict[str, Any], openings: dict[str, Any]) -> bytes:
    """Return the leaf of a whole record."""
    if len(record) != len(MEMBERS) + 2 or not record.keys() > MEMBERS:
        raise ValueError("not the members of a record")
    decided, counters = _decision(record, CHOICE + 1)
    named = ("sub", record["subject"]), ("n", record["n"])
    subject = {name: value for name, value in named if value is not None}
    subject |= {name: value for name, value in counters.items() if value}
    decision = _commitment(DECISION, openings["decision_key"], decided)
    return _leaf(decision, _commitment(SUBJECT, openings["subject_key"], subject))


def _decision(record: dict[str, Any], members: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the decision part, and the counters that are not in it (docs/log.md)."""
    part = {"v": 1, "scope": "site", "uistate": "ok", **dict(zip(SHORT, plain_of(record)))}  # noqa: B905
    expressed = "system" if record["event"] == "expired" else "self"
    part["who"] = expressed if record["corrects"] is None else "controller"
    told = {}
    part["choices"], part["terms"], told["choices"] = _choices(record["categories"], members)
    if record["method"] in LAYERS:
        part["layer"] = LAYERS[record["method"]]
    if record["services"] != {}:
        part["vchoices"], part["vterms"], told["vchoices"] = _choices(record["services"], members)
    return part, told


def _choices(choices: dict[str, Any], members: int) -> tuple[dict[str, Any], ...]:
    """Return what was granted, the terms, which are all else but the counter, and the counters."""
    granted, terms, counters = {}, {}, {}
    for id_, choice in choices.items():
        if len(choice) != members:
            raise ValueError("not the members of a choice")
        terms[id_] = term = choice.copy()  # not dict(): that would take a list of pairs as well
        granted[id_] = term.pop("granted")
        if members > CHOICE and (counter := term.pop("n")) is not None:
            counters[id_] = counter
    return granted, terms, counters


DECISION, SUBJECT = b"consent-log/v1/decision\n", b"consent-log/v1/subject\n"


def _commitment(label: bytes, key: str, part: dict[str, Any]) -> str:
    secret = base64url_bytes(key)
    if len(secret) != 32:
        raise ValueError("a key of a commitment has 32 bytes")
    return base64url_of(hmac.digest(secret, label + canonical(part), "sha256"))


def _leaf(decision: str, subject: str) -> bytes:
    return leaf_hash(b'{"d":"%b","s":"%b","t":"ev","v":1}' % (decision.encode(), subject.encode()))


# --- Hashes, trees, signatures -------------------------------------------------------------------


def leaf_hash(entry: bytes) -> bytes:
    """Return the hash of a leaf (RFC 6962 section 2.1)."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of two (RFC 6962 section 2.1)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class Fold:
    """The root of a tree from its pieces, left to right: one hash for each complete subtree."""

    def __init__(self) -> None:
        #: Leaves so far.
        self.size = 0
        self._complete: list[bytes] = []

    def add(self, count: int, hashed: bytes) -> None:
        """Add a complete subtree of so many leaves, a power of two that fits at this place."""
        at = self.size // count
        while at & 1:
            hashed = node_hash(self._complete.pop(), hashed)
            at >>= 1
        self._complete.append(hashed)
        self.size += count

    def root(self) -> bytes:
        """Return the root over what was added."""
        if not self._complete:
            return hashlib.sha256(b"").digest()
        above = self._complete[-1]
        for left in reversed(self._complete[:-1]):
            above = node_hash(left, above)
        return above


@dataclass(frozen=True)
class Key:
    """The log's public key: name, id and bytes of a vkey (c2sp.org/signed-note)."""

    name: str
    id: bytes
    public: bytes
    #: What they sign counts as if this one had.
    successors: tuple["Key", ...] = ()


class Policy:
    """Which witnesses have to have seen a checkpoint (c2sp.org/tlog-policy)."""

    def __init__(self, text: str):
        """:raises Unverifiable: not such a file"""
        #: Names and keys of the logs.
        self.logs: list[str] = []
        #: Name in the policy → key; name → how many of which are enough; in their order.
        self._witnesses: dict[str, Key] = {}
        self._groups: dict[str, tuple[int, list[str]]] = {}
        self._quorum: str | None = None
        if re.search(r"[\x00-\x08\x0b-\x1f\x7f]", text):
            raise Unverifiable("the policy has control characters")
        for number, line in enumerate(text.split("\n"), 1):
            words = re.findall(r"[^ \t]+", line)
            if words and not words[0].startswith("#") and not self._takes(*words):
                raise Unverifiable(f"line {number} of the policy is none: {line}")
        if self._quorum is None:
            raise Unverifiable("the policy has no quorum")

    def _takes(self, kind: str, *words: str) -> bool:
        """Take over a line; return whether it is one."""
        known = self._witnesses.keys() | self._groups.keys()
        if kind == "log" and len(words) in (1, 2):
            self.logs.append(words[0])
            return self._is_each_once()
        if kind == "quorum" and len(words) == 1 and self._quorum is None:
            self._quorum = words[0]
            return words[0] in known | {"none"}
        if not words or words[0] in known | {"none"}:
            return False
        if kind == "witness" and len(words) in (2, 3):
            self._witnesses[words[0]] = _parsed_key(words[1], WITNESS_KEY)
            return self._is_each_once()
        if kind != "group" or len(words) < 3:
            return False
        name, number, *members = words
        of_groups = [member for _, others in self._groups.values() for member in others]
        is_once = len({*members, *of_groups}) == len(members) + len(of_groups)
        enough = {"all": len(members), "any": 1}.get(number) or _number(number)
        self._groups[name] = (enough, members)
        return is_once and known.issuperset(members) and 1 <= enough <= len(members)

    def _is_each_once(self) -> bool:
        """Whether no key is there twice, nor both of a log and of a witness."""
        keys = [*(_parsed_key(vkey, LOG_KEY) for vkey in self.logs), *self._witnesses.values()]
        return len({key.public for key in keys}) == len(keys)

    def allows_two_views(self) -> bool:
        """Whether two groups of witnesses that have none in common are each enough."""
        keys = list(self._witnesses.values())
        if len(keys) > 12:
            return False  # too many to try
        splits = (
            {key for at, key in enumerate(keys) if chosen >> at & 1}
            for chosen in range(2 ** len(keys))
        )
        return any(self.is_met(one) and self.is_met(set(keys) - one) for one in splits)

    def seen(self, note: str) -> dict[Key, int]:
        """Return which witnesses cosigned a checkpoint, and when (seconds since 1970).

        :raises Unverifiable: the cosignature of one of them is wrong
        """
        text, _, lines = note.rpartition("\n\n")
        known = {(key.name, key.id): key for key in self._witnesses.values()}
        found = {}
        for line in lines.split("\n")[:-1]:
            name, _, encoded = line.removeprefix("— ").partition(" ")
            signature = base64_bytes(encoded)
            key = known.get((name, signature[:4]))
            if line.startswith("— ") and key is not None:
                second = int.from_bytes(signature[4:12], "big")
                if second > LATEST:
                    raise Unverifiable("a witness names a time that there is not")
                message = f"cosignature/v1\ntime {second}\n{text}\n"
                _require_signature(key.public, signature[12:], message.encode())
                found[key] = second
        return found

    def is_met(self, seen: set[Key]) -> bool:
        """Whether these witnesses are enough."""
        met = {name for name, key in self._witnesses.items() if key in seen} | {"none"}
        for name, (enough, members) in self._groups.items():  # one names only those above it
            if len(met.intersection(members)) >= enough:
                met.add(name)
        return self._quorum in met


def _key(trusted: Trusted, own: str | None, report: Report | None = None, of: str = "") -> Key:
    """Return the log's key: the one that was given, else the file's own, with a warning.

    :param of: the note that it is to have signed, where a policy has keys of several logs
    """
    given = trusted.vkey or _of_policy(trusted.policy, own, of)
    vkey = given or own
    if vkey is None:
        raise Unverifiable("the log's key is needed (--key)")
    if given is None and report is not None:
        report.warnings.append(f"{NO_KEY}: {own}")
    elif own is not None and own != given and report is not None:
        report.warnings.append("the file names another key too; the one that was given counts")
    return replace(_parsed_key(vkey.strip(), LOG_KEY), successors=trusted.successors)


def _of_policy(policy: Policy | None, own: str | None, of: str) -> str | None:
    """Return the key that a policy has for a file: its own, the one that signed it, or the only."""
    logs = policy.logs if policy is not None else []
    if own is not None and logs:
        if own not in logs:
            raise Unverifiable(f"the policy has no log with the key of this file, {own}")
        return own
    signers = [line.split(" ") for line in of.rpartition("\n\n")[2].split("\n")]
    made = {(words[1], base64_bytes(words[2])[:4]) for words in signers if len(words) == 3}
    keys = [(vkey, _parsed_key(vkey, LOG_KEY)) for vkey in logs]
    signed = [vkey for vkey, key in keys if (key.name, key.id) in made]
    return signed[0] if signed else logs[0] if len(logs) == 1 else None


def _parsed_key(vkey: str, kind: bytes) -> Key:
    name, _, rest = vkey.partition("+")
    key_id, _, encoded = rest.partition("+")
    material = base64_bytes(encoded)
    hashed = hashlib.sha256(name.encode() + b"\n" + material).digest()[:4]
    is_name = re.fullmatch(r"[^\s+]+", name) is not None
    if material[:1] != kind or len(material) != 33 or hashed.hex() != key_id or not is_name:
        what = "log's key is no vkey" if kind == LOG_KEY else "key is no vkey of a witness"
        raise Unverifiable(f"the {what} of Ed25519: {vkey}")
    return Key(name, hashed, material[1:])


def open_note(note: str, key: Key) -> str:
    """Return the text of a note that this key signed (c2sp.org/signed-note)."""
    text, blank, signatures = note.rpartition("\n\n")
    if not blank or not signatures.endswith("\n") or signatures.count("\n") > MOST_SIGNATURES:
        raise Unverifiable("no signed note")
    known = {(each.name, each.id): each.public for each in (key, *key.successors)}
    for line in signatures[:-1].split("\n"):
        name, _, encoded = line.removeprefix("— ").partition(" ")
        signature = base64_bytes(encoded)
        public = known.get((name, signature[:4]))
        if line.startswith("— ") and public is not None:
            _require_signature(public, signature[4:], f"{text}\n".encode())
            return f"{text}\n"
    raise Unverifiable("the log's key did not sign the note")


def open_checkpoint(note: str, key: Key) -> Head:
    """Return the head that the log's key signed (c2sp.org/tlog-checkpoint)."""
    lines = open_note(note, key).split("\n")
    if len(lines) != 4 or lines[0] != key.name:
        raise Unverifiable("not a checkpoint of this log")
    root = base64_bytes(lines[2])
    if len(root) != 32:
        raise Unverifiable("a root has 32 bytes")
    return Head(lines[0], _number(lines[1]), root, key.public, note)


def _require_signature(public: bytes, signature: bytes, signed: bytes) -> None:
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, signed)
    except (InvalidSignature, ValueError):
        raise Unverifiable("the signature is wrong: what it covers was changed") from None


def _told(head: Head) -> str:
    return f"the checkpoint of {head.size} entries of {head.origin} ({base64_of(head.root)})"


def _number(text: str) -> int:
    if not re.fullmatch(r"0|[1-9][0-9]{0,18}", text, re.ASCII):
        raise Unverifiable("not a number")
    return int(text)


def base64_of(data: bytes) -> str:
    """Return standard base64, as notes have it."""
    return base64.b64encode(data).decode()


def base64_bytes(text: str) -> bytes:
    """Return the bytes that have exactly this spelling in standard base64."""
    return _decoded(text, text, base64_of)


URL_SAFE, STANDARD = bytes.maketrans(b"+/", b"-_"), bytes.maketrans(b"-_", b"+/")


def base64url_of(data: bytes) -> str:
    """Return base64url without padding."""
    return binascii.b2a_base64(data, newline=False).translate(URL_SAFE, b"=").decode()


def base64url_bytes(text: str) -> bytes:
    """Return the bytes that have exactly this spelling in base64url without padding."""
    padded = text.encode().translate(STANDARD) + b"=" * (-len(text) % 4)
    return _decoded(text, padded, base64url_of)


def _decoded(text: str, padded: str | bytes, spell: Callable[[bytes], str]) -> bytes:
    try:
        data = binascii.a2b_base64(padded)
    except ValueError:
        raise Unverifiable("not base64") from None
    if spell(data) != text:
        raise Unverifiable("not the one spelling in base64")
    return data


def _no_constant(name: str) -> Any:
    """Refuse NaN and Infinity, which Python alone takes for JSON."""
    raise Unverifiable(f"{name} is no JSON")


def _once(members: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(members)) != len(members):
        raise Unverifiable("a member stands twice")
    return dict(members)


def _whole(text: str) -> int:
    """Return an integer of 64 bits: what is larger, not every reader takes for the same."""
    value = int(text)
    if not -(2**63) <= value < 2**64:
        raise ValueError("a number that is too large")
    return value


_json = partial(json.JSONDecoder, parse_constant=_no_constant, parse_int=_whole)
_loaded, _loaded_once = _json().decode, _json(object_pairs_hook=_once).decode


def _strict(text: bytes) -> dict[str, Any]:
    """Return a JSON object in which no member stands twice, for readers take that differently."""
    found = _loaded_once(text.decode())
    if not isinstance(found, dict):
        raise Unverifiable("not a JSON object")
    return found


# --- From the command line -----------------------------------------------------------------------


def read_jwks(text: str) -> dict[str, bytes]:
    """Return the Ed25519 keys of a JWKS file by their id (RFC 7517, RFC 8037)."""
    keys = _strict(text.encode())["keys"]
    return {key["kid"]: base64url_bytes(key["x"]) for key in keys if key.get("crv") == "Ed25519"}


def _given(path: Path, what: str, read: Callable[[str], Any]) -> Any:
    """Return what a file says that was given to verify with; where it does not, name it."""
    try:
        return read(path.read_bytes().decode())
    except (Unverifiable, *MALFORMED) as problem:
        why = problem if isinstance(problem, Unverifiable) else f"none ({type(problem).__name__})"
        raise Unverifiable(f"{path}, {what}: {why}") from None


def verify_all(
    paths: list[Path],
    *,
    vkey: str | None = None,
    checkpoint: Path | None = None,
    jwks: Path | None = None,
    handovers: Sequence[Path] = (),
    policy: Path | None = None,
) -> list[Report]:
    """Verify files, each by itself and against a checkpoint that was kept.

    :param handovers: notes by which keys took over from the log's key, one after another
    :param policy: who has to have seen the checkpoints; may name the log's key as well
    :raises Unverifiable: what was given to verify with cannot be read
    """
    asked = _given(policy, "the trust policy", Policy) if policy is not None else None
    known = _given(jwks, "the JWKS file (/.well-known/jwks.json)", read_jwks) if jwks else {}
    logs = asked.logs if asked is not None else []
    if vkey is not None and logs and vkey.strip() not in logs:
        raise Unverifiable("the log's key that was given is not in the policy")
    if vkey is None and len(logs) == 1:
        vkey = logs[0]
    later: tuple[Key, ...] = ()
    if handovers:
        if vkey is None:
            raise Unverifiable("a handover needs the key that hands over (--key)")
        keys = [_key(Trusted(vkey), None)]
        for handover in handovers:
            made = partial(_successor, key=keys[-1])
            text = _given(handover, "the note by which the key before it hands over", made)
            keys.append(_key(Trusted(text), None))
        later = tuple(keys[1:])
    trusted = Trusted(vkey, known, successors=later, policy=asked)
    if checkpoint is not None:
        if vkey is None and not logs:
            raise Unverifiable("a checkpoint that was kept needs the log's key (--key or --policy)")
        kept = _given(
            checkpoint,
            "the checkpoint that was kept",
            lambda note: open_checkpoint(note, _key(trusted, None, of=note)),
        )
        trusted = replace(trusted, kept=kept)
    first = [verify(path, trusted) for path in paths]
    sizes = frozenset(report.head.size for report in first if report.head is not None)
    if len(sizes) < 2:
        return first
    return [verify(path, replace(trusted, sizes=sizes)) for path in paths]


def plain(text: str) -> str:
    """Return a text as one line for a terminal; what a file holds must not write there by itself.

    Control and direction characters could overwrite a verdict, or write another one.
    """
    shown = "".join(
        char if char.isprintable() else char.encode("unicode_escape", "surrogatepass").decode()
        for char in text[:LONGEST_TEXT]
    )
    encoding = sys.stdout.encoding or "utf-8"  # a terminal that lacks a letter gets its number
    return shown.encode(encoding, "backslashreplace").decode(encoding)


def told(report: Report) -> Iterator[str]:
    """Yield what there is to say about a file, line by line."""
    verdict = "VERIFIED" if report.is_good else "NOT VERIFIED"
    yield f"{report.file}: {verdict} ({report.kind})"
    yield from (f"  wrong:      {problem}" for problem in report.problems)
    if report.more:
        yield f"  wrong:      and {report.more} more"
    if report.is_good:
        yield from (f"  proved:     {text}" for text in report.proved)
        yield from (f"  not proved: {text}" for text in report.unproved)
    yield from (f"  warning:    {text}" for text in report.warnings)


def conclude(reports: list[Report], *, as_json: bool, must_compare: bool) -> tuple[str, int]:
    """Return what to print, and the exit code: 0 verified, 1 not.

    :param must_compare: it is not enough that no two files contradict each other
    """
    splits, unknown = compare(reports)
    if must_compare:
        headless = [report.file for report in reports if report.head is None]
        if len(reports) - len(headless) < 2:
            unknown.append("there are no two checkpoints to compare")
        unknown += [f"{file} shows no checkpoint" for file in headless]
    failed = splits or (must_compare and unknown)
    is_good = all(report.is_good for report in reports) and not failed
    if as_json:
        files = [report.as_json() for report in reports]
        answer = {"verified": is_good, "files": files, "split_views": splits, "unknown": unknown}
        return json.dumps(answer, indent=2), 0 if is_good else 1
    lines = [line for report in reports for line in told(report)]
    lines += [f"SPLIT VIEW: {text}, and the log's key signed both" for text in splits]
    if must_compare:
        lines += [f"not compared: {text}" for text in unknown]
        lines += [] if failed else ["no split view: one log, as far as these files reach"]
    return "\n".join(map(plain, lines)), 0 if is_good else 1


def main(words: list[str] | None = None) -> int:
    """Run from the command line; return 0 verified, 1 not, 2 wrong usage."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    key, later = "the log's key, from another channel than the file", "a key took over from --key"
    parser.add_argument("--key", dest="vkey", metavar="VKEY", help=key)
    parser.add_argument("--checkpoint", type=Path, help="a checkpoint kept from earlier")
    many: Any = {"dest": "handovers", "default": [], "type": Path, "action": "append"}
    parser.add_argument("--handover", **many, metavar="FILE", help=later)
    parser.add_argument("--policy", type=Path, help="witnesses that must have seen the checkpoint")
    parser.add_argument("--jwks", type=Path, help="keys of tokens and receipts")
    parser.add_argument("--compare", action="store_true", help="all must be of one log")
    parser.add_argument("--json", action="store_true", help="print JSON for a script")
    given = vars(parser.parse_args(words))
    files, as_json, must_compare = (given.pop(name) for name in ("files", "json", "compare"))
    try:
        reports = verify_all(files, **given)
    except (OSError, ValueError, KeyError, Unverifiable) as problem:
        parser.error(plain(str(problem)))
    text, code = conclude(reports, as_json=as_json, must_compare=must_compare)
    print(text)
    return code


if __name__ == "__main__":
    sys.exit(main())
