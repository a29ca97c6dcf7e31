"""One visitor's way through the shop: what leaves it on the way, and what is kept on the device."""

import contextlib
import time
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from playwright.sync_api import BrowserContext, Request
from playwright.sync_api import Error as PlaywrightError

from tests.browser.consent_page import ConsentPage
from tests.packages.outside import Asked, Outside
from tests.packages.shop import PackageShop

#: Milliseconds of the page's clock for which a visitor stays on a page; batches are sent meanwhile.
STAY = 20_000
#: Seconds until something that should happen is given up.
PATIENCE = 60
KEPT = """async () => {
    const named = (kind, names) => names.map((name) => [kind, name]);
    const databases = (await indexedDB.databases()).map(({name}) => name);
    const workers = await navigator.serviceWorker.getRegistrations();
    return [
        ...named('local_storage', Object.keys(localStorage)),
        ...named('session_storage', Object.keys(sessionStorage)),
        ...named('indexed_db', databases),
        ...named('cache', await caches.keys()),
        ...named('worker', workers.map(({scope}) => scope)),
    ];
}"""
#: What the widget itself keeps after a choice that was delivered.
OURS = {
    ("cookie", "consent_state"),
    ("cookie", "consent_token"),
    ("local_storage", "consent_used"),
}
Kept = set[tuple[str, str]]


class Traces(NamedTuple):
    """What the vendors left: nothing at all, where nothing was granted."""

    #: Requests to any host but the shop's and the service's, by whoever sent them.
    asked: list[Asked]
    #: Vendors whose script was fetched from the shop.
    fetched: set[str]
    #: Kind and name of all that is on the device, but for what is the widget's own.
    kept: Kept


class Journey:
    """A visitor with an empty device, and everything that can be seen of them from outside."""

    def __init__(self, context: BrowserContext, outside: Outside, shop: PackageShop):
        self._context = context
        self._outside = outside
        self._shop = shop
        self.visitor = ConsentPage(context.new_page())
        self.page = self.visitor.page
        #: As the browser tells of them; the proxy also sees what it does not tell of.
        self._told: list[str] = []
        self._open: set[Request] = set()
        context.on("request", self._begin)
        context.on("requestfinished", self._end)
        context.on("requestfailed", self._end)
        # What a page that is gone had begun is never reported as ended.
        self.page.on("framenavigated", lambda _: self._open.clear())
        self.page.clock.install()
        self.mark()

    def _begin(self, request: Request) -> None:
        self._told.append(request.url)
        self._open.add(request)

    def _end(self, request: Request) -> None:
        self._open.discard(request)

    def go(self, name: str) -> None:
        """Open a page of the shop and stay on it for a while."""
        self.be_quiet()
        self.visitor.open(self._shop.page(name))
        self.stay()

    def stay(self) -> None:
        """Do what a visitor does, for as long as batches take to be sent."""
        self.page.get_by_role("heading", name="A page").click()
        self.page.clock.fast_forward(STAY)
        self.page.clock.run_for(1_000)

    def hold_still(self) -> None:
        """Stop the page's time, and let everything arrive that is on its way."""
        # The page's time goes on until the order arrives: a busy machine can need the longer ones.
        for ahead in (1, 5, 25):
            with contextlib.suppress(PlaywrightError):
                self.page.clock.pause_at(self.page.evaluate("Date.now()") / 1000 + ahead)
                break
        else:
            raise TimeoutError("the page's time could not be stopped")
        self.be_quiet()

    def wait_for_the_end(self, end: datetime) -> None:
        """Leave the page open until a millisecond before an instant, and hold it still there.

        It wakes up a minute and a half before, as after a sleep, and looks at the time by itself.
        """
        self.hold_still()
        self.page.clock.set_system_time(end - timedelta(seconds=90))
        for span in (61_000, 28_999):
            self.page.clock.run_for(span)
            self.be_quiet()

    def go_on(self) -> None:
        """Let the page's time pass again."""
        self.page.clock.resume()

    def mark(self) -> None:
        """Begin to look: what was until now is none of the traces."""
        self._from = (len(self._outside.asked), len(self._told))

    def travel(self, instant: datetime) -> None:
        """Come back to the shop at an instant; the browser has dropped the cookies that ended."""
        self.be_quiet()
        self.page.goto("about:blank")
        self.page.clock.set_system_time(instant)
        for cookie in self._context.cookies():
            if cookie["expires"] < instant.timestamp():
                self._context.clear_cookies(name=cookie["name"])

    def traces(self) -> Traces:
        """Return what there is since the mark."""
        self.be_quiet()
        proxied, told = self._from
        fetched = {
            url.partition("/vendors/")[2].removesuffix(".js")
            for url in self._told[told:]
            if "/vendors/" in url
        }
        return Traces(self._outside.asked[proxied:], fetched, self.kept() - OURS)

    def kept(self) -> Kept:
        """Return kind and name of everything on the device."""
        cookies = {("cookie", name) for name in self.cookies()}
        return cookies | {(kind, name) for kind, name in self.page.evaluate(KEPT)}

    def cookies(self) -> dict[str, float]:
        """Return name → seconds that each cookie still has; -1 for the browser's session.

        The browser ends cookies by its own clock, and the page's is ahead: what a script deletes by
        an end in the past may still be there, and is over all the same.
        """
        now = self.page.evaluate("Date.now()") / 1000
        jar = self._context.cookies()
        return {
            str(one["name"]): one["expires"] - now if one["expires"] > 0 else -1
            for one in jar
            if not 0 < one["expires"] <= now
        }

    def be_quiet(self) -> None:
        """Wait until every request that began is answered."""
        self.eventually(lambda: not self._open, f"{[one.url for one in self._open]} are answered")

    def wait_for(self, hosts: Iterable[str], stores: Iterable[tuple[str, str]], named: Any) -> None:
        """Let the page's time pass until these hosts were asked and these stores are there.

        :param named: tells whether a name is one of a pattern
        """

        def is_there() -> bool:
            self.page.clock.run_for(500)
            asked = {one.host for one in self._outside.asked[self._from[0] :]}
            kept = self.kept()
            return set(hosts) <= asked and all(
                any(kind == of and named(name, pattern) for of, name in kept)
                for kind, pattern in stores
            )

        self.eventually(is_there, f"{sorted(hosts)} asked, {sorted(stores)} there")

    def eventually(self, holds: Any, what: str) -> None:
        """Wait until something holds."""
        end = time.monotonic() + PATIENCE
        while not holds():
            assert time.monotonic() < end, f"in vain: {what}"
            self.page.wait_for_timeout(20)
