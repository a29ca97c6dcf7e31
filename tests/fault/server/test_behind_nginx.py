"""F-20 behind the proxy that operators are given: slow clients wait there."""

import pytest

from tests.fault.server.clients import SlowClients, ask
from tests.fault.server.front import behind_nginx
from tests.fault.server.test_slow_clients import SOCKETS


@pytest.fixture
def front(serve, tmp_path):
    """The service behind nginx."""
    with behind_nginx(serve(), tmp_path) as running:
        yield running


def test_slow_clients_wait_at_the_proxy_and_the_operators_routes_end_there(front):
    with SlowClients(front.port, SOCKETS):
        answers = list(ask(front.port, 60, seconds=30))
    statuses = {path: front.request("GET", path)[0] for path in ("/metrics", "/readyz", "/docs")}

    assert answers == [200, 422] * 30
    assert statuses == {"/metrics": 404, "/readyz": 404, "/docs": 200}
    assert front.request("POST", "/v1/check", b"x" * 70_000)[0] == 413
