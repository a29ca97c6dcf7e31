"""An export into a file that a crash does not send back to its beginning.

It is written to ``FILE.part``. Beside it ``FILE.part.json`` says, now and then, how much of it is
good and what it is an export of. Whoever goes on checks that those bytes are the ones that were
written, cuts off the rest, and appends from there, up to the same checkpoint.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from consent_server.disk import give_name, new_file, part_of, replace_file
from consent_server.errors import ConsentError
from consent_server.exports.service import Export, Progress

#: Bytes after which it is noted how far the export is.
NOTED = 16 * 1024 * 1024


class PartDiffers(ConsentError):
    """What is there of an unfinished export is not the beginning of the one that was asked for."""

    status = 409
    reason = "part_differs"

    def __init__(self, path: Path, problem: str):
        super().__init__(f"{path}: {problem}; without --resume it is begun anew")


class PartFile:
    """The unfinished file of one export."""

    def __init__(self, path: Path):
        """:param path: of the finished file"""
        self.path = path
        self.part = part_of(path)
        self._note = path.with_name(f"{path.name}.part.json")

    def checkpoint(self) -> int | None:
        """Return the size of the checkpoint of the unfinished export, if there is one."""
        noted = self._noted()
        return None if noted is None else noted["export"]["checkpoint"] or None

    def write(self, export: Export, *, resume: bool) -> Iterator[int]:
        """Write the file; yield after each piece how many records are done.

        :raises PartDiffers: there is something else than the beginning of this export to resume
        :raises OSError: it cannot be written, or somebody else began it anew meanwhile
        """
        is_there = resume and self.part.exists()
        with self.part.open("r+b") if is_there else new_file(self.part) as file:
            if resume:
                self._go_on(export, file)
            noted = export.progress.size
            for piece in export.pieces():
                file.write(piece)
                progress = export.progress
                if progress.size - noted >= NOTED and progress.after >= 0 and not progress.waiting:
                    file.flush()
                    self._keep(export)
                    noted = progress.size
                yield progress.records + progress.waiting
            give_name(file, self.path)
        self._note.unlink(missing_ok=True)

    def _keep(self, export: Export) -> None:
        progress = export.progress
        note = {
            "export": _identity(export),
            "bytes": progress.size,
            "sha256": progress.hashed.hexdigest(),
            "after": progress.after,
            "records": progress.records,
        }
        replace_file(self._note, json.dumps(note).encode())

    def _noted(self) -> Any:
        try:
            return json.loads(self._note.read_bytes())
        except FileNotFoundError:
            return None
        except ValueError:
            raise PartDiffers(self._note, "cannot be read") from None

    def _go_on(self, export: Export, file: BinaryIO) -> None:
        """Take over what is there, after checking it."""
        noted = self._noted()
        if noted is None:
            file.truncate(0)
            return
        if noted["export"] != _identity(export):
            raise PartDiffers(self.part, "is another export")
        progress = Progress(noted["records"], noted["after"])
        index = re.compile(re.escape(export.writer.index_prefix) + rb"(\d+),")
        found = 0
        while line := file.readline(noted["bytes"] - progress.size):
            progress.hashed.update(line)
            progress.size += len(line)
            place = index.match(line)
            if place:
                export.exported.add(int(place[1]))
                found += 1
        if progress.hashed.hexdigest() != noted["sha256"] or found != progress.records:
            raise PartDiffers(self.part, "was changed since it was written")
        file.seek(progress.size)
        file.truncate()
        export.progress = progress


def _identity(export: Export) -> dict[str, Any]:
    selection = export.selection
    return {
        "site": selection.site_id,
        "format": export.format,
        "level": selection.level,
        "filter": selection.filter,
        "checkpoint": export.head.size,
        "origin": export.head.origin,
    }
