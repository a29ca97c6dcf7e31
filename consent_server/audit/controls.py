"""What a visitor can see, reach and press: the answers of the banner, and the way back."""

from playwright.sync_api import ElementHandle, Error, JSHandle

from consent_server.audit.declared import Declared
from consent_server.audit.observed import Answers, Control
from consent_server.audit.probe import probe
from consent_server.audit.visitor import Visitor

_OF_THE_PAGE = "() => Array.from(document.querySelectorAll('[data-consent=\"open\"]'))"
_SHOWN = """(element) => {
    const {localName, textContent} = element;
    return [localName, textContent.trim().replace(/\\s+/g, ' ').slice(0, 40)];
}"""
_HAS_FOCUS = """(element) => {
    let active = document.activeElement;
    while (active?.shadowRoot?.activeElement) {
        active = active.shadowRoot.activeElement;
    }
    return active === element;
}"""
_LISTEN = """() => {
    const heard = {};
    document.addEventListener('consent:shown', ({detail}) => { heard.layer = detail.layer; });
    return heard;
}"""
#: Milliseconds for which a press may take to show something.
PATIENCE = 3_000


def look_at_answers(visitor: Visitor, declared: Declared) -> Answers:
    """Measure Accept and Reject of the banner, and compare them."""
    accept, reject = (
        next(iter(visitor.buttons(declared.words(slot))), None) for slot in ("accept", "reject")
    )
    differences = {}
    if accept and reject:
        one, other = (handle.evaluate(probe("looks")) for handle in (accept, reject))
        differences = {name: (one[name], other[name]) for name in one if _differs(one, other, name)}
    return Answers(
        _measured("Accept", accept, scroll=False) if accept else None,
        _measured("Reject", reject, scroll=False) if reject else None,
        differences,
    )


def look_for_ways_back(visitor: Visitor, declared: Declared) -> list[Control]:
    """Look for a way back that can be seen, is reached by keyboard, and opens the choices.

    :returns: what was tried, up to the first without a problem
    """
    tried = []
    for handle, scroll in _candidates(visitor, declared):
        control = _measured(_name(handle, is_own=not scroll), handle, scroll=scroll)
        if not control.problems:
            control = Control(control.what, tuple(_use_by_keyboard(visitor, handle)))
        tried.append(control)
        if not control.problems:
            break
    return tried


def open_choices(visitor: Visitor, declared: Declared) -> bool:
    """Open the choices by the first way back that works with a pointer; say whether one did."""
    for handle, _ in _candidates(visitor, declared):
        heard = visitor.page.evaluate_handle(_LISTEN)
        try:
            handle.click(timeout=PATIENCE)
        except Error:
            continue
        if _is_shown(visitor, heard):
            return True
    return False


def _candidates(visitor: Visitor, declared: Declared) -> list[tuple[ElementHandle, bool]]:
    own = [(handle, False) for handle in visitor.buttons(declared.words("reopen"))]
    return own + [(handle, True) for handle in visitor.elements(_OF_THE_PAGE)]


def _measured(what: str, handle: ElementHandle, *, scroll: bool) -> Control:
    return Control(what, tuple(handle.evaluate(probe("measure"), {"scroll": scroll})))


def _name(handle: ElementHandle, *, is_own: bool) -> str:
    name, text = handle.evaluate(_SHOWN)
    return f"the widget's own button “{text}”" if is_own else f"the page's <{name}> “{text}”"


def _use_by_keyboard(visitor: Visitor, handle: ElementHandle) -> list[str]:
    """Leave the element by Shift and Tab, come back by Tab, press Enter; then close what opened."""
    keyboard = visitor.page.keyboard
    handle.focus()
    if not handle.evaluate(_HAS_FOCUS):
        return ["takes no focus from the keyboard"]
    keyboard.press("Shift+Tab")
    keyboard.press("Tab")
    if not handle.evaluate(_HAS_FOCUS):
        return ["is not reached by the Tab key"]
    heard = visitor.page.evaluate_handle(_LISTEN)
    keyboard.press("Enter")
    if not _is_shown(visitor, heard):
        return ["does not open the choices when Enter is pressed"]
    keyboard.press("Escape")
    return []


def _is_shown(visitor: Visitor, heard: JSHandle) -> bool:
    for _ in range(PATIENCE // 50):
        if heard.evaluate("({layer}) => layer") == "preferences":
            return True
        visitor.page.wait_for_timeout(50)
    return False


def _differs(one: dict[str, str], other: dict[str, str], name: str) -> bool:
    if name not in {"width", "height"}:
        return one[name] != other[name]
    return abs(int(one[name][:-2]) - int(other[name][:-2])) > 1
