"""Every host that is not the service: the site's pages and its vendors, told apart by name.

Names below ``localhost`` are this machine to a browser, and sites of their own: the shop at
``www.shop.localhost``, a vendor at ``vendor.localhost``, neither of them the service's 127.0.0.1.
"""

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server
from werkzeug.wrappers import Request, Response

SHOP = "www.shop.localhost"
VENDOR = "vendor.localhost"


class Seen(NamedTuple):
    """One request that arrived."""

    host: str
    path: str
    cookies: dict[str, str]


class QuietHandler(WSGIRequestHandler):
    """Answers without a line on the terminal."""

    def log(self, type: str, message: str, *args: Any) -> None:
        """Say nothing."""


class Server:
    """A WSGI application at a free port of this machine, in threads."""

    def __init__(self, app: Any):
        self._server: BaseWSGIServer = make_server(
            "127.0.0.1", 0, app, threaded=True, request_handler=QuietHandler
        )
        self.port: int = self._server.server_port
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop answering."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class Web:
    """Hosts that answer what a test says, and remember who asked."""

    def __init__(self) -> None:
        self._answers: dict[tuple[str, str], Callable[[], Response]] = {}
        self._seen: list[Seen] = []
        self._server = Server(self._answer)
        self.port = self._server.port

    def origin(self, host: str) -> str:
        """Return the origin of a host."""
        return f"http://{host}:{self.port}"

    def put(self, host: str, path: str, body: str, kind: str = "text/html", **headers: str) -> str:
        """Answer with this text; return its address."""

        def answer() -> Response:
            made = Response(body, mimetype=kind)
            made.headers.update({name.replace("_", "-"): value for name, value in headers.items()})
            return made

        return self.answer(host, path, answer)

    def answer(self, host: str, path: str, how: Callable[[], Response]) -> str:
        """Answer with what this gives, each time in a thread of its own; return its address."""
        self._answers[host, path] = how
        return self.origin(host) + path

    def requests_to(self, host: str) -> list[str]:
        """Return the paths that a host was asked for, in order."""
        return [seen.path for seen in self._seen if seen.host == host]

    def seen(self) -> list[Seen]:
        """Return every request so far."""
        return list(self._seen)

    def forget(self) -> None:
        """Begin the next test."""
        self._answers.clear()
        self._seen.clear()

    def close(self) -> None:
        """Stop answering."""
        self._server.close()

    def _answer(self, environ: Any, start_response: Any) -> Any:
        request = Request(environ)
        host = request.host.partition(":")[0]
        if request.path == "/favicon.ico":
            return Response(status=204)(environ, start_response)
        self._seen.append(Seen(host, request.path, dict(request.cookies)))
        missing: Callable[[], Response] = lambda: Response("", mimetype="text/plain")  # noqa: E731
        answer = self._answers.get((host, request.path), missing)()
        answer.headers.setdefault("Access-Control-Allow-Origin", "*")
        answer.headers.setdefault("Cache-Control", "no-store")
        return answer(environ, start_response)


@contextlib.contextmanager
def stalling_server() -> Iterator[str]:
    """Yield the origin of a server that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0), backlog=50) as listening:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


def refusing_origin() -> str:
    """Return an origin at which nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return f"http://127.0.0.1:{listening.getsockname()[1]}"
