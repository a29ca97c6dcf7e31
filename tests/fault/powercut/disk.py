"""What a machine finds on its disk after its power was cut, at any call.

Only what was synced is there: the bytes of a file since ``fsync`` of the file, its name since
``fsync`` of the directory. Of what was not, some may have got there too, in any order and torn.
"""

import random
from dataclasses import dataclass, field
from pathlib import Path

from tests.fault.powercut.syscalls import Call

SECTOR = 512


@dataclass
class File:
    """One file, whatever its name."""

    #: As processes see it, and as it is on the disk for sure.
    content: bytearray = field(default_factory=bytearray)
    durable: bytes = b""
    #: Since it was synced: (offset, bytes), or (length, None) of a cut.
    pending: list[tuple[int, bytes | None]] = field(default_factory=list)

    def write(self, offset: int, data: bytes) -> None:
        """Write as ``pwrite`` does."""
        _put(self.content, offset, data)
        self.pending.append((offset, data))

    def cut(self, length: int) -> None:
        """Cut, or fill with zeros, as ``ftruncate`` does."""
        _cut(self.content, length)
        self.pending.append((length, None))

    def sync(self) -> None:
        """Put everything on the disk."""
        self.durable, self.pending = bytes(self.content), []

    def survives(self, chance: random.Random | None) -> bytes:
        """Return what is there after the cut; with chance, some of what was not synced too."""
        if chance is None or not self.pending:
            return self.durable
        found = bytearray(self.durable)
        for offset, data in chance.sample(self.pending, len(self.pending)):
            if chance.random() < 0.5:
                continue
            if data is None:
                _cut(found, offset)
            else:
                torn = chance.randrange(0, len(data) + 1, SECTOR) if chance.random() < 0.3 else None
                _put(found, offset, data[:torn])
        return bytes(found)


class Disk:
    """The files below one directory."""

    def __init__(self, root: Path, files: dict[str, bytes]):
        """:param files: what is there below the root at the beginning, all of it durable"""
        self._root = str(root)
        self._names = {path: File(bytearray(content), content) for path, content in files.items()}
        self._durable = dict(self._names)
        #: Changes of names that no directory was synced for: path → file, or None for gone.
        self._unsynced: list[dict[str, File | None]] = []
        self._places: dict[str, int] = {}

    @classmethod
    def of(cls, copy: Path, root: Path) -> "Disk":
        """Return the disk as a copy of a directory shows it.

        :param root: where that was
        """
        files = {
            str(root / path.relative_to(copy)): path.read_bytes()
            for path in copy.rglob("*")
            if path.is_file()
        }
        return cls(root, files)

    def take(self, call: Call) -> bool:
        """Take over a call; return whether it changed anything."""
        take = getattr(self, f"_{call.name}", None)
        return bool(take(call)) if take is not None else False

    def survives(self, chance: random.Random | None = None) -> dict[str, bytes]:
        """Return path → bytes of what is there after the cut."""
        names = dict(self._durable)
        if chance is not None:
            for change in self._unsynced[: chance.randint(0, len(self._unsynced))]:
                _rename(names, change)
        return {path: file.survives(chance) for path, file in names.items()}

    def _openat(self, call: Call) -> bool:
        path = call.texts[0].decode()
        if not path.startswith(self._root) or "O_DIRECTORY" in call.arguments:
            return False
        self._places[path] = 0
        if path not in self._names:
            if "O_CREAT" not in call.arguments:
                return False
            self._change({path: File()})
        if "O_TRUNC" in call.arguments:
            self._names[path].cut(0)
        if "O_APPEND" in call.arguments:
            self._places[path] = -1
        return True

    def _write(self, call: Call) -> bool:
        file = self._names.get(call.path)
        if file is None:
            return False
        place = self._places.get(call.path, 0)
        file.write(len(file.content) if place < 0 else place, call.texts[0][: call.result])
        if place >= 0:
            self._places[call.path] = place + call.result
        return True

    def _lseek(self, call: Call) -> bool:
        if call.path in self._names:
            self._places[call.path] = call.result
        return False

    def _pwrite64(self, call: Call) -> bool:
        file = self._names.get(call.path)
        if file is not None:
            file.write(int(call.arguments.rpartition(",")[2]), call.texts[0][: call.result])
        return file is not None

    def _ftruncate(self, call: Call) -> bool:
        file = self._names.get(call.path)
        if file is not None:
            file.cut(int(call.arguments.rpartition(",")[2]))
        return file is not None

    def _fsync(self, call: Call) -> bool:
        file = self._names.get(call.path)
        if file is not None:
            file.sync()
        elif call.path.startswith(self._root):
            self._sync_names(call.path)
        return call.path.startswith(self._root)

    _fdatasync = _fsync

    def _unlink(self, call: Call) -> bool:
        path = call.texts[0].decode()
        if path in self._names:
            self._change({path: None})
        return path.startswith(self._root)

    _unlinkat = _unlink

    def _rename(self, call: Call) -> bool:
        old, new = (text.decode() for text in call.texts[:2])
        if old in self._names:
            self._change({old: None, new: self._names[old]})
        return old.startswith(self._root)

    _renameat = _renameat2 = _rename

    def _writev(self, call: Call) -> bool:
        if call.path.startswith(self._root):
            raise NotImplementedError(call.name)
        return False

    _pwritev = _writev

    def _change(self, change: dict[str, File | None]) -> None:
        _rename(self._names, change)
        self._unsynced.append(change)

    def _sync_names(self, directory: str) -> None:
        kept = []
        for change in self._unsynced:
            if all(str(Path(path).parent) == directory for path in change):
                _rename(self._durable, change)
            else:
                kept.append(change)
        self._unsynced = kept


def _rename(names: dict[str, File], change: dict[str, File | None]) -> None:
    for path, file in change.items():
        if file is None:
            names.pop(path, None)
        else:
            names[path] = file


def _put(content: bytearray, offset: int, data: bytes) -> None:
    if len(content) < offset:
        content.extend(bytes(offset - len(content)))
    content[offset : offset + len(data)] = data


def _cut(content: bytearray, length: int) -> None:
    if length < len(content):
        del content[length:]
    else:
        content.extend(bytes(length - len(content)))
