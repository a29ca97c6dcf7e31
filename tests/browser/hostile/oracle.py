"""What must hold on every page, whatever it does; raises AssertionError where it does not."""

from typing import Any

from tests.browser.hostile.hostile_page import EVERYTHING, HostilePage
from tests.browser.hostile.stranger import Stranger
from tests.browser.service import Site
from tests.browser.web import VENDOR, Web


class Oracle:
    """Compares what a page shows with what the log holds."""

    def __init__(self, stranger: Stranger, site: Site, web: Web):
        self._stranger = stranger
        self._site = site
        self._web = web
        self._earlier = len(site.records())

    def records(self) -> list[dict[str, Any]]:
        """Return what came into the log since the test began."""
        return self._site.records()[self._earlier :]

    def decisions(self) -> list[tuple[str, str, bool]]:
        """Return the events of the log, with the place and whether a person was seen to press."""
        names = ("event", "method", "trusted")
        return [tuple(record[name] for name in names) for record in self.records()]

    def expect_nothing_granted(self) -> None:
        """Nobody has pressed: nothing runs, nothing loads, nothing is stored, nothing is logged."""
        assert self._stranger.granted() == set()
        self.expect_nothing_ran()
        assert self._stranger.stored() == set()
        assert self.decisions() == []

    def expect_nothing_ran(self) -> None:
        """Nothing that is held back ran or loaded."""
        assert self._stranger.ran() == set()
        assert self._web.requests_to(VENDOR) == []

    def expect_a_grant(self, page: HostilePage) -> None:
        """One press of a person: one record, a good token, and what was held back runs."""
        stranger = self._stranger
        stranger.wait(lambda: stranger.granted() == EVERYTHING or page.is_mute, "the grant")
        stranger.wait(lambda: stranger.ran() >= page.runs, "what was held back")
        assert stranger.ran() == page.runs
        assert self.decisions() == [("given", "banner", True)]
        for category in EVERYTHING:
            assert self.answer_of_the_check(category) is True

    def answer_of_the_check(self, category: str) -> bool:
        """Ask the check API about the token of this device, as the site's server does."""
        jar = {cookie["name"]: cookie["value"] for cookie in self._stranger.page.context.cookies()}
        token = jar.get("consent_token") or self._stranger.evaluate("ConsentServer.getToken()")
        return bool(self._site.check(token or "none", category)["granted"])

    def expect_no_grant(self) -> None:
        """The page spoilt a person's press: nothing runs; the log holds at most that press."""
        assert self._stranger.granted() == set()
        self.expect_nothing_ran()
        assert self.decisions()[:1] in ([], [("given", "banner", True)])
        assert [event for event, *_ in self.decisions()[1:]] in ([], ["withdrawn"])

    def expect_the_log_not_fooled(self) -> None:
        """Nobody accepted: neither the log nor the check API says that anybody did."""
        assert {event for event, *_ in self.decisions()} <= {"refused"}
        for category in EVERYTHING:
            assert self.answer_of_the_check(category) is False

    def expect_no_error(self) -> None:
        """Nothing was thrown that nobody caught."""
        assert self._stranger.errors == []
