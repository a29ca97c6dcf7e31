"""The short way to the busiest routes (docs/decisions/0018).

What is plain is answered without the search for its route, the reading by schemas and an answer
object, which cost as much as everything else. What each request goes through it goes through here
too, in the same functions: Flask's contexts and hooks, its handlers of errors, the headers of every
answer, the line in the log. Whatever is not plain takes the long way from where it is.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, cast
from wsgiref.types import StartResponse, WSGIEnvironment

import orjson
from flask import Flask, Request, Response
from werkzeug.routing import MapAdapter, Rule

from consent_server.web import cors, headers
from consent_server.web.context import this_request

#: Hosts that lead to every route. Of others, with long labels, Flask says that they lead nowhere.
_HOST = re.compile(r"[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63}){0,9}(:[0-9]{1,5})?\Z", re.ASCII)
_STATUS = {status: f"{status.value} {status.phrase.upper()}" for status in HTTPStatus}
Header = tuple[str, str]


@dataclass(frozen=True)
class Given:
    """The answer of a route that gives JSON, before the headers that all answers have."""

    #: Has the form of the route's schema already: it is not dumped.
    body: dict[str, Any]
    status: int = 200
    headers: list[Header] = field(default_factory=list)

    def encoded(self) -> bytes:
        """Return the body as it is sent."""
        return orjson.dumps(self.body) + b"\n"

    def response(self) -> Response:
        """Return what a view of Flask returns."""
        answer = Response(self.encoded(), self.status, mimetype="application/json")
        answer.headers.extend(self.headers)
        return answer


@dataclass(frozen=True)
class Way:
    """A short way to one route."""

    method: str
    #: Matches no path that the route does not have; its groups are the arguments of the view.
    path: re.Pattern[str]
    endpoint: str
    #: Answers within the context of the request, by the arguments of the view; None where the
    #: request is not plain, and nothing has been done.
    answer: Callable[..., Given | None]


class _Asked(Request):
    """A request, and the short way that it takes."""

    way: Way | None = None


@dataclass(frozen=True)
class _Sent:
    """An answer that a server takes."""

    status: str
    headers: list[Header]
    body: bytes

    def __call__(self, _environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        start_response(self.status, self.headers)
        return [self.body]


class DirectFlask(Flask):
    """Flask, with short ways to some of its routes."""

    request_class = _Asked

    def __init__(self, import_name: str, **options: Any):
        super().__init__(import_name, **options)
        self._ways: list[tuple[Way, Rule]] = []

    def take(self, ways: Iterable[Way]) -> None:
        """Have short ways to routes that are registered."""
        self._ways += [(way, next(self.url_map.iter_rules(way.endpoint))) for way in ways]

    def create_url_adapter(self, request: Request | None) -> MapAdapter | None:
        """Find the short way of a request; else Flask finds its route."""
        if request is not None:
            environ = request.environ
            for way, rule in self._ways:
                found = way.path.match(environ.get("PATH_INFO", ""))
                if found and environ["REQUEST_METHOD"] == way.method and _is_plain(environ):
                    request.url_rule, request.view_args = rule, found.groupdict()
                    cast(_Asked, request).way = way
                    return None
        return super().create_url_adapter(request)

    def full_dispatch_request(self) -> Response:
        """Answer a request, the short way where there is one."""
        asked = cast(_Asked, this_request())
        if asked.way is None:
            return super().full_dispatch_request()
        try:
            answer = self.preprocess_request()
            if answer is None:
                given = asked.way.answer(**asked.view_args or {})
                if given is not None:
                    return cast(Response, _finished(given, asked))
                answer = self.dispatch_request()
        except Exception as error:  # noqa: BLE001 (its handlers say what is answered)
            answer = self.handle_user_exception(error)
        return self.finalize_request(answer)


def _is_plain(environ: WSGIEnvironment) -> bool:
    return "HTTP_UPGRADE" not in environ and bool(_HOST.match(environ.get("HTTP_HOST", "")))


def _finished(given: Given, asked: Request) -> _Sent:
    """Do what the hooks after a request do."""
    body = given.encoded()
    pairs = [("Content-Type", "application/json"), *given.headers]
    pairs += [*cors.added(), ("Content-Length", str(len(body)))]
    pairs += headers.added(asked.blueprint, {name.lower() for name, _ in pairs})
    headers.close(asked, given.status)
    return _Sent(_STATUS[HTTPStatus(given.status)], pairs, body)
