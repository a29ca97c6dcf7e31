"""The widget: on every page, asking fairly, and with a way back that works."""

from collections.abc import Iterator, Sequence

from consent_server.audit.findings import Finding
from consent_server.audit.observed import Answers, Control, Sight
from consent_server.audit.seen import Seen

_ASK_FAIRLY = (
    "Let the page leave the widget alone: no style of it can be reached from outside, so a script "
    "of the page has changed it."
)
_SHOW_IT = (
    "Leave the widget's button visible, or give the page a link of its own on every page: "
    '<a href="#" data-consent="open">Cookie choices</a> (GDPR Art. 7(3)).'
)


def judge_widget(seen: Seen) -> list[Finding]:
    """Judge what the widget showed and did; findings of one kind name all their pages."""
    found: dict[tuple[str, str, str], Finding] = {}
    for life in seen.lives:
        for sight in life.sights:
            for one in _of_a_sight(sight, seen):
                key = (one.code, one.subject, one.message)
                earlier = found.get(key)
                pages = (*(earlier.pages if earlier else ()), sight.page)
                found[key] = Finding(
                    one.code,
                    one.subject,
                    one.message,
                    one.remedy,
                    pages=tuple(dict.fromkeys(pages)),
                )
    return list(found.values())


def _of_a_sight(sight: Sight, seen: Seen) -> Iterator[Finding]:
    if not sight.has_widget:
        yield Finding(
            "widget_missing",
            "the widget",
            "No widget is on the page: nobody is asked, and nobody can change their mind.",
            'Put the tag <script async src="https://…/s/SITE.js"></script> into the head of every '
            "page. If it is there, see that the service answers and the page's policy allows it.",
        )
        return
    if sight.answers and seen.known().optional:
        yield from _of_answers(sight.answers)
    if sight.ways_back is not None and seen.known().optional:
        yield from _of_ways_back(sight.ways_back)
    for code, detail in sight.mishaps:
        yield _of_mishap(code, detail, seen)


def _of_answers(answers: Answers) -> Iterator[Finding]:
    if not answers.accept and not answers.reject:
        yield Finding(
            "not_asked",
            "the banner",
            "The widget is there, and shows no question to a new visitor.",
            "See whether a script of the page answers in the visitor's place or removes the "
            "banner, and whether --site or --document names the site of this page.",
        )
        return
    for name, control in (("Accept", answers.accept), ("Reject", answers.reject)):
        if control is None:
            yield Finding("answer_unusable", name, f"{name} is not in the banner.", _ASK_FAIRLY)
        elif control.problems:
            yield Finding("answer_unusable", name, _sentence(control), _ASK_FAIRLY)
    if answers.differences:
        parts = [
            f"{name} is {one} for Accept and {other} for Reject"
            for name, (one, other) in answers.differences.items()
        ]
        yield Finding(
            "answers_unequal",
            "Accept and Reject",
            f"Refusing must be as easy as accepting, and they differ: {'; '.join(parts)}.",
            _ASK_FAIRLY,
        )


def _of_ways_back(tried: Sequence[Control]) -> Iterator[Finding]:
    if not tried:
        yield Finding(
            "way_back_missing",
            "the way back",
            "After a choice, nothing on the page leads back to the choices.",
            _SHOW_IT,
        )
    elif all(control.problems for control in tried):
        yield Finding(
            "way_back_unusable", "the way back", " ".join(map(_sentence, tried)), _SHOW_IT
        )


def _of_mishap(code: str, detail: str, seen: Seen) -> Finding:
    if code == "other_site":
        return Finding(
            code,
            detail,
            f"The page has the widget of the site “{detail}”, and was compared with what "
            f"“{seen.known().site}” has declared.",
            "Correct the address in the widget's tag, or name the right site to the audit.",
        )
    if code == "answer_unusable":
        return Finding(
            code,
            detail,
            f"{detail} could not be pressed: it is absent, covered or outside the window.",
            _ASK_FAIRLY,
        )
    if code == "acceptance_failed":
        return Finding(
            code,
            "Accept",
            f"Accept was pressed, and nothing was granted. {_reason(detail)}",
            "See that the page's origin is listed in `origins` of the document, that the service "
            "answers, and that the page's policy lets the widget reach it.",
        )
    return Finding(
        code,
        "Withdraw",
        "The choices were opened after an acceptance, and offered no way to withdraw it.",
        "See whether the page has removed or covered the widget's button.",
    )


def _reason(detail: str) -> str:
    return f"The widget says why: `{detail}` (docs/embed.md)." if detail else "It said nothing."


def _sentence(control: Control) -> str:
    what = control.what[0].upper() + control.what[1:]
    return f"{what} {' and '.join(control.problems)}."
