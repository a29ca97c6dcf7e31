"""Start the consent service, the shop and the analytics host, and stop them together."""

import os
import signal
import sys
import threading
from types import FrameType

from consent_server.errors import ConsentError
from demo.addresses import Addresses, DemoRefused, choose_addresses
from demo.analytics import create_analytics
from demo.clock import DemoClock
from demo.running import ConsentService, WebServer, record_lapses, wait_until_answering
from demo.shop import create_shop
from demo.shop.consent_api import ConsentApi
from demo.site import DemoFiles, prepare


def main() -> int:
    """Run the demonstration until Ctrl-C; return the exit code."""
    stopping = threading.Event()

    def stop(_number: int, _frame: FrameType | None) -> None:
        stopping.set()

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    try:
        addresses = choose_addresses(os.environ)
        run(addresses, DemoFiles.below(os.environ.get("CONSENT_DATA_DIR") or "var"), stopping)
    except (DemoRefused, ConsentError) as refusal:
        print(f"The demo cannot run: {refusal}", file=sys.stderr)
        return 1
    return 0


def run(addresses: Addresses, files: DemoFiles, stopping: threading.Event) -> None:
    """Start everything, say where the shop is, and end everything that was started.

    :raises DemoRefused: a port is taken, or the service ended by itself
    """
    os.environ.update(addresses.settings(), CONSENT_DEMO_CLOCK=str(files.clock))
    # One line per request would bury the address.
    os.environ.setdefault("CONSENT_LOG_LEVEL", "warning")
    clock = DemoClock(files.clock)
    with (
        WebServer(addresses.analytics) as analytics,
        WebServer(addresses.shop) as shop,
        ConsentService(addresses.service) as service,
    ):
        site = prepare(addresses, files)
        api = ConsentApi(addresses.service.origin, site.api_key)
        analytics.serve(create_analytics())
        shop.serve(create_shop(addresses, clock, api, record_lapses))
        service.start()
        wait_until_answering(service, addresses, stopping)
        if not stopping.is_set():
            _announce(addresses, files, clock)
        while not stopping.wait(0.5):
            service.require_running()
    print("\nStopped.", flush=True)


def _announce(addresses: Addresses, files: DemoFiles, clock: DemoClock) -> None:
    lines = [
        "",
        f"  Consent service   {addresses.service.origin}/docs",
        f"  Analytics host    {addresses.analytics.origin}/",
        f"  Data              {files.data_dir}",
    ]
    if clock.offset():
        lines.append(f"  Clock             {clock.offset() // 86_400} days ahead; see the page")
    print("\n".join(lines))
    print(f"\nOpen {addresses.shop.origin}/\nCtrl-C stops everything.", flush=True)


if __name__ == "__main__":
    sys.exit(main())
