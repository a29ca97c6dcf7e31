"""The vendors' packages in a browser whose every request to the outside ends on this machine."""

import contextlib
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.browser.service import Service
from tests.browser.web import Web
from tests.machine import node
from tests.packages.journey import Journey
from tests.packages.outside import Outside, write_certificate
from tests.packages.shop import PackageShop
from tests.shop import running_service, whole_web  # noqa: F401 (fixtures of this folder alone)

HERE = Path(__file__).parent
#: Clarity's package brings its script from a host that answers with this and a start, which comes
#: before whatever the page has said to it already.
CLARITY = HERE / "node_modules/clarity-js/build/clarity.min.js"
CLARITY_START = """clarity("start", {
    projectId: "shop", upload: "https://x.clarity.ms/collect", track: true, content: true,
});
clarity.q.unshift(clarity.q.pop());
"""


@pytest.fixture(scope="session")
def bundles(tmp_path_factory) -> dict[str, str]:
    """The vendors' scripts, bundled once: name → text."""
    tool = node.find()
    if tool is None or not node.is_installed(HERE):
        pytest.fail(f"the vendors' packages are not installed; {node.REMEDY}", pytrace=False)
    folder = tmp_path_factory.mktemp("vendors")
    subprocess.run([tool.path, HERE / "bundle.mjs", folder], check=True, timeout=120)
    return {path.stem: path.read_text("utf-8") for path in folder.glob("*.js")}


@pytest.fixture(scope="session")
def certificate(tmp_path_factory) -> Path:
    """What every host of the outside shows."""
    return write_certificate(tmp_path_factory.mktemp("outside"))


@pytest.fixture(scope="module")
def set_out(
    browser: Browser,
    browser_context_args: dict[str, Any],
    running_service: Service,  # noqa: F811
    whole_web: Web,  # noqa: F811
    bundles: dict[str, str],
    certificate: Path,
) -> Iterator[Callable[..., tuple[Journey, PackageShop]]]:
    """Open a shop and send a visitor there, with an empty device; the one before has gone home."""
    clarity = CLARITY_START + CLARITY.read_text("utf-8")
    ending = contextlib.ExitStack()

    def begin(**changes: Any) -> tuple[Journey, PackageShop]:
        ending.close()
        whole_web.forget()
        running_service.set_clock(None)
        shop = PackageShop(running_service, whole_web, bundles, **changes)
        outside = Outside(certificate, {"www.clarity.ms/tag/shop": clarity})
        ending.callback(outside.close)
        proxy = {"server": outside.address, "bypass": ".localhost,127.0.0.1"}
        options = {**browser_context_args, "proxy": proxy, "ignore_https_errors": True}
        context = browser.new_context(**options)
        ending.callback(context.close)
        return Journey(context, outside, shop), shop

    yield begin
    ending.close()
    running_service.set_clock(None)
