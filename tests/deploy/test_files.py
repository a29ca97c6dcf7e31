"""Units, proxies and the container file: checked by their own programs where there is one."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from consent_server.config import load_settings
from consent_server.serving import gunicorn_options
from tests.first_party.front import certify
from tests.machine import caddy, nginx, systemd

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
UNITS = sorted((DEPLOY / "systemd").iterdir())
INSTALLED = "/srv/consent-server"
#: 0 is safe, 10 is not: what systemd says of a service without network comes close to 1.
MOST_EXPOSED = 15


def tool(module):
    found = module.find()
    if found is None:
        pytest.fail(module.REMEDY, pytrace=False)
    return found.path


@pytest.fixture
def units(tmp_path):
    """The units, where Python is."""
    (tmp_path / ".venv/bin").mkdir(parents=True)
    (tmp_path / ".venv/bin/python").symlink_to(sys.executable)
    for unit in UNITS:
        text = unit.read_text().replace(INSTALLED, str(tmp_path))
        (tmp_path / unit.name).write_text(text)
    return [tmp_path / unit.name for unit in UNITS]


def test_systemd_takes_the_units_as_they_are(units):
    said = subprocess.run(
        [tool(systemd), "verify", "--man=no", *units], capture_output=True, text=True
    )

    assert (said.returncode, said.stdout + said.stderr) == (0, "")


def test_systemd_finds_little_exposed(units, tmp_path):
    service = tmp_path / "consent-server.service"
    command = [tool(systemd), "security", "--offline=true", "--no-pager"]
    threshold = f"--threshold={MOST_EXPOSED}"
    hardened = subprocess.run([*command, threshold, service], capture_output=True, text=True)
    text = service.read_text()
    service.write_text(text.replace("NoNewPrivileges=true", "").replace("ProtectSystem=strict", ""))
    weakened = subprocess.run([*command, threshold, service], capture_output=True, text=True)

    assert hardened.returncode == 0, hardened.stdout
    assert weakened.returncode != 0


def test_no_file_holds_a_secret_or_lets_one_into_the_environment():
    files = [path for path in DEPLOY.rglob("*") if path.is_file()]
    found = [
        f"{path.name}: {line}"
        for path in files
        for line in path.read_text().splitlines()
        if re.search(r"(TOKEN|PASSWORD|DATABASE_URL)=\S", line) and "_FILE=" not in line
    ]

    assert files
    assert found == []


def test_nginx_takes_its_file(tmp_path):
    certify(tmp_path)
    text = (DEPLOY / "nginx.conf").read_text()
    text = re.sub(r"/etc/letsencrypt/live/consent.example/fullchain.pem", "cert.pem", text)
    text = re.sub(r"/etc/letsencrypt/live/consent.example/privkey.pem", "key.pem", text)
    text = text.replace("/var/log/nginx/", "").replace("[::]:", "127.0.0.2:")
    text = text.replace("listen 80;", "listen 127.0.0.1:8080;").replace("2:80;", "2:8080;")
    text = text.replace("listen 443", "listen 127.0.0.1:8443").replace("2:443", "2:8443")
    (tmp_path / "service.conf").write_text(text)
    temporary = "".join(
        f"{name}_temp_path {name};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    whole = f"pid nginx.pid; events {{}} http {{ {temporary} include service.conf; }}"
    (tmp_path / "nginx.conf").write_text(whole)

    command = [tool(nginx), "-t", "-q", "-p", f"{tmp_path}/", "-c", "nginx.conf", "-e", "stderr"]
    said = subprocess.run(command, capture_output=True, text=True)

    assert (said.returncode, said.stderr) == (0, "")


@pytest.mark.parametrize("name", ["Caddyfile", "first-party/Caddyfile"])
def test_caddy_takes_its_files(name, tmp_path):
    text = (DEPLOY / name).read_text()
    if name != "Caddyfile":
        text += "\nshop.example {\n\timport consent_service\n}\n"
    (tmp_path / "Caddyfile").write_text(text)

    adapted = subprocess.run(
        [tool(caddy), "adapt", "--config", tmp_path / "Caddyfile", "--adapter", "caddyfile"],
        capture_output=True,
        text=True,
    )

    assert adapted.returncode == 0, adapted.stderr
    assert '"127.0.0.1:8000"' in adapted.stdout


def test_both_proxies_keep_the_operators_routes_to_themselves_and_say_who_asks():
    of_nginx = (DEPLOY / "nginx.conf").read_text()
    of_caddy = (DEPLOY / "Caddyfile").read_text()

    for route in ("/metrics", "/readyz"):
        assert re.search(rf"location = {route} {{\s+return 404;", of_nginx)
        assert re.search(rf"@operator path [^\n]*{route}", of_caddy)
    assert "proxy_set_header X-Forwarded-For $remote_addr;" in of_nginx
    assert "header_up X-Forwarded-For {remote_host}" in of_caddy


@pytest.mark.parametrize(
    ("name", "pattern", "count"),
    [
        ("nginx.conf", r"upstream [^}]*\bkeepalive_timeout (\d+)s;", 1),
        ("Caddyfile", r"transport http {[^}]*\bkeepalive (\d+)s\n", 1),
        ("first-party/Caddyfile", r"transport http {[^}]*\bkeepalive (\d+)s\n", 2),
    ],
)
def test_a_proxy_lets_an_idle_connection_go_before_the_service_does(name, pattern, count):
    text = (DEPLOY / name).read_text()
    found = [int(seconds) for seconds in re.findall(pattern, text)]

    assert len(found) == len(re.findall(r"reverse_proxy |^upstream ", text, re.MULTILINE)) == count
    assert max(found) < gunicorn_options(load_settings({}))["keepalive"]


def test_the_container_runs_as_nobody_special_on_a_read_only_root():
    text = (DEPLOY / "Containerfile").read_text()
    stage = text.rpartition("FROM ")[2]
    instructions = re.findall(r"^([A-Z]+) (.*)$", stage, re.MULTILINE)
    copied = [words.split() for name, words in instructions if name == "COPY"]

    assert ("USER", "10001:10001") in instructions
    assert [name for name, _ in instructions].index("USER") > max(
        number for number, (name, _) in enumerate(instructions) if name in ("RUN", "COPY")
    )
    assert "--read-only" in text and "--cap-drop=all" in text
    assert "--format docker" in text and "CONSENT_PROXIES=" in text
    assert "--require-hashes" in text
    assert not re.search(r"^ARG|^ADD|https?://(?!127|consent)", text, re.MULTILINE)
    for source in (word for words in copied for word in words[:-1] if word[0] not in "-/"):
        assert (ROOT / source).exists(), source


def test_an_image_is_sent_nothing_but_what_it_needs():
    lines = (ROOT / ".containerignore").read_text().splitlines()
    let_in = {line[1:].removesuffix("/**") for line in lines if line.startswith("!")}
    text = (DEPLOY / "Containerfile").read_text()
    sources = {
        word
        for line in re.findall(r"^COPY (?!--from)(.*)$", text, re.MULTILINE)
        for word in line.split()[:-1]
    }

    assert lines[1] == "*"
    assert let_in == sources


def test_a_service_whose_database_is_away_is_started_until_it_is_there():
    text = (DEPLOY / "systemd/consent-server.service").read_text()

    assert "\nStartLimitIntervalSec=0\n" in text
    assert int(re.search(r"^RestartSec=(\d+)$", text, re.MULTILINE)[1]) >= 5
    assert re.search(r"^ExecStartPre=.* selfcheck --before-start$", text, re.MULTILINE)
