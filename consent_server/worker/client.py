"""A client's socket, which takes an answer as fast as the client reads it.

gunicorn's threads wait for whoever does not read: as many such clients as there are threads stop
the service. Here a thread leaves behind what the client has not taken, and the loop sends it. Only
an answer that is longer than that (an export) has its thread wait, for a reader that goes on.
"""

import errno
import select
import socket
import struct
import time
from contextlib import suppress
from threading import Semaphore
from typing import Any

#: Bytes of an answer that a thread leaves to the loop; it waits for the client with what is more.
KEPT = 1024 * 1024
#: Bytes that the system keeps for a client; it doubles them. So few that it tells of a slow reader.
SENDING = 128 * 1024
#: Seconds that a client may read nothing; each byte it reads gives back a part of them, so that
#: whoever reads as many bytes a second as SLOWEST, or more, is never cut off.
WRITE_SECONDS, SLOWEST = 30.0, 4096
#: The same seconds where too many threads wait already.
HURRY_SECONDS = 2.0


class Client(socket.socket):
    """An accepted connection.

    :param places: for threads that may wait for a slow reader; whoever has none has to hurry
    """

    def __init__(self, accepted: socket.socket, places: Semaphore):
        super().__init__(fileno=accepted.detach())
        self.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SENDING)
        #: What was answered and not read yet.
        self.unsent = bytearray()
        #: How its request begins.
        self.asked = b""
        #: Seconds that are left to it without reading.
        self.patience = WRITE_SECONDS
        self._places = places

    def sendall(self, data: Any, _flags: int = 0) -> None:
        """Send, or keep what the client does not take at once.

        :raises BrokenPipeError: the client reads too slowly, and has been cut off
        """
        with memoryview(data) as view:
            taken = 0 if self.unsent else self._offer(view)
            self.unsent += view[taken:]
        if len(self.unsent) > KEPT:
            self._wait()

    def offer(self) -> int:
        """Send what the client takes at once of what was kept; how many bytes that were."""
        with memoryview(self.unsent) as view:
            taken = self._offer(view)
        del self.unsent[:taken]
        return taken

    def cut(self) -> None:
        """Forget what was not read, here and in the system, when the socket is closed."""
        self.unsent = bytearray()
        with suppress(OSError):
            self.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def _offer(self, view: memoryview) -> int:
        taken = 0
        with suppress(BlockingIOError):
            while taken < len(view):
                taken += self.send(view[taken:], socket.MSG_DONTWAIT)
        return taken

    def _wait(self) -> None:
        """Wait in a thread until the client has read enough."""
        has_place = self._places.acquire(blocking=False)
        try:
            ready = select.poll()
            ready.register(self, select.POLLOUT)
            while len(self.unsent) > KEPT:
                most = self.patience if has_place else min(self.patience, HURRY_SECONDS)
                began = time.monotonic()
                if not ready.poll(max(most, 0.0) * 1000):
                    self.cut()
                    raise BrokenPipeError(errno.EPIPE, "the client reads too slowly")
                self.patience -= time.monotonic() - began
                self.patience = min(self.patience + self.offer() / SLOWEST, WRITE_SECONDS)
        finally:
            if has_place:
                self._places.release()
