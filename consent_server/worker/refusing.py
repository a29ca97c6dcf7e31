"""How a worker tells a client that it gets no answer, and why."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from consent_server.metrics.catalogue import REFUSALS
from consent_server.worker.answers import problem
from consent_server.worker.ending import EndingWorker

#: How a request begins that is answered without a body.
HEAD = b"HEAD "


class RefusingWorker(EndingWorker):
    """Answers with problem details what no application sees."""

    def __init__(self, *args: Any, **options: Any):
        super().__init__(*args, **options)
        #: What its answers have because the application's have it.
        self.beside: tuple[tuple[str, str], ...] = ()
        #: Public address of the service; empty where nobody has told it.
        self.issuer = ""

    def tell(
        self, send: Callable[[bytes], object], asked: bytes | bytearray, status: int, reason: str
    ) -> None:
        """Tell a client; the connection ends with it.

        :param send: of its socket, in the way that whoever calls this may wait for it
        :param asked: how its request begins, as far as it is known
        """
        REFUSALS.add(reason)
        with suppress(OSError):  # it may be gone
            is_head = asked.startswith(HEAD)
            send(problem(status, reason, self.beside, issuer=self.issuer, is_head=is_head))
