"""Everything outside this machine: a proxy that answers for every host, so that no request leaves.

It sees what a browser sends, whoever sends it: a page, a worker, or a page that is already gone.
The browser talks to loopback addresses without it.
"""

import contextlib
import datetime
import json
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


class Asked(NamedTuple):
    """One request that would have left this machine."""

    host: str
    path: str
    #: Address of the page that sent it; empty for most workers.
    page: str
    body: bytes


class Outside:
    """The world outside, with one certificate for all its hosts."""

    def __init__(self, certificate: Path, scripts: dict[str, str]):
        #: Host and path → JavaScript that is answered there; every other script is empty.
        self.scripts = scripts
        self.asked: list[Asked] = []
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        self._server = _Proxy(self, context)
        self.address = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop answering."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def answer(self, host: str, path: str) -> tuple[str, bytes]:
        """Return the media type and the body of what a vendor would plausibly say."""
        place = path.partition("?")[0]
        if place.endswith(".js") or host + place in self.scripts:
            return "text/javascript", self.scripts.get(host + place, "").encode()
        if place.endswith("/settings"):
            return "application/json", json.dumps(SEGMENT).encode()
        if place.endswith("/sourceConfig/"):
            return "application/json", json.dumps(RUDDERSTACK).encode()
        return "application/json", b"{}"


#: What two vendors must say before their script begins.
SEGMENT = {"integrations": {"Segment.io": {"apiKey": "shop", "apiHost": "api.segment.io/v1"}}}
RUDDERSTACK = {
    "source": {
        "id": "1",
        "name": "shop",
        "writeKey": "shop",
        "enabled": True,
        "workspaceId": "1",
        "connections": [],
        "destinations": [],
        "config": {
            "statsCollection": {"errors": {"enabled": False}, "metrics": {"enabled": False}}
        },
    },
    "updatedAt": "2026-01-01T00:00:00.000Z",
}


class _Proxy(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, outside: Outside, context: ssl.SSLContext):
        self.outside = outside
        self.context = context
        super().__init__(("127.0.0.1", 0), _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that closes ends its connections in the middle."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Proxy
    host = ""

    def do_CONNECT(self) -> None:
        """Become the host that is asked for."""
        self.host = self.path.partition(":")[0]
        self.send_response(200)
        self.end_headers()
        self.connection = self.server.context.wrap_socket(self.connection, server_side=True)
        self.rfile = self.connection.makefile("rb")
        self.wfile = self.connection.makefile("wb")  # type: ignore[assignment]
        self.close_connection = False

    def finish(self) -> None:
        """End the encrypted connection too: the server knows only the one below."""
        with contextlib.suppress(OSError):
            super().finish()
        self.connection.close()

    def do_any(self) -> None:
        """Note the request and answer it."""
        host, path = self.host, self.path
        if path.startswith("http://"):
            host, _, path = path.removeprefix("http://").partition("/")
            path = f"/{path}"
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.command != "OPTIONS":
            page = self.headers.get("Referer", "")
            self.server.outside.asked.append(Asked(host, path, page, body))
        kind, content = self.server.outside.answer(host, path)
        self.send_response(200)
        origin = self.headers.get("Origin")
        self.send_header("Access-Control-Allow-Origin", origin or "*")
        self.send_header("Access-Control-Allow-Credentials", "true")
        wanted = self.headers.get("Access-Control-Request-Headers", "*")
        self.send_header("Access-Control-Allow-Headers", wanted)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_PUT = do_HEAD = do_OPTIONS = do_any

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


def write_certificate(folder: Path) -> Path:
    """Write a key and a certificate that the browser is told to accept for any host."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "outside")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=3650))
        .sign(key, hashes.SHA256())
    )
    file = folder / "outside.pem"
    file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    return file
