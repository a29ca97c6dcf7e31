"""The shop and the host of everybody's scripts, on loopback, told apart by name."""

import gzip
import mimetypes
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import brotli

#: Names below ``localhost`` are this machine to a browser.
SHOP, CDN = "www.shop.localhost", "cdn.localhost"


class Web:
    """Answers what was put there, compressed as a good host does, with the encoding chosen once."""

    def __init__(self, port: int):
        self.port = port
        self._answers: dict[str, tuple[str, Mapping[str, bytes]]] = {}

    def origin(self, host: str) -> str:
        """Return the origin of one of the hosts."""
        return f"http://{host}:{self.port}"

    def put(self, path: str, content: bytes) -> None:
        """Answer this from now on; the ending of the path says what it is."""
        kind = mimetypes.guess_type(path)[0] or "text/html"
        encoded = {
            "br": brotli.compress(content, mode=brotli.MODE_TEXT, quality=11),
            "gzip": gzip.compress(content, 9, mtime=0),
        }
        self._answers[path] = (kind, {"": content, **encoded})

    def find(self, path: str, accepted: str) -> tuple[str, str, bytes] | None:
        """Return type, encoding and bytes of an answer."""
        found = self._answers.get(path)
        if found is None:
            return None
        kind, encoded = found
        encoding = next((name for name in ("br", "gzip") if name in accepted), "")
        return kind, encoding, encoded[encoding]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Small answers leave at once.
    disable_nagle_algorithm = True
    web: Web

    def do_GET(self) -> None:
        found = self.web.find(self.path.partition("?")[0], self.headers["Accept-Encoding"] or "")
        kind, encoding, body = found or ("text/plain", "", b"not there")
        self.send_response(HTTPStatus.OK if found else HTTPStatus.NOT_FOUND)
        self.send_header("Content-Type", f"{kind};charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Access-Control-Allow-Origin", "*")
        if encoding:
            self.send_header("Content-Encoding", encoding)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@contextmanager
def web() -> Iterator[Web]:
    """Serve on a free port of loopback until the block ends."""
    handler = type("Handler", (_Handler,), {})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    handler.web = served = Web(server.server_port)  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield served
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
