"""Where the service listens: an address that it cannot have is refused at once, in words."""

import os
import socket

import pytest

from consent_server import serving
from consent_server.config import load_settings


@pytest.fixture
def begun(monkeypatch):
    """What would have been served."""
    found = []
    monkeypatch.setattr(serving.Server, "run", lambda server: found.append(server))
    monkeypatch.setattr(serving.logs, "configure", lambda _level: None)
    monkeypatch.setattr(serving, "share_one_arena", lambda: None)
    before = os.umask(0o077)
    yield found
    os.umask(before)


@pytest.fixture
def taken():
    """The port of somebody who listens."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        yield other.getsockname()[1]


def _settings(tmp_path, bind):
    return load_settings(
        {"CONSENT_DATA_DIR": str(tmp_path / "data"), "CONSENT_BIND": bind}
        | {"CONSENT_PUBLIC_URL": "https://consent.example"}
    )


def _serve(settings):
    settings.data_dir.mkdir()
    serving.run(settings, lambda: None)


@pytest.mark.parametrize("handed_over", [False, True])
def test_a_taken_address_is_refused_unless_it_is_handed_over(
    handed_over, taken, begun, tmp_path, monkeypatch
):
    if handed_over:
        monkeypatch.setenv("LISTEN_FDS", "1")
        _serve(_settings(tmp_path, f"127.0.0.1:{taken}"))
    else:
        with pytest.raises(serving.AddressUnavailable, match=rf"127\.0\.0\.1:{taken} .*in use"):
            _serve(_settings(tmp_path, f"127.0.0.1:{taken}"))

    assert len(begun) == handed_over


def test_an_address_of_another_machine_is_refused(begun, tmp_path):
    with pytest.raises(serving.AddressUnavailable, match=r"192\.0\.2\.1:8000 \(CONSENT_BIND\)"):
        _serve(_settings(tmp_path, "192.0.2.1:8000"))

    assert begun == []


def test_an_address_that_was_left_a_moment_ago_is_free(begun, tmp_path):
    """What is left of a connection does not count (``TIME_WAIT``)."""
    with socket.create_server(("127.0.0.1", 0)) as first:
        port = first.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)):
            first.accept()[0].close()

    _serve(_settings(tmp_path, f"127.0.0.1:{port}"))

    assert len(begun) == 1
