"""The site's own web server: nginx with the snippet that deploy/ gives to operators."""

import datetime
import http.client
import socket
import ssl
import subprocess
import time
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.machine.tool import Tool

SNIPPET = Path(__file__).parents[2] / "deploy/first-party/nginx.conf"
PATH = "/privacy-choices"
SECONDS = 30.0

CONFIGURATION = """
daemon off;
master_process off;
pid nginx.pid;
error_log error.log;
events {{ worker_connections 64; }}
http {{
    access_log access.log;
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    server {{
        listen 127.0.0.1:{port} ssl;
        server_name shop.localhost www.shop.localhost;
        ssl_certificate cert.pem;
        ssl_certificate_key key.pem;
        include consent-service.conf;
        location / {{
            proxy_pass {pages};
            proxy_set_header Host $host;
        }}
    }}
}}
"""


class Front:
    """A running nginx that belongs to the test session that started it."""

    def __init__(self, nginx: Tool, folder: Path, service: str, pages: str):
        self.folder = folder
        self.port = _free_port()
        snippet = SNIPPET.read_text(encoding="utf-8").replace("http://127.0.0.1:8000", service)
        (folder / "consent-service.conf").write_text(snippet, encoding="utf-8")
        configuration = CONFIGURATION.format(port=self.port, pages=pages)
        (folder / "nginx.conf").write_text(configuration, encoding="utf-8")
        certify(folder)
        self._process = subprocess.Popen(
            [nginx.path, "-p", f"{folder}/", "-c", "nginx.conf", "-e", "error.log"],
            stdout=subprocess.DEVNULL,  # no pipe of the run's, open as long as this one lives
            stderr=subprocess.DEVNULL,
        )
        self._wait()

    def origin(self, host: str) -> str:
        """Return the origin of a host of the site."""
        return f"https://{host}:{self.port}"

    def log(self) -> str:
        """Return what the site's access log holds."""
        return (self.folder / "access.log").read_text(encoding="utf-8")

    def get(self, path: str, **headers: str) -> tuple[int, dict[str, str], str]:
        """Ask the site's server from outside a browser; gives status, headers and body."""
        context = ssl.create_default_context(cafile=str(self.folder / "cert.pem"))
        context.check_hostname = False
        asked = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=10, context=context)
        try:
            asked.request("GET", path, headers={"Host": "www.shop.localhost", **headers})
            answer = asked.getresponse()
            named = {name.lower(): value for name, value in answer.getheaders()}
            return answer.status, named, answer.read().decode()
        finally:
            asked.close()

    def close(self) -> None:
        """Stop answering."""
        self._process.terminate()
        self._process.wait(SECONDS)

    def _wait(self) -> None:
        deadline = time.monotonic() + SECONDS
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            except OSError:
                time.sleep(0.05)
            else:
                return
        said = (self.folder / "error.log").read_text(encoding="utf-8")
        raise RuntimeError(f"nginx did not start:\n{said}")


def certify(folder: Path) -> None:
    """Write a certificate for the site's hosts, signed by nobody."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "shop.localhost")])
    hosts = [x509.DNSName("shop.localhost"), x509.DNSName("www.shop.localhost")]
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=30))
        .add_extension(x509.SubjectAlternativeName(hosts), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    (folder / "cert.pem").write_bytes(certificate.public_bytes(pem))
    form = serialization.PrivateFormat.PKCS8
    (folder / "key.pem").write_bytes(key.private_bytes(pem, form, serialization.NoEncryption()))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
