"""Small files that must survive a power cut, for this user alone: whole or not at all."""

import errno
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

#: A file, whatever its name: its device, and its number there.
File = tuple[int, int]
#: Bytes that have to find room: more than a decision takes.
TRIED = 65_536


@contextmanager
def lock_of(path: Path) -> Iterator[None]:
    """Hold the lock that belongs to a file, against other processes and other threads alike."""
    lock = path.with_suffix(".lock")
    handle = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def replace_file(path: Path, data: bytes, newer_than: int = 0) -> None:
    """Put bytes in the place of a file, on the disk before this returns; the caller has its lock.

    :param newer_than: modification time in nanoseconds that the new file's must exceed
    """
    draft = path.with_suffix(".new")
    with suppress(FileNotFoundError):  # what a process left that died right here
        draft.unlink()
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with open(handle, "wb") as file:
        file.write(data)
        file.flush()
        if (modified := os.fstat(handle).st_mtime_ns) <= newer_than:
            # Two changes in one tick of the file system's clock: readers must see both.
            os.utime(handle, ns=(modified, newer_than + 1))
        os.fsync(handle)
    draft.replace(path)
    sync_directory(path.parent)


def part_of(path: Path) -> Path:
    """Return where a file is until it is whole."""
    return path.with_name(f"{path.name}.part")


@contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """Open a file for this user alone that has its name when it is whole, and on the disk.

    Until then it is ``FILE.part``; what breaks meanwhile leaves none, and what had the name as it
    was. Nothing locks it, since not every file system can: of two that write one file, the one that
    began later has the name, and the other fails.

    :raises OSError: it cannot be made, or not be put in its place, or somebody else writes it
    """
    part = part_of(path)
    with new_file(part) as file:
        mine = _file(os.fstat(file.fileno()))
        try:
            yield file
            give_name(file, path)
        except OSError as error:
            if error.filename is None:  # what is written has no name in the error: a full disk
                error.filename = str(path)
            raise
        finally:
            if file_at(str(part)) == mine:
                part.unlink(missing_ok=True)


def new_file(path: Path) -> BinaryIO:
    """Open a new file for this user alone; what had the name, of one that was killed, is gone."""
    path.unlink(missing_ok=True)
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    return open(os.open(path, flags, 0o600), "w+b")


def give_name(file: BinaryIO, path: Path) -> None:
    """Put a file that is whole from ``FILE.part`` in its place, and on the disk.

    :param file: still open, so that no other one can be taken for it
    :raises OSError: it cannot be, or somebody else began to write ``FILE.part`` meanwhile
    """
    file.flush()
    os.fsync(file.fileno())
    part = part_of(path)
    if file_at(str(part)) != _file(os.fstat(file.fileno())):
        raise OSError(errno.EBUSY, "somebody else writes it, too", str(path))
    part.replace(path)
    sync_directory(path.absolute().parent)


def make_directory(path: Path) -> None:
    """Make a directory for this user alone, unless it is there; what is in it is found again."""
    if not path.is_dir():
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        sync_directory(path.parent)


def sync_directory(path: Path) -> None:
    """Put the names in a directory on the disk."""
    directory = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def try_writing(folder: Path) -> None:
    """Write a file that has no name, and let it go.

    :raises OSError: the disk is full or read-only, or the folder is not ours
    """
    with tempfile.TemporaryFile(dir=folder, buffering=0) as file:
        left = memoryview(bytes(TRIED))
        while left:  # a disk that is almost full takes a part
            left = left[file.write(left) :]


def file_at(path: str) -> File | None:
    """Return which file has a name; None where none has it."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return _file(found)


def _file(found: os.stat_result) -> File:
    return found.st_dev, found.st_ino


def least_free(*folders: Path) -> tuple[int, Path]:
    """Return how many bytes are free where there is least, and where that is."""
    return min((shutil.disk_usage(folder).free, folder) for folder in folders)


def filesystem_of(path: Path, table: Path = Path("/proc/self/mounts")) -> str:
    """Return the kind of file system that a path is on, such as ``ext4``; empty if unknown.

    :param table: what is mounted where, as Linux tells it
    """
    try:
        lines = [line.split(" ") for line in table.read_text(encoding="utf-8").splitlines()]
    except OSError:
        return ""
    whole = path.resolve()
    above = [(place, kind) for _, place, kind, *_ in lines if whole.is_relative_to(_plain(place))]
    # Of several on one place, the last covers the others.
    return max(reversed(above), key=lambda mounted: len(mounted[0]))[1] if above else ""


def _plain(place: str) -> str:
    """Undo how Linux writes a blank in a name."""
    return place.replace("\\040", " ")
