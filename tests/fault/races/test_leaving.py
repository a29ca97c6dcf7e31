"""F-49: the tab is closed, its process dies, or the connection is gone right after the click."""

import os
import signal
from collections import Counter
from pathlib import Path

import pytest

from tests.browser.service import gated
from tests.fault.races.tabs import granted

ALL = {"functional", "analytics", "marketing"}
#: What is pressed → whether the visitor has said yes before, its event, what may be granted after.
PRESSES = {
    "rejectAll": (False, "refused", set()),
    "withdraw": (True, "withdrawn", set()),
    "acceptAll": (False, "given", ALL),
}
WAYS = ["closed", "killed", "offline"]
#: A browser that keeps nothing but cookies: what is not sent is lost.
FORGETFUL = "Storage.prototype.setItem = () => { throw new Error('full'); }"


def is_renderer(process_id):
    """Whether the number is still that of a page: one that is gone may be somebody else's now."""
    try:
        return b"--type=renderer" in Path(f"/proc/{process_id}/cmdline").read_bytes()
    except OSError:
        return False


def pages_running(session):
    """Return the numbers of the processes that the browser takes for those of pages."""
    processes = session.send("SystemInfo.getProcessInfo")["processInfo"]
    return {process["id"] for process in processes if process["type"] == "renderer"}


def kill_pages(tab):
    """Kill every page's process, and wait until the browser knows.

    It would give a new page to one that it keeps in reserve and takes to be alive; nobody ever
    hears of that page again.
    """
    session = tab.context.browser.new_browser_cdp_session()
    killed = {process_id for process_id in pages_running(session) if is_renderer(process_id)}
    assert killed
    for process_id in killed:
        os.kill(process_id, signal.SIGKILL)
    while killed & pages_running(session):
        pass
    session.detach()


def leave(tab, way):
    """End the page as visitors do, or end its process as their machine does."""
    if way == "killed":
        kill_pages(tab)
    tab.close()


def press_and_leave(visitor, address, press, way, delay):
    """Press, leave after some milliseconds, and come back; gives the tab of the next visit."""
    is_known, _, _ = PRESSES[press]
    [tab] = visitor.open(address)
    if is_known:
        tab.evaluate("ConsentServer.acceptAll()")
        visitor.rest(tab)
    visitor.context.set_offline(way == "offline")
    tab.evaluate(f"void ConsentServer.{press}()")
    if delay:
        tab.wait_for_timeout(delay)
    leave(tab, way)
    visitor.context.set_offline(False)
    return visitor.open(address)[0]


@pytest.mark.one_row_in(2)
@pytest.mark.parametrize("way", WAYS)
def test_a_choice_right_before_leaving_holds_and_is_recorded_once(
    way, trials, a_visitor, site, web
):
    address = site.page(gated("analytics", "/a.js", web))
    run_of = trials(f"F-49 {way}", "left 0 to 200 ms after the click", 320)
    for number in run_of:
        visitor = a_visitor()
        press = list(PRESSES)[number % len(PRESSES)]
        is_known, event, allowed = PRESSES[press]
        delay = run_of.random.uniform(0, 200)

        tab = press_and_leave(visitor, address, press, way, delay)

        now = granted(tab)
        visitor.rest(tab)
        tab.wait_for_timeout(20)
        events = Counter(record["event"] for record in visitor.log())
        wanted = Counter({event: 1}) + Counter({"given": int(is_known)})
        # What a killed process had not handed to the browser yet is gone, and nobody can send it.
        is_whole = granted(tab) == allowed and events == wanted
        run_of.counts["not as pressed"] += not is_whole
        is_true = now <= allowed and granted(tab) <= allowed and events <= wanted
        if not (is_true if way == "killed" else is_whole and is_true):
            run_of.fail(number, f"{press}, {delay:.0f} ms: {now}, {granted(tab)}, {events}")
        visitor.close()


def test_a_choice_that_nothing_keeps_is_found_missing(a_visitor, site):
    visitor = a_visitor()
    visitor.context.add_init_script(FORGETFUL)

    press_and_leave(visitor, site.page(), "rejectAll", "offline", 0)

    assert visitor.log() == []
