"""What lies inside a backup: named members, each of any length, known only when it ends."""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from consent_server.backup.container import Reader, Writer
from consent_server.backup.errors import BackupUnreadable

#: Bytes of one block at most.
BLOCK = 1 << 20
LARGEST_NAME = 100_000


def write_member(writer: Writer, about: Mapping[str, Any], blocks: Iterable[bytes]) -> None:
    """Add a member: what it is, then its bytes."""
    name = json.dumps(about, separators=(",", ":")).encode()
    writer.write(len(name).to_bytes(4, "big") + name)
    for block in blocks:
        for at in range(0, len(block), BLOCK):
            part = memoryview(block)[at : at + BLOCK]
            writer.write(len(part).to_bytes(4, "big"))
            writer.write(part)
    writer.write(bytes(4))


def read_members(reader: Reader) -> Iterator[tuple[dict[str, Any], Iterator[bytes]]]:
    """Yield what each member is and its bytes, which are to be read before the next.

    :raises BackupUnreadable: changed, cut off, or of another form
    """
    while not reader.is_at_end():
        length = int.from_bytes(reader.exactly(4), "big")
        if length > LARGEST_NAME:
            raise BackupUnreadable("it holds something that this version cannot read")
        yield json.loads(reader.exactly(length)), _blocks(reader)


def _blocks(reader: Reader) -> Iterator[bytes]:
    while length := int.from_bytes(reader.exactly(4), "big"):
        if length > BLOCK:
            raise BackupUnreadable("it holds something that this version cannot read")
        yield reader.exactly(length)
