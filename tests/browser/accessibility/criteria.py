"""The success criteria of WCAG 2.2, levels A and AA, and what is stated of the widget for each.

Source: https://www.w3.org/TR/WCAG22/ (4.1.1 was removed from it).
"""

from typing import NamedTuple

#: The words of the VPAT, in which such reports are read.
SUPPORTS, PARTIALLY, NOT_APPLICABLE = "Supports", "Partially supports", "Not applicable"


class Criterion(NamedTuple):
    """One success criterion, and the statement on it."""

    number: str
    name: str
    level: str
    result: str
    remark: str


def _s(number: str, name: str, level: str, remark: str) -> Criterion:
    return Criterion(number, name, level, SUPPORTS, remark)


def _p(number: str, name: str, level: str, remark: str) -> Criterion:
    return Criterion(number, name, level, PARTIALLY, remark)


def _n(number: str, name: str, level: str, remark: str) -> Criterion:
    return Criterion(number, name, level, NOT_APPLICABLE, remark)


NO_MEDIA = "The widget holds no audio and no video."
NO_INPUT = "The widget asks for a choice, never for data about a person."

CRITERIA = [
    _s("1.1.1", "Non-text Content", "A", "The one sign without words, the cross, has a name."),
    _n("1.2.1", "Audio-only and Video-only (Prerecorded)", "A", NO_MEDIA),
    _n("1.2.2", "Captions (Prerecorded)", "A", NO_MEDIA),
    _n("1.2.3", "Audio Description or Media Alternative (Prerecorded)", "A", NO_MEDIA),
    _n("1.2.4", "Captions (Live)", "AA", NO_MEDIA),
    _n("1.2.5", "Audio Description (Prerecorded)", "AA", NO_MEDIA),
    _s("1.3.1", "Info and Relationships", "A", "Region, dialog, headings, lists, switches."),
    _s("1.3.2", "Meaningful Sequence", "A", "Document order is visual order, mirrored in Arabic."),
    _n("1.3.3", "Sensory Characteristics", "A", "No text refers to a shape, place or sound."),
    _s("1.3.4", "Orientation", "AA", "Upright and across, at every size."),
    _n("1.3.5", "Identify Input Purpose", "AA", NO_INPUT),
    _s("1.4.1", "Use of Color", "A", "A switch differs by its position, not by colour alone."),
    _n("1.4.2", "Audio Control", "A", NO_MEDIA),
    _s("1.4.3", "Contrast (Minimum)", "AA", "Measured in every language, light and dark."),
    _s("1.4.4", "Resize Text", "AA", "Lengths follow the reader's size of text."),
    _n("1.4.5", "Images of Text", "AA", "There is no image."),
    _s("1.4.10", "Reflow", "AA", "320 × 256 is 1280 × 1024 at 400 %: both answers in view."),
    _s("1.4.11", "Non-text Contrast", "AA", "Answers, switches and focus marks."),
    _s("1.4.12", "Text Spacing", "AA", "Nothing is cut off or overlaps."),
    _s("1.4.13", "Content on Hover or Focus", "AA", "Pointing and focusing bring nothing up."),
    _s("2.1.1", "Keyboard", "A", "Every control; see also the tests in two other engines."),
    _s("2.1.2", "No Keyboard Trap", "A", "The banner is left by Tab, the dialog by Escape."),
    _s("2.1.4", "Character Key Shortcuts", "A", "There are none."),
    _s("2.2.1", "Timing Adjustable", "A", "The question waits without limit."),
    _s("2.2.2", "Pause, Stop, Hide", "A", "Nothing moves by itself for longer than a moment."),
    _s("2.3.1", "Three Flashes or Below Threshold", "A", "Nothing flashes."),
    _s("2.4.1", "Bypass Blocks", "A", "A landmark with a heading; few stops, then the page."),
    _n("2.4.2", "Page Titled", "A", "The title is the page's; the widget never touches it."),
    _s("2.4.3", "Focus Order", "A", "In at the heading, back to the opener."),
    _s("2.4.4", "Link Purpose (In Context)", "A", "A link names the service that it is about."),
    _n("2.4.5", "Multiple Ways", "AA", "The widget is no set of pages."),
    _s("2.4.6", "Headings and Labels", "AA", "One for each layer and each purpose."),
    _s("2.4.7", "Focus Visible", "AA", "A ring of 3 pixels, at least 3:1."),
    _p(
        *("2.4.11", "Focus Not Obscured (Minimum)", "AA"),
        "The page scrolls what it has in focus out from under the banner. Where that is not "
        "enough, the banner goes to the other edge, and then gets lower, also at 400 % zoom. On a "
        "page that cannot scroll, the way back can still lie on something small in its corner.",
    ),
    _s("2.5.1", "Pointer Gestures", "A", "Single presses only."),
    _s("2.5.2", "Pointer Cancellation", "A", "A press counts when it ends where it began."),
    _s("2.5.3", "Label in Name", "A", "Names are the visible texts."),
    _n("2.5.4", "Motion Actuation", "A", "Nothing reacts to movement."),
    _s("2.5.7", "Dragging Movements", "AA", "Nothing is dragged; a switch is pressed."),
    _s("2.5.8", "Target Size (Minimum)", "AA", "24 pixels or room around; the answers have 44."),
    _s("3.1.1", "Language of Page", "A", "The widget says its own language, whatever the page's."),
    _s("3.1.2", "Language of Parts", "AA", "Banner and placeholders carry lang and dir."),
    _s("3.2.1", "On Focus", "A", "Focus decides and opens nothing."),
    _s("3.2.2", "On Input", "A", "A switch counts when Save is pressed."),
    _s("3.2.3", "Consistent Navigation", "AA", "The way back has one place on every page."),
    _s("3.2.4", "Consistent Identification", "AA", "It has one name, and so have the answers."),
    _s("3.2.6", "Consistent Help", "A", "The way back to the choices is on every page."),
    _s("3.3.1", "Error Identification", "A", "A choice that could not be recorded is said."),
    _s("3.3.2", "Labels or Instructions", "A", "Each switch has a title and a sentence."),
    _s("3.3.3", "Error Suggestion", "AA", "The message says what happens next."),
    _s("3.3.4", "Error Prevention (Legal, Financial, Data)", "AA", "Every choice can be undone."),
    _n("3.3.7", "Redundant Entry", "A", NO_INPUT),
    _n("3.3.8", "Accessible Authentication (Minimum)", "AA", "Nobody signs in to the widget."),
    _s("4.1.2", "Name, Role, Value", "A", "Native buttons and dialog, switches with their state."),
    _s("4.1.3", "Status Messages", "AA", "One polite region, there before anything is said."),
]
#: Level AAA, not claimed as a whole; these are shown as well.
BEYOND = {
    "2.3.3": "Animation from Interactions",
    "3.2.5": "Change on Request",
}
