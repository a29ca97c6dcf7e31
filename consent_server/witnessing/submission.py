"""Show a checkpoint to a witness over HTTP and return what it says.

Source: https://c2sp.org/tlog-witness, ``add-checkpoint``
"""

import contextlib
import http.client
import re
import socket
import ssl
import threading
from datetime import datetime
from urllib.parse import urlsplit

from consent_server.ledger.cosignature import Cosignature, cosignatures
from consent_server.ledger.note import DASH, NoteInvalid, base64_encode
from consent_server.ledger.policy import Witness
from consent_server.witnessing.errors import (
    WitnessAnswerInvalid,
    WitnessBroken,
    WitnessDiffers,
    WitnessRejects,
    WitnessSilent,
)

#: Seconds until a connection is there; until an answer is there to its end, however it comes.
CONNECT, WHOLE = 5.0, 20.0
#: An answer is a few lines; what is longer is not read on.
LONGEST_ANSWER = 65_536
CONFLICT, TOO_MANY, UNPROCESSABLE = 409, 429, 422
SIZE = re.compile(rb"(0|[1-9][0-9]{0,18})\n?\Z")
#: How far the clock of a witness may be from ours, in seconds: what it signs now is of now.
LEEWAY = 86_400


class KnowsAnother(Exception):
    """The witness saw another checkpoint last than the one that the proof begins at."""

    def __init__(self, size: int | None):
        super().__init__()
        #: Entries of the log that it saw; None when it does not say.
        self.size = size


def submit(witness: Witness, old: int, proof: list[bytes], note: str, now: datetime) -> Cosignature:
    """Ask a witness to cosign a checkpoint.

    :param witness: with an address
    :param old: entries of the log when the witness saw it last, 0 for never
    :param proof: hashes that show that it only grew since (RFC 6962 section 2.1.2); right
    :param note: the checkpoint, signed by the log
    :param now: aware, UTC
    :raises KnowsAnother: it saw the log last at another size than ``old``, or with another root
    :raises WitnessSilent: no answer in time, or too many requests
    :raises WitnessBroken: the answer of a server out of order
    :raises WitnessRejects: it refuses the request
    :raises WitnessDiffers: it saw another root at ``old``, for it refuses a proof that is right
    :raises WitnessAnswerInvalid: its answer has no cosignature of its key over this checkpoint
    """
    status, body = _post(f"{witness.url}/add-checkpoint", _body(old, proof, note))
    if status == CONFLICT:
        size = SIZE.match(body)
        raise KnowsAnother(int(size[1]) if size is not None else None)
    if status == UNPROCESSABLE:
        raise WitnessDiffers(f"saw another log than the one of {old} entries here")
    if status == TOO_MANY:
        raise WitnessSilent(f"answered {status}")
    if status >= 500:
        raise WitnessBroken(f"answered {status}")
    if status != 200:
        raise WitnessRejects(f"answered {status}")
    said = _said(witness, note, body)
    if abs(said.seconds - now.timestamp()) > LEEWAY:
        raise WitnessAnswerInvalid("says that it saw the checkpoint at another time than now")
    return said


def _said(witness: Witness, note: str, body: bytes) -> Cosignature:
    """Return the cosignature in an answer, which has lines of signatures and nothing else."""
    try:
        lines = body.decode()
        if not all(line.startswith(DASH) for line in lines.split("\n")[:-1]):
            raise NoteInvalid("a line of the answer is no signature")
        found = cosignatures(note + lines, [witness.key])
    except (NoteInvalid, UnicodeDecodeError) as problem:
        raise WitnessAnswerInvalid(str(problem)) from None
    if not found:
        raise WitnessAnswerInvalid("answered without a cosignature of its key")
    return found[-1]


def _body(old: int, proof: list[bytes], note: str) -> bytes:
    lines = [f"old {old}", *map(base64_encode, proof)]
    return ("\n".join(lines) + "\n\n" + note).encode()


def _post(url: str, body: bytes) -> tuple[int, bytes]:
    """Return status and body of an answer; nobody who answers byte by byte keeps us longer."""
    parts = urlsplit(url)
    address = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    headers = {"Content-Type": "text/plain; charset=utf-8", "Connection": "close"}
    try:
        with socket.create_connection(address, timeout=CONNECT) as plain:
            stream = _secured(plain, address[0]) if parts.scheme == "https" else plain
            end = threading.Timer(WHOLE, _cut_off, [stream])
            end.daemon = True
            end.start()
            try:
                if isinstance(stream, ssl.SSLSocket):
                    stream.do_handshake()
                connection = http.client.HTTPConnection(*address)
                connection.sock = stream
                connection.request("POST", parts.path, body, headers)
                answer = connection.getresponse()
                return answer.status, answer.read(LONGEST_ANSWER)
            finally:
                end.cancel()
                stream.close()
    except (OSError, http.client.HTTPException, ValueError) as problem:
        raise WitnessSilent(f"cannot be reached: {type(problem).__name__}") from None


def _secured(plain: socket.socket, host: str) -> ssl.SSLSocket:
    context = ssl.create_default_context()
    return context.wrap_socket(plain, server_hostname=host, do_handshake_on_connect=False)


def _cut_off(stream: socket.socket) -> None:
    """End a connection that somebody else reads, which finds its end at once."""
    with contextlib.suppress(OSError):  # it was over just now
        socket.socket.shutdown(stream, socket.SHUT_RDWR)
