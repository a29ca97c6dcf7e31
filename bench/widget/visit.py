"""One visit: a new browser with a new profile, one page, and what was seen there."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import CDPSession, Page, Playwright

from bench.widget.contestants import GATED, PAGES, Contestant
from bench.widget.web import SHOP, Web
from tests.machine import chromium

#: Frames without a change of box and opacity after which the banner is at rest.
STILL_FRAMES = 30
WAIT_MS = 20_000
#: When the heap is weighed, after the load event.
SETTLED_MS = 1_500
VIEWPORT: Any = {"width": 1280, "height": 720}


@dataclass(frozen=True)
class Condition:
    """A machine and a network; the names are the columns of the report."""

    name: str
    cpu: float = 1
    latency_ms: float = 0
    bytes_per_second: float = -1


SLOW = Condition("slow", cpu=4, latency_ms=150, bytes_per_second=1.6e6 / 8)
NONE = Condition("none")
CONDITIONS = {condition.name: condition for condition in (SLOW, NONE)}

#: Measure → value; None where there is nothing to measure.
Sample = dict[str, float | None]


@dataclass(frozen=True)
class Visit:
    """What one visit gave."""

    sample: Sample
    #: Addresses that were fetched before the choice, but for those of the page itself.
    requests: list[str]


class Visitor:
    """Makes visits; every one is the first."""

    def __init__(self, playwright: Playwright, executable: Path, web: Web):
        self._playwright = playwright
        self._executable = executable
        self._web = web
        self.browser_version = ""

    @contextmanager
    def _page(self, condition: Condition) -> Iterator[tuple[Page, CDPSession]]:
        browser = self._playwright.chromium.launch(
            executable_path=self._executable,
            args=chromium.flags(),
        )
        try:
            self.browser_version = browser.version
            page = browser.new_page(viewport=VIEWPORT, locale="en-GB")
            page.set_default_timeout(WAIT_MS)
            cdp = page.context.new_cdp_session(page)
            cdp.send("Network.enable")
            cdp.send(
                "Network.emulateNetworkConditions",
                {
                    "offline": False,
                    "latency": condition.latency_ms,
                    "downloadThroughput": condition.bytes_per_second,
                    "uploadThroughput": condition.bytes_per_second,
                },
            )
            cdp.send("Emulation.setCPUThrottlingRate", {"rate": condition.cpu})
            yield page, cdp
        finally:
            browser.close()

    def _address(self, contestant: Contestant) -> str:
        return f"{self._web.origin(SHOP)}/{contestant.name}"

    def time(self, contestant: Contestant, condition: Condition) -> Visit:
        """Watch the page until the banner rests, accept, and watch what follows."""
        own = self._web.origin(SHOP)
        with self._page(condition) as (page, _):
            page.add_init_script(_observer(contestant))
            requests: list[str] = []
            page.on("request", lambda request: requests.append(request.url))
            page.goto(self._address(contestant), wait_until="load")
            still = f"observed.seen.frames >= {STILL_FRAMES}"
            if contestant.banner:
                still += " && observed.seen.state"
            page.wait_for_function(f"() => {still}", polling=100)
            before = [address for address in requests if not address.startswith(own)]
            sample = _before(page)
            if contestant.banner:
                sample |= _accept(page, contestant)
        return Visit(sample, before)

    def weigh(self, contestant: Contestant) -> Sample:
        """Return heap and main-thread time of an unthrottled visit that nobody observes."""
        with self._page(NONE) as (page, cdp):
            # The main thread's own time, whatever else the machine does.
            cdp.send("Performance.enable", {"timeDomain": "threadTicks"})
            page.goto(self._address(contestant), wait_until="load")
            page.wait_for_timeout(SETTLED_MS)
            metrics = _metrics(cdp)
            for _ in range(2):
                cdp.send("HeapProfiler.collectGarbage")
            heap = cdp.send("Runtime.getHeapUsage")["usedSize"]
        return {
            "heap_kb": heap / 1000,
            "script_ms": metrics["ScriptDuration"] * 1000,
            "style_ms": (metrics["LayoutDuration"] + metrics["RecalcStyleDuration"]) * 1000,
            "task_ms": metrics["TaskDuration"] * 1000,
            "nodes": metrics["Nodes"],
        }


def _observer(contestant: Contestant) -> str:
    script = (PAGES / "observe.js").read_text(encoding="utf-8")
    return f"({script})({json.dumps(contestant.banner)})"


def _before(page: Page) -> Sample:
    """Read what was seen up to the choice."""
    found = page.evaluate(
        """() => {
          const {seen, noted} = observed;
          const [{loadEventStart}] = performance.getEntriesByType('navigation');
          const fcp = performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? null;
          const rest = seen.at && seen.changed;
          return {seen: seen.at, rest, fcp, load: loadEventStart, ...noted};
        }"""
    )
    fcp = found["fcp"]
    tasks = found["tasks"]
    return {
        "fcp": fcp,
        "load": found["load"],
        "seen": found["seen"],
        "rest": found["rest"],
        "cls": found["shift"],
        "tbt": sum(_blocking(start, duration, fcp) for start, duration in tasks),
        "longest": max((duration for _, duration in tasks), default=0),
    }


def _blocking(start: float, duration: float, fcp: float) -> float:
    """Return what of a task is longer than 50 ms, counted from the first paint.

    :source: https://web.dev/articles/tbt
    """
    return max(0.0, start + duration - max(start, fcp) - 50)


def _accept(page: Page, contestant: Contestant) -> Sample:
    """Press the button as a person does; return when the page painted and what then blocked."""
    box = page.locator(contestant.accept).first.bounding_box()
    assert box is not None, f"{contestant.name}: nothing to press at {contestant.accept}"
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.wait_for_function(
        f"() => observed.painted && (window.ran?.length ?? 0) >= {GATED}", polling=100
    )
    page.wait_for_timeout(100)
    found = page.evaluate(
        """() => ({
          clicked: observed.clicked, painted: observed.painted, gone: observed.seen.gone,
          ran: window.ran, ...observed.noted})"""
    )
    clicked = found["clicked"]
    after = [duration for start, duration in found["tasks"] if start >= clicked - 1]
    return {
        "paint": found["painted"] - clicked,
        "gone": found["gone"] and found["gone"] - clicked,
        "event": max(found["events"], default=0),
        "ran": max(found["ran"]) - clicked,
        "longest_after": max(after, default=0),
    }


def _metrics(cdp: CDPSession) -> dict[str, float]:
    found = cdp.send("Performance.getMetrics")["metrics"]
    return {metric["name"]: metric["value"] for metric in found}
