"""The counts of this process: in memory, or where the other processes of the service see them."""

import os
import threading
from array import array
from collections.abc import Callable, Hashable, Iterable, MutableSequence
from pathlib import Path
from typing import TypeVar

import structlog

from consent_server.disk import make_directory
from consent_server.metrics.sharedfile import MOST_SERIES, Key, SharedFile, read_all, take

Group = TypeVar("Group", bound=Hashable)

log = structlog.get_logger(__name__)
#: Series of when work was done last: of several processes the one that is furthest behind counts.
GOOD_ROUND = "consent_process_good_round"


class Counts:
    """Numbers by the name of a series: that of a metric, then the values of its labels.

    Counting a request takes about a microsecond. Beyond
    :data:`MOST_SERIES` nothing is counted; labels have few values, so that it does not happen.
    """

    def __init__(self) -> None:
        self._folder: Path | None = None
        self._file: SharedFile | None = None
        self._slots: dict[Key, int] = {}
        self._groups: dict[Hashable, list[int]] = {}
        self._values: MutableSequence[float] | memoryview[float] = _in_memory()
        self._lock = threading.Lock()
        os.register_at_fork(after_in_child=self._begin_again)

    def share(self, folder: Path) -> None:
        """Go on in a folder that all processes of a service share; stay in memory if it cannot be.

        Takes over what a process that ended left there.
        """
        try:
            make_directory(folder)
            file = take(folder)
        except OSError as error:
            log.warning("metrics_not_shared", error=type(error).__name__)
            return
        if file is None:
            return
        with self._lock:
            in_memory = [(key, self._values[slot]) for key, slot in self._slots.items()]
            if self._file is not None:
                self._file.close()
                in_memory = []  # the file is read as one whose owner ended
            self._folder, self._file, self._values = folder, file, file.values
            self._slots = {key: slot for slot, key in enumerate(file.known())}
            self._groups = {}
            self._settle(in_memory)

    def _settle(self, before: list[tuple[Key, float]]) -> None:
        """Forget what the owner before measured of itself, and take along what was counted."""
        for key, slot in self._slots.items():
            if is_of_the_process(key):
                self._values[slot] = 0.0
        for key, value in before:
            slot = self._slot(key)
            self._values[slot] = value + self._values[slot]

    def add(self, key: Key, amount: float = 1.0) -> None:
        """Count."""
        with self._lock:
            slot = self._slots.get(key)
            if slot is None:
                slot = self._slot(key)
            self._values[slot] += amount

    def observe(
        self, group: Group, bucket: int, amount: float, keys: Callable[[Group], Iterable[Key]]
    ) -> None:
        """Count one of something, its amount, and one in a bucket: for what each request does.

        :param group: what the series are remembered by; there are few
        :param keys: gives the series at the first time: count, amount, then every bucket
        """
        with self._lock:
            slots = self._groups.get(group)
            if slots is None:
                slots = self._groups[group] = [self._slot(key) for key in keys(group)]
            values = self._values
            values[slots[0]] += 1.0
            values[slots[1]] += amount
            values[slots[2 + bucket]] += 1.0

    def set(self, key: Key, value: float) -> None:
        """Say what is now, of this process."""
        with self._lock:
            self._values[self._slot(key)] = value

    def totals(self) -> dict[Key, float]:
        """Return the sums over all processes, also those that ended.

        What a process measured of itself counts as long as it lives.
        """
        if self._folder is None:
            with self._lock:
                return {key: self._values[slot] for key, slot in self._slots.items()}
        return totals_in(self._folder)

    def _slot(self, key: Key) -> int:
        """Return the place of a series, a new one if need be; the caller has the lock."""
        slot = self._slots.get(key)
        if slot is not None:
            return slot
        slot = len(self._slots)
        is_kept = self._file is None or slot >= MOST_SERIES - 1 or self._file.has_room_for(key)
        if slot >= MOST_SERIES - 1 or not is_kept:
            return MOST_SERIES - 1  # which has no name, so nobody reads it
        self._slots[key] = slot
        return slot

    def _begin_again(self) -> None:
        """Have a file of its own in a process that was forked: two must not write to one."""
        folder = self._folder
        if self._file is not None:
            self._file.close()  # the parent has it open as well, and keeps its lock
        self._lock, self._file, self._values = threading.Lock(), None, _in_memory()
        self._slots, self._groups = {}, {}
        if folder is not None:
            self.share(folder)


def _in_memory() -> MutableSequence[float]:
    return array("d", bytes(8)) * MOST_SERIES


def totals_in(folder: Path) -> dict[Key, float]:
    """Return the sums over the processes that count, or counted, in a folder.

    What a process measured of itself counts as long as it lives; of instants, the earliest does.
    """
    sums: dict[Key, float] = {}
    for values, is_owned in read_all(folder):
        for key, value in values.items():
            if is_owned or not is_of_the_process(key):
                before = sums.get(key, 0.0)
                is_instant = key[0] == GOOD_ROUND and before and value
                sums[key] = min(before, value) if is_instant else before + value
    return sums


def is_of_the_process(key: Key) -> bool:
    """Whether a series tells the state of a process rather than what happened."""
    return key[0].startswith("consent_process")


#: Of this process.
COUNTS = Counts()
