"""R036, R037: a way back counts when it can be seen, reached by keyboard, and opens the choices."""

import pytest

from consent_server.audit.controls import look_for_ways_back
from consent_server.audit.visitor import Visitor
from consent_server.audit.widget import find_published

LINK = '<p style="margin-top: 2000px"><a href="#" data-consent="open">Cookies</a></p>'
#: What a page's script does to the widget's button → what is said of it.
DONE_TO_THE_BUTTON = {
    "host.shadowRoot.querySelector('.reopen').style.display = 'none'": "display: none",
    "host.shadowRoot.querySelector('.reopen').style.visibility = 'hidden'": "visibility",
    "host.shadowRoot.querySelector('.reopen').style.opacity = 0.1": "transparent",
    "document.body.style.opacity = 0": "transparent",
    "document.body.style.display = 'none'": "display: none on <body>",
    "host.shadowRoot.querySelector('.reopen').style.left = '-9999px'": "outside the window",
    "host.shadowRoot.querySelector('.reopen').style.transform = 'scale(0)'": "no size",
    "host.inert = true": "inert by <consent-server>",
    "document.body.inert = true": "inert by <body>",
    "host.shadowRoot.querySelector('.reopen').disabled = true": "disabled",
    "host.shadowRoot.querySelector('.reopen').tabIndex = -1": "not reached by the Tab key",
    """const bar = document.createElement('div');
       bar.className = 'chat';
       bar.style = 'position: fixed; inset: auto 0 0; width: 100%; height: 200px';
       bar.popover = 'manual';
       document.documentElement.append(bar);
       bar.showPopover()""": 'covered by <div class="chat">',
    """host.shadowRoot.querySelector('.reopen')
       .addEventListener('click', (event) => event.stopImmediatePropagation(), true)""": (
        "does not open the choices"
    ),
}


@pytest.fixture
def look(page, site):
    """Open a page of the shop, refuse, let its script do something, and look for the way back."""

    def look(body="", script=""):
        visitor = Visitor(page, 0)
        visitor.open(site.page(body), "before_choice")
        _, declared = find_published(page)
        visitor.buttons(declared.words("reject"))[0].click()
        page.wait_for_function("ConsentServer.getConsent()")
        page.evaluate(
            "([script]) => new Function('host', script)(document.querySelector('consent-server'))",
            [script],
        )
        return look_for_ways_back(visitor, declared)

    return look


def test_the_widgets_own_button_is_one(look):
    (control,) = look()

    assert control.problems == ()
    assert control.what == "the widget's own button “Cookie choices”"


@pytest.mark.one_row_in(2)
@pytest.mark.parametrize("script", DONE_TO_THE_BUTTON)
def test_a_button_that_visitors_cannot_use_is_none(script, look):
    (control,) = look(script=script)

    assert DONE_TO_THE_BUTTON[script] in " ".join(control.problems)


def test_a_link_of_the_page_takes_its_place_further_down_too(look):
    tried = look(LINK, "host.inert = true")

    assert [bool(control.problems) for control in tried] == [True, False]
    assert tried[1].what == "the page's <a> “Cookies”"


def test_an_element_that_no_key_reaches_does_not(look):
    tried = look('<p data-consent="open">Cookies</p>', "host.inert = true")

    assert tried[1].problems == ("takes no focus from the keyboard",)


def test_a_button_that_was_taken_away_is_missing(look):
    assert look(script="host.shadowRoot.querySelector('.reopen').remove()") == []


def test_no_style_sheet_of_the_page_hides_the_button(look):
    """Why nobody can do it by mistake."""
    (control,) = look("<style>consent-server { display: none !important; opacity: 0 }</style>")

    assert control.problems == ()
