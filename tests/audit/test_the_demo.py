"""R011: the demonstration keeps to what it declared."""

import pytest

from tests.demo.running_demo import RunningDemo


@pytest.fixture
def demo(tmp_path):
    """The demonstration, as ``make run`` starts it."""
    started = RunningDemo(tmp_path / "var")
    started.wait_for_address()
    yield started
    started.stop()


def test_the_demo_passes_its_audit(demo, run_audit):
    shop = f"{demo.origin('DEMO_SHOP_BIND')}/"

    audit = run_audit(shop, "--pages", "/privacy", "--wait", "0.5", "--json")

    assert audit.json["findings"] == audit.json["notes"] == []
    assert audit.code == 0
    met = {host for sight in audit.json["lives"][2]["sights"] for host in sight["hosts"]}
    assert demo.environment["DEMO_ANALYTICS_BIND"] in met
