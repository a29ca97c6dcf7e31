"""Where a request ends, as far as that has to be known before anybody reads it."""

import re
from enum import Enum

#: Bytes, as nginx takes them at most; what is longer is refused without a look at its end.
LONGEST_HEAD = 32 * 1024
#: Bytes; the service refuses a longer body unread, whatever it is for.
LARGEST_BODY = 64 * 1024
_END = b"\r\n\r\n"
# A name begins a line: in the middle of one it is part of a value, of a page's address perhaps.
_NAMED = re.compile(rb"\r\n(content-length|transfer-encoding)[ \t]*:")
_LENGTH = re.compile(rb"\r\ncontent-length[ \t]*:[ \t]*(\d{1,9})[ \t]*(?=\r\n)")
_CONTINUE = re.compile(rb"\r\nexpect[ \t]*:[ \t]*100-continue[ \t]*(?=\r\n)")


class Framing(Enum):
    """What is there of a request."""

    #: It goes on.
    PARTIAL = "partial"
    #: The head is there, and the client asks whether it may send the body.
    ASKS = "asks"
    #: All of it.
    WHOLE = "whole"
    #: Its end is unclear or far away: it is refused by its head alone, and nothing may follow.
    UNCLEAR = "unclear"
    #: No head is that long.
    TOO_LONG = "too long"


class Framer:
    """Says what is there of one request, and looks at each byte of its head once.

    Never whole before the server's parser would find it whole: what it refuses is none of this.
    """

    def __init__(self) -> None:
        self._looked = 0
        #: What does not change any more, or what is said as long as the body is not there.
        self._found: Framing | None = None
        self._length = 0
        #: Bytes of the head, with its end; 0 as long as that is not known.
        self.head = 0

    def look(self, received: bytes | bytearray) -> Framing:
        """Say what is there of the request that begins with what was received until now."""
        if self._found is None:
            end = received.find(_END, max(0, self._looked - len(_END) + 1))
            self._looked = len(received)
            if end < 0 and self._looked <= LONGEST_HEAD:
                return Framing.PARTIAL
            self._found = self._judge(received, end)
        if self._found in (Framing.PARTIAL, Framing.ASKS) and len(received) >= self._length:
            return Framing.WHOLE
        return self._found

    def _judge(self, received: bytes | bytearray, end: int) -> Framing:
        if not 0 <= end <= LONGEST_HEAD:
            return Framing.TOO_LONG
        self.head = end + len(_END)
        head = bytes(received[: end + 2]).lower()
        named = _NAMED.findall(head)
        if not named:
            return Framing.WHOLE
        lengths = _LENGTH.findall(head)
        if named != [b"content-length"] or len(lengths) != 1 or int(lengths[0]) > LARGEST_BODY:
            return Framing.UNCLEAR
        self._length = self.head + int(lengths[0])
        return Framing.ASKS if _CONTINUE.search(head) else Framing.PARTIAL
