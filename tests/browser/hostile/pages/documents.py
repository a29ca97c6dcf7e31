"""Documents and style sheets that leave little room."""

from tests.browser.hostile.hostile_page import HostilePage, Outcome

_BODY = "HEAD<script>SCRIPT</script>TAG</head><body><h1>A page</h1>BODY</body></html>"
_XHTML = (
    '<?xml version="1.0"?><!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN" '
    '"http://www.w3.org/TR/xhtml1/DTD/xhtml1-strict.dtd">'
    '<html xmlns="http://www.w3.org/1999/xhtml" lang="en"><head><title>A page</title>' + _BODY
)
_QUIRKS = "<title>A page</title>HEAD<script>SCRIPT</script>TAG<h1>A page</h1>BODY"
_HUGE = """
document.addEventListener('DOMContentLoaded', () => {
    const deep = document.createElement('div');
    let inner = deep;
    for (let at = 0; at < 500; at++) inner = inner.appendChild(document.createElement('div'));
    for (let at = 0; at < 20000; at++) inner.appendChild(document.createElement('span'));
    document.body.append(deep);
});
"""


def _styled(rules: str) -> str:
    return f"<style>{rules}</style>"


PAGES = [
    HostilePage(
        "everything taken out of the layout",
        head=_styled("* { display: none !important }"),
        outcome=Outcome.UNASKED,
        because="an element without a box has no children that have one",
    ),
    HostilePage("everything hidden", head=_styled("* { visibility: hidden !important }")),
    HostilePage(
        "our element alone taken out", head=_styled("consent-server { display: none !important }")
    ),
    HostilePage(
        "our element made unreachable",
        head=_styled(
            "consent-server, consent-server * { opacity: 0 !important; width: 0 !important; "
            "pointer-events: none !important; transform: scale(0) !important; "
            "clip-path: inset(50%) !important }"
        ),
    ),
    HostilePage(
        "a base address elsewhere",
        head='<base href="https://elsewhere.invalid/deep/" target="_top"/>',
    ),
    HostilePage("a document of XHTML", document=_XHTML, kind="application/xhtml+xml"),
    HostilePage("a document in quirks mode", document=_QUIRKS),
    HostilePage("a huge and deep document", _HUGE),
]
