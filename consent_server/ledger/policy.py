"""Trust policies: which logs, which witnesses, and how many of them have to have seen a checkpoint.

One file serves the service, which asks the witnesses, and the auditor, who verifies offline.

Source: https://c2sp.org/tlog-policy
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NoReturn

from consent_server.errors import ConsentError
from consent_server.ledger.cosignature import Cosignature, cosignatures, witness_key
from consent_server.ledger.note import NoteInvalid, NoteKey

#: A policy that is larger is not read.
LARGEST = 100_000
#: Predefined: no cosignature is needed.
NONE = "none"
NUMBER = re.compile(r"[1-9][0-9]{0,4}\Z", re.ASCII)
#: Anything else separates no words and ends no line.
CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


class PolicyInvalid(ConsentError):
    """The file is no trust policy."""

    status = 422
    reason = "policy_invalid"


@dataclass(frozen=True)
class Witness:
    """One that cosigns checkpoints."""

    #: By which groups and the quorum name it; no other meaning.
    name: str
    key: NoteKey
    #: Submission prefix (c2sp.org/tlog-witness), no slash at the end; None for verifying alone.
    url: str | None


@dataclass(frozen=True)
class Group:
    """Witnesses and groups of which so many are enough."""

    enough: int
    members: tuple[str, ...]


@dataclass(frozen=True)
class Policy:
    """What makes a checkpoint one to believe."""

    #: Empty where the log is known otherwise.
    logs: tuple[NoteKey, ...]
    witnesses: tuple[Witness, ...]
    groups: dict[str, Group]
    #: A witness, a group, or :data:`NONE`.
    quorum: str

    @classmethod
    def parse(cls, text: str) -> "Policy":
        """Return the policy that a file stands for.

        :raises PolicyInvalid: not such a file; the message names the line
        """
        return _Reading().read(text)

    def seen_by(self, note: str) -> list[Cosignature]:
        """Return what the policy's witnesses said of a checkpoint.

        :raises NoteInvalid: malformed, or a cosignature of one of them is wrong
        """
        return cosignatures(note, [witness.key for witness in self.witnesses])

    def is_met(self, keys: Iterable[NoteKey]) -> bool:
        """Whether these witnesses are enough."""
        there = set(keys)
        met = {witness.name for witness in self.witnesses if witness.key in there} | {NONE}
        for name, group in self.groups.items():  # in order: a group names only what is above it
            if len(met.intersection(group.members)) >= group.enough:
                met.add(name)
        return self.quorum in met

    @property
    def asked(self) -> list[Witness]:
        """The witnesses that can be asked."""
        return [witness for witness in self.witnesses if witness.url is not None]

    @property
    def needed(self) -> list[Witness]:
        """The witnesses without whom the quorum is never met."""
        everybody = {witness.key for witness in self.witnesses}
        return [one for one in self.witnesses if not self.is_met(everybody - {one.key})]

    @property
    def fewest(self) -> int:
        """How many witnesses there are at least in a quorum."""
        counts = {NONE: 0, **{witness.name: 1 for witness in self.witnesses}}
        for name, group in self.groups.items():
            counts[name] = sum(sorted(counts[member] for member in group.members)[: group.enough])
        return counts[self.quorum]


class _Reading:
    """A policy line by line."""

    def __init__(self) -> None:
        self._line = 0
        self._logs: list[NoteKey] = []
        self._witnesses: list[Witness] = []
        self._groups: dict[str, Group] = {}
        self._grouped: set[str] = set()
        self._quorum: str | None = None

    def read(self, text: str) -> Policy:
        if len(text) > LARGEST or CONTROLS.search(text):
            self._refuse("larger than a policy may be, or with control characters")
        kinds: dict[str, Callable[[list[str]], None]] = {
            "log": self._add_log,
            "witness": self._add_witness,
            "group": self._add_group,
            "quorum": self._set_quorum,
        }
        for number, line in enumerate(text.split("\n"), 1):
            self._line = number
            kind, *words = _words(line) or ["#"]
            if kind.startswith("#"):
                continue
            if kind not in kinds:
                self._refuse("begins with none of log, witness, group, quorum")
            kinds[kind](words)
        if self._quorum is None:
            self._refuse("no line says what the quorum is")
        return Policy(tuple(self._logs), tuple(self._witnesses), self._groups, self._quorum)

    def _add_log(self, words: list[str]) -> None:
        if len(words) not in (1, 2):
            self._refuse("a log has a key, and perhaps an address")
        key = self._key(words[0], NoteKey.parse)
        if key.public in {known.public for known in self._logs}:
            self._refuse("this log is there already")
        if key.public in {known.key.public for known in self._witnesses}:
            self._refuse("a log is no witness of itself")
        self._logs.append(key)

    def _add_witness(self, words: list[str]) -> None:
        if len(words) not in (2, 3):
            self._refuse("a witness has a name, a key, and perhaps an address")
        name, vkey, *url = words
        self._require_new(name)
        key = self._key(vkey, witness_key)
        if key.public in {known.key.public for known in self._witnesses}:
            self._refuse("this witness is there already")
        if key.public in {known.public for known in self._logs}:
            self._refuse("a log is no witness of itself")
        self._witnesses.append(Witness(name, key, url[0].rstrip("/") if url else None))

    def _add_group(self, words: list[str]) -> None:
        if len(words) < 3:
            self._refuse("a group has a name, a number, and members")
        name, number, *members = words
        self._require_new(name)
        for member in members:
            if member not in self._names:
                self._refuse(f"no line above defines {member}")
            if member in self._grouped:
                self._refuse(f"{member} is in a group already")  # it would count twice
            self._grouped.add(member)
        if not NUMBER.match(number) and number not in ("all", "any"):
            self._refuse("of a group all, any, or a number are enough")
        enough = {"all": len(members), "any": 1}.get(number) or int(number)
        if enough > len(members):
            self._refuse("more are asked for than are in the group")
        self._groups[name] = Group(enough, tuple(members))

    def _set_quorum(self, words: list[str]) -> None:
        if self._quorum is not None or len(words) != 1:
            self._refuse("there is one quorum, and it is one name")
        if words[0] != NONE and words[0] not in self._names:
            self._refuse(f"no line above defines {words[0]}")
        self._quorum = words[0]

    @property
    def _names(self) -> set[str]:
        return {witness.name for witness in self._witnesses} | self._groups.keys()

    def _require_new(self, name: str) -> None:
        if name == NONE or name in self._names:
            self._refuse(f"the name {name} is taken")

    def _key(self, vkey: str, parse: Callable[[str], NoteKey]) -> NoteKey:
        try:
            return parse(vkey)
        except NoteInvalid as refusal:
            self._refuse(str(refusal))

    def _refuse(self, problem: str) -> NoReturn:
        raise PolicyInvalid(f"line {self._line}: {problem}")


def _words(line: str) -> list[str]:
    """Split at spaces and tabs alone."""
    return [word for word in re.split(r"[ \t]+", line) if word]


#: Asks for nobody, and names nobody.
NOBODY = Policy.parse(f"quorum {NONE}\n")
