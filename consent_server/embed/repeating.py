"""Repeats what the framework answered for a script, in front of it (docs/decisions/0013).

An answer is repeated as long as the same question would be answered the same: the site has the same
publication in force, by what the process remembers of it, and the ring holds the same keys. Only
the date, the id of the request and its line in the log are made anew. Whatever is not the plain
question of every page goes through.
"""

import re
import secrets
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from sqlalchemy.engine import Engine
from werkzeug.http import http_date

from consent_server.sites.remembered import KnownSite, memory_of
from consent_server.tokens.keyring import KeyRing
from consent_server.web.headers import log_request

ROUTE = "/s/<site_id>.js"
_PATH = re.compile(r"/s/([a-z0-9-]{3,40})\.js\Z")
#: What no page sends with the question, and what makes it another one.
_UNUSUAL = (
    "QUERY_STRING",
    "CONTENT_LENGTH",
    "HTTP_TRANSFER_ENCODING",
    "HTTP_CONTENT_ENCODING",
    "HTTP_RANGE",
    "HTTP_IF_RANGE",
    "HTTP_IF_MATCH",
    "HTTP_IF_MODIFIED_SINCE",
    "HTTP_UPGRADE",
)
#: What an answer depends on beside the site: host and scheme for refusals and headers, the others
#: for encoding and status.
_DEPENDS_ON = ("HTTP_HOST", "wsgi.url_scheme", "HTTP_ACCEPT_ENCODING", "HTTP_IF_NONE_MATCH")
#: Characters of all of that; what is longer goes through.
LONGEST_QUESTION = 600
#: Answers that a process keeps; those of one file share its bytes.
MOST_ANSWERS = 2048

Question = tuple[str | None, ...]


@dataclass(frozen=True)
class _Answer:
    """An answer, and what has to be the same for it to be given again."""

    known: KnownSite
    revision: int
    status: str
    #: Without date and request id.
    headers: list[tuple[str, str]]
    body: bytes


class Repeating:
    """A WSGI application in front of another one."""

    def __init__(self, application: WSGIApplication, engine: Engine, ring: KeyRing):
        self._application = application
        self._engine = engine
        self._ring = ring
        self._answers: dict[Question, _Answer] = {}
        self._lock = threading.Lock()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer, or let the application do so."""
        started = time.perf_counter()
        found = _PATH.match(environ.get("PATH_INFO", ""))
        if found is None or environ["REQUEST_METHOD"] != "GET" or _is_unusual(environ):
            return self._application(environ, start_response)
        known = memory_of(self._engine).sites.fresh(found[1])
        question = (found[1], *[environ.get(name) for name in _DEPENDS_ON])
        if known is None or sum(len(part or "") for part in question) > LONGEST_QUESTION:
            return self._application(environ, start_response)
        answer = self._answers.get(question)
        revision = self._ring.revision
        if answer is None or answer.known is not known or answer.revision != revision:
            return self._learn(question, known, revision, environ, start_response)
        request_id = secrets.token_hex(8)
        fresh = [("Date", http_date()), ("X-Request-Id", request_id)]
        start_response(answer.status, answer.headers + fresh)
        log_request(request_id, "GET", ROUTE, int(answer.status[:3]), started)
        return [answer.body]

    def _learn(
        self,
        question: Question,
        known: KnownSite,
        revision: int,
        environ: WSGIEnvironment,
        start_response: StartResponse,
    ) -> Iterable[bytes]:
        """Let the application answer, and keep that if nothing changed meanwhile."""
        seen: list[tuple[str, list[tuple[str, str]]]] = []

        def start(status: str, headers: list[tuple[str, str]], *exc_info: Any) -> Any:
            seen.append((status, headers))
            return start_response(status, headers, *exc_info)

        answered = self._application(environ, start)
        try:
            body = b"".join(answered)
        finally:
            close: Callable[[], object] | None = getattr(answered, "close", None)
            if close is not None:
                close()
        status, headers = seen[-1]
        is_same = memory_of(self._engine).sites.fresh(str(question[0])) is known
        if is_same and self._ring.revision == revision and status[:3] in ("200", "304"):
            kept = [pair for pair in headers if pair[0] not in ("Date", "X-Request-Id")]
            with self._lock:
                if len(self._answers) >= MOST_ANSWERS:
                    del self._answers[next(iter(self._answers))]
                self._answers[question] = _Answer(known, revision, status, kept, body)
        return [body]


def _is_unusual(environ: WSGIEnvironment) -> bool:
    return any(environ.get(name) for name in _UNUSUAL)
