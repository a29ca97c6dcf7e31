"""R014: whatever makes one of the two answers stand out, or go away, is named."""

import pytest

from consent_server.audit.controls import look_at_answers
from consent_server.audit.visitor import Visitor
from consent_server.audit.widget import find_published

#: What a page's script does to Reject → the property that differs then.
STANDING_OUT = {
    "reject.style.color = 'gray'": "color",
    "reject.style.background = 'none'": "background-color",
    "reject.style.fontSize = '10px'": "font-size",
    "reject.style.fontWeight = 400": "font-weight",
    "reject.style.width = '40px'": "width",
    "reject.style.padding = '0'": "padding-left",
    "reject.style.opacity = 0.6": "opacity",
    "reject.style.textDecoration = 'underline'": "text-decoration-line",
}


@pytest.fixture
def do_to_reject(page, site):
    """Open a page of the shop; let its script do something to Reject, look, and put it back."""
    visitor = Visitor(page, 0)
    visitor.open(site.page(), "before_choice")
    _, declared = find_published(page)
    (reject,) = visitor.buttons(declared.words("reject"))

    def do(script=""):
        reject.evaluate("(reject, script) => new Function('reject', script)(reject)", script)
        answers = look_at_answers(visitor, declared)
        reject.evaluate("(reject) => reject.removeAttribute('style')")
        return answers

    return do


def test_the_widgets_own_answers_are_equal(do_to_reject):
    answers = do_to_reject()

    assert (answers.differences, answers.accept.problems, answers.reject.problems) == ({}, (), ())


def test_each_difference_is_named(do_to_reject):
    differences = {script: do_to_reject(script).differences for script in STANDING_OUT}

    missed = [script for script, name in STANDING_OUT.items() if name not in differences[script]]
    assert missed == []
    assert do_to_reject().differences == {}


def test_an_answer_that_is_hidden_or_gone_is_told(do_to_reject):
    hidden = do_to_reject("reject.style.visibility = 'hidden'")
    gone = do_to_reject("reject.remove()")

    assert hidden.reject.problems == ("is hidden by visibility",)
    assert gone.reject is None and gone.accept is not None
