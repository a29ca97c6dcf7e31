"""HTTP/1.1 read strictly: what a connection's bytes hold that is beyond doubt a request.

Written from RFC 9112 alone, so that a server which reads more than this can be told.
"""

import re
from dataclasses import dataclass

TOKEN = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
LINE = re.compile(rb"(%s) ([\x21-\x7e]+) HTTP/1\.([0-9])\r\n" % TOKEN)
FIELD = re.compile(rb"(%s):[ \t]*([^\x00\r\n]*?)[ \t]*\r\n" % TOKEN)
CHUNK = re.compile(rb"([0-9A-Fa-f]{1,8})(?:[ \t]*;[\t\x20-\x7e]*)?\r\n")


@dataclass(frozen=True)
class Read:
    """One whole request."""

    method: bytes
    target: bytes
    #: Whether the connection may go on after it.
    goes_on: bool


def requests_in(data: bytes) -> list[Read]:
    """Return the requests that these bytes hold, up to the first doubt.

    :source: RFC 9112 sections 2.2, 3, 5, 6 and 7.1; RFC 9110 sections 5.5 and 7.2
    """
    found: list[Read] = []
    while data:
        while data.startswith(b"\r\n"):
            data = data[2:]
        read, data = _one(data)
        if read is None:
            break
        found.append(read)
        if not read.goes_on:
            break
    return found


def _one(data: bytes) -> tuple[Read | None, bytes]:
    """Return the request at the beginning, and what comes after it."""
    line = LINE.match(data)
    if line is None:
        return None, b""
    fields: dict[bytes, list[bytes]] = {}
    at = line.end()
    while field := FIELD.match(data, at):
        fields.setdefault(field[1].lower(), []).append(field[2])
        at = field.end()
    is_old = line[3] == b"0"
    hosts = fields.get(b"host", [])
    if data[at : at + 2] != b"\r\n" or len(hosts) > 1 or (not hosts and not is_old):
        return None, b""
    end = _end_of_body(data, at + 2, fields, is_old)
    if end is None:
        return None, b""
    options = b",".join(fields.get(b"connection", [])).lower()
    goes_on = b"keep-alive" in options if is_old else b"close" not in options
    return Read(line[1], line[2], goes_on), data[end:]


def _end_of_body(
    data: bytes, start: int, fields: dict[bytes, list[bytes]], is_old: bool
) -> int | None:
    """Return where the body ends; None where it is cut off or two readers would differ."""
    codings, lengths = fields.get(b"transfer-encoding"), fields.get(b"content-length")
    if codings is not None:
        if lengths is not None or is_old or [one.lower() for one in codings] != [b"chunked"]:
            return None
        return _end_of_chunks(data, start)
    if lengths is None:
        return start
    if len(lengths) != 1 or not re.fullmatch(rb"[0-9]{1,18}", lengths[0]):
        return None
    end = start + int(lengths[0])
    return end if end <= len(data) else None


def _end_of_chunks(data: bytes, at: int) -> int | None:
    while chunk := CHUNK.match(data, at):
        size, at = int(chunk[1], 16), chunk.end()
        if size == 0:
            while field := FIELD.match(data, at):
                at = field.end()
            return at + 2 if data[at : at + 2] == b"\r\n" else None
        if data[at + size : at + size + 2] != b"\r\n":
            return None
        at += size + 2
    return None
