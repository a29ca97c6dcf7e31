"""Three visitors with empty devices: one only reads, one refuses, one accepts and withdraws."""

import time
from collections.abc import Callable, Sequence

from playwright.sync_api import ElementHandle, Error, Frame

from consent_server.audit.browser import empty_device, playwright
from consent_server.audit.controls import look_at_answers, look_for_ways_back, open_choices
from consent_server.audit.declared import Declared
from consent_server.audit.errors import AuditImpossible
from consent_server.audit.observed import Life, LifeName
from consent_server.audit.seen import Seen
from consent_server.audit.visitor import Visitor
from consent_server.audit.widget import find_published

#: Milliseconds: for a press to act, and for the server to acknowledge a grant.
PRESSING = 5_000
GRANTING = 20_000
#: Seconds: what was on its way when consent was withdrawn; and until the page is loaded anew.
ON_ITS_WAY = 0.5
LEAVING = 6.0

_DECIDED = "() => window.ConsentServer?.getConsent?.() != null"
_GRANTED = "(ids) => ids.every((id) => window.ConsentServer.has(id))"
#: The first error that the widget tells of.
_HEAR_ERRORS = """() => {
    const heard = {};
    document.addEventListener('consent:error', ({detail}) => { heard.reason ??= detail.reason; });
    return heard;
}"""
#: Whether something ran on the page that only a new page stops.
_RAN = """() => !!document.querySelector(
    'script[data-category]:not([type="text/plain"]), template[data-category]')"""


def live(
    pages: Sequence[str],
    declared: Declared | None,
    wait: float,
    *,
    accepts: bool,
    tell: Callable[[Life, bool], None],
) -> Seen:
    """Live the three lives.

    :param pages: absolute addresses; choices are made on the first
    :param declared: None takes what the page's own widget has published
    :param wait: seconds to stay on each page
    :param accepts: False leaves out the third life
    :param tell: called before each life, and after it with True
    :raises AuditImpossible: no browser, or a page that cannot be opened
    """
    seen = Seen(declared=declared)
    with playwright() as started:
        for name, do in LIVES.items():
            if (name != "no_choice" and not _can_choose(seen)) or (
                name == "withdrawal" and not accepts
            ):
                break
            life = Life(name)
            tell(life, False)
            with empty_device(started, life) as device:
                visitor = Visitor(device.new_page(), wait)
                life.sights = visitor.sights
                try:
                    do(visitor, pages, seen)
                except Error as error:
                    what = str(error).splitlines()[0]
                    raise AuditImpossible(f"{visitor.page.url} broke off: {what}") from error
            seen.lives.append(life)
            tell(life, True)
    return seen


def _can_choose(seen: Seen) -> bool:
    """Say whether the first page asked anything."""
    first = seen.lives[0].sights[0]
    answers = first.answers
    return bool(answers and (answers.accept or answers.reject))


def _look(visitor: Visitor, pages: Sequence[str], seen: Seen) -> None:
    for url in pages:
        sight = visitor.open(url, "before_choice")
        if found := find_published(visitor.page):
            base, published = found
            seen.services.add(base)
            seen.published = seen.published or published
            seen.declared = seen.declared or published
            if published.site != seen.declared.site:
                sight.mishaps.append(("other_site", published.site))
        if sight.has_widget and seen.declared:
            sight.answers = look_at_answers(visitor, seen.asked())
    if seen.declared is None and any(sight.has_widget for sight in visitor.sights):
        raise AuditImpossible(
            "the widget is there, but no tag of the page leads to a service that says what the "
            "site has published. Name the site by --site or --document."
        )


def _refuse(visitor: Visitor, pages: Sequence[str], seen: Seen) -> None:
    declared = seen.asked()
    visitor.open(pages[0], "before_choice")
    pressed = time.time()
    mishaps = _press(visitor, declared, "reject")
    _wait_for(visitor, _DECIDED, None, PRESSING)
    visitor.linger()
    visitor.begin("after_refusal", pressed).mishaps += mishaps
    for url in pages:
        sight = visitor.open(url, "after_refusal")
        sight.ways_back = look_for_ways_back(visitor, declared) if sight.has_widget else None


def _accept(visitor: Visitor, pages: Sequence[str], seen: Seen) -> None:
    declared = seen.asked()
    visitor.open(pages[0], "before_choice")
    heard = visitor.page.evaluate_handle(_HEAR_ERRORS)
    pressed = time.time()
    mishaps = _press(visitor, declared, "accept")
    is_granted = _wait_for(visitor, _GRANTED, declared.optional, GRANTING)
    if not is_granted:
        mishaps.append(("acceptance_failed", heard.evaluate("({reason}) => reason ?? ''")))
    visitor.linger()
    visitor.begin("after_acceptance", pressed).mishaps += mishaps
    if not is_granted:
        return
    # The withdrawal is made where the choice was: on the first page.
    for url in (*pages[1:], pages[0]):
        sight = visitor.open(url, "after_acceptance")
        sight.ways_back = look_for_ways_back(visitor, declared) if sight.has_widget else None
    _withdraw(visitor, declared)
    for url in pages:
        visitor.open(url, "after_withdrawal")


def _withdraw(visitor: Visitor, declared: Declared) -> None:
    """Withdraw as a visitor does, and wait until it can be expected to have taken effect."""
    page = visitor.page
    is_left = declared.reloads and page.evaluate(_RAN)
    left: list[float] = []

    def note(frame: Frame) -> None:
        if frame == page.main_frame:
            left.append(time.time())

    page.on("framenavigated", note)
    if not open_choices(visitor, declared):
        page.evaluate("void window.ConsentServer?.showPreferences?.()")
        page.wait_for_timeout(100)
    pressed = time.time()
    buttons = visitor.buttons(declared.words("withdraw"), in_dialog=True)
    sight = visitor.begin("withdrawing", pressed, looks=False)
    if not (buttons and _click(buttons[0])):
        sight.mishaps.append(("withdrawal_missing", ""))
        page.evaluate("void window.ConsentServer?.withdraw?.()")
    end = pressed + (LEAVING if is_left else ON_ITS_WAY)
    while not left and time.time() < end:
        page.wait_for_timeout(50)
    if left:
        page.wait_for_load_state("load")
        visitor.wait_until_ready()
        page.wait_for_timeout(ON_ITS_WAY * 1000)
    visitor.linger()
    # What the old page sent at its end arrives in the log a little later.
    visitor.begin("after_withdrawal", (left[0] if left else pressed) + ON_ITS_WAY, looks=False)


def _press(visitor: Visitor, declared: Declared, slot: str) -> list[tuple[str, str]]:
    """Press an answer of the banner; where that is impossible, say it by the page's interface."""
    buttons = visitor.buttons(declared.words(slot))
    if buttons and _click(buttons[0]):
        return []
    visitor.page.evaluate(f"void window.ConsentServer?.{slot}All?.()")
    return [("answer_unusable", slot.capitalize())]


def _click(button: ElementHandle) -> bool:
    try:
        button.click(timeout=PRESSING)
    except Error:
        return False
    return True


def _wait_for(visitor: Visitor, condition: str, argument: object, most: int) -> bool:
    """Wait until a function of the page says yes; a page may be loaded anew meanwhile."""
    for _ in range(most // 50):
        try:
            if visitor.page.evaluate(condition, argument):
                return True
        except Error:
            visitor.page.wait_for_load_state("load")
        visitor.page.wait_for_timeout(50)
    return False


LIVES: dict[LifeName, Callable[[Visitor, Sequence[str], Seen], None]] = {
    "no_choice": _look,
    "refusal": _refuse,
    "withdrawal": _accept,
}
