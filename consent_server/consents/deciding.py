"""What a decision means: pure rules from what held before to what holds now."""

from dataclasses import dataclass, replace
from datetime import datetime

from consent_server.consents.choices import Choice, Choices, Decision, Held, Question
from consent_server.consents.errors import (
    ActionMismatch,
    CategoriesIncomplete,
    CategoryRequired,
    CategoryUnknown,
)
from consent_server.sites.durations import add_months

RESTRICTIVE = ("reject_all", "withdraw")
NOTHING = Held({}, {})


@dataclass(frozen=True)
class Outcome:
    """What a decision leads to."""

    event: str
    held: Held


def decide(
    question: Question,
    decision: Decision,
    previous: Held | None,
    now: datetime,
    *,
    is_tie: bool = False,
) -> Outcome:
    """Apply one decision to what held before.

    Categories that the decision leaves out keep their choice, if they have a live one; services
    keep theirs as long as their category was not asked again.

    :param is_tie: both decisions claim to be the newest; then what both of them allow is allowed
    :raises CategoryUnknown: a category or service that the bundle does not ask for
    :raises CategoryRequired: a required category was refused
    :raises ActionMismatch: reject all or withdraw with a yes, or accept all with a no that Global
        Privacy Control does not explain
    :raises CategoriesIncomplete: a category was neither answered nor has it a choice to keep
    """
    _check_names(question, decision)
    _check_action(question, decision)
    held = _apply(question, decision, previous, now)
    if is_tie and previous is not None:
        held = _restrict(question, held, previous, now)
    return Outcome(_event(question, decision, previous, held, now), held)


def settle_late(
    question: Question, decision: Decision, late: Held, held: Held, now: datetime
) -> Outcome | None:
    """Let a decision that arrived late take away what nothing newer has granted.

    Its yes is overridden, but its no is newer than a grant that a later decision only carried over.

    :param late: what the decision would have led to when it was made
    :param held: what is in force; its choices tell the counter with which each of them was made
    :returns: what holds instead; None when the late decision changes nothing
    """

    def is_newer(no: Choice | None, yes: Choice | None) -> bool:
        if no is None or yes is None or no.granted or no.n != decision.n:
            return False
        return yes.granted and (yes.n or 0) < (decision.n or 0)

    refused = {
        id_: late.categories[id_]
        for id_ in question.optional
        if is_newer(late.categories.get(id_), held.categories.get(id_))
    }
    services = {}
    for id_, category in question.services.items():
        yes = held.services.get(id_, held.categories.get(category))
        no = late.services.get(id_, refused.get(category))
        if no is not None and is_newer(no, yes):
            services[id_] = replace(no, ended="withdrawn")
    alone = {id_: no for id_, no in services.items() if question.services[id_] not in refused}
    if not refused and not alone and not services.keys() & held.services.keys():
        return None
    lost = {id_: replace(no, ended="withdrawn") for id_, no in refused.items()}
    kept = {id_: choice for id_, choice in held.services.items() if id_ not in services}
    settled = Held({**held.categories, **lost}, {**kept, **alone})
    return Outcome(_event(question, decision, held, settled, now), settled)


def _apply(question: Question, decision: Decision, previous: Held | None, now: datetime) -> Held:
    expires_at = add_months(now, question.months)
    before = previous or NOTHING

    def fresh(granted: bool, earlier: Choice | None) -> Choice:
        ended = None if granted else _how_it_ended(decision.action, earlier, previous, now)
        return Choice(granted, now, expires_at, question.revision, ended, decision.n)

    answered = _answers(question, decision)
    unanswered = set(question.optional) - set(answered)
    is_silent = not answered and not decision.services
    if unanswered and (decision.action == "accept_all" or is_silent):
        raise CategoriesIncomplete(unanswered)
    categories = {id_: fresh(yes, before.categories.get(id_)) for id_, yes in answered.items()}
    missing = []
    for id_ in question.optional:
        if id_ in categories:
            continue
        kept = before.categories.get(id_)
        if kept is not None and not question.is_stale(id_, kept) and now < kept.expires_at:
            categories[id_] = kept
        elif decision.action in RESTRICTIVE:
            # Nothing may come between a visitor and a no: what has no choice to keep is refused.
            categories[id_] = fresh(False, kept)
        else:
            missing.append(id_)
    if missing:
        raise CategoriesIncomplete(missing)
    services = {
        id_: choice
        for id_, choice in before.services.items()
        if question.services.get(id_, "") not in {"", *answered}
    }
    for id_, yes in decision.services.items():
        # One that was not answered alone before was allowed, or not, with its category.
        by_category = before.categories.get(question.services[id_])
        services[id_] = fresh(yes, before.services.get(id_, by_category))
    end = min((categories[id_].expires_at for id_ in question.optional), default=expires_at)
    for id_ in question.required:
        categories[id_] = Choice(True, now, end, question.revision, n=decision.n)
    return Held({id_: categories[id_] for id_ in question.since}, services)


def _restrict(question: Question, held: Held, previous: Held, now: datetime) -> Held:
    """Settle a tie of two decisions with one counter: the restrictive answer wins."""
    allowed = question.allowed(held, now) & question.allowed(previous, now)

    def settle(kind: str, id_: str, choice: Choice, earlier: Choice | None) -> Choice:
        if not choice.granted or (kind, id_) in allowed:
            return choice
        return replace(choice, granted=False, ended=earlier.ended if earlier else None)

    categories = {
        id_: choice
        if id_ in question.required
        else settle("category", id_, choice, previous.categories.get(id_))
        for id_, choice in held.categories.items()
    }
    earlier = {id_: c for id_, c in previous.services.items() if id_ in question.services}
    services = {
        id_: settle("service", id_, choice, earlier.get(id_))
        for id_, choice in {**earlier, **held.services}.items()
    }
    return Held(categories, services)


def _answers(question: Question, decision: Decision) -> dict[str, bool]:
    """Return yes or no for each category that this decision answers."""
    given = {id_: yes for id_, yes in decision.categories.items() if id_ in question.optional}
    refuses_all = decision.action == "reject_all" or (
        decision.action == "withdraw" and not given and not decision.services
    )
    return dict.fromkeys(question.optional, False) if refuses_all else given


def _check_names(question: Question, decision: Decision) -> None:
    unknown = set(decision.categories) - set(question.since)
    if unknown:
        raise CategoryUnknown(unknown, question.optional)
    unknown = set(decision.services) - set(question.services)
    if unknown:
        raise CategoryUnknown(unknown, question.services)
    for id_ in question.required:
        if decision.categories.get(id_) is False:
            raise CategoryRequired(id_)


def _check_action(question: Question, decision: Decision) -> None:
    choices = {**decision.categories, **decision.services}
    if decision.action == "accept_all":
        # "All" is all that was asked: the visitor's browser has answered for these already.
        excepted = question.gpc if decision.gpc else set()
        wrong = [id_ for id_, yes in choices.items() if not yes and id_ not in excepted]
    elif decision.action in RESTRICTIVE:
        wrong = [id_ for id_, yes in choices.items() if yes]
    else:
        wrong = []
    if wrong:
        raise ActionMismatch(decision.action, wrong)


def _how_it_ended(
    action: str, before: Choice | None, previous: Held | None, now: datetime
) -> str | None:
    """Tell a withdrawal from a refusal: something must have been granted to be withdrawn."""
    if before is not None and before.is_live(now):
        return "withdrawn"
    if action == "withdraw":
        # The grant that is withdrawn may still be on its way, when both were made offline.
        return "withdrawn" if previous is None else before.ended if before else None
    return None


def _event(
    question: Question, decision: Decision, previous: Held | None, held: Held, now: datetime
) -> str:
    granted = _granted(question, held)
    earlier = [*previous.services.items()] if previous else []
    earlier += _optional(question, previous.categories) if previous else []
    if not granted:
        had_live = any(choice.is_live(now) for _, choice in earlier)
        return "withdrawn" if had_live or decision.action == "withdraw" else "refused"
    if previous is not None and any(map(_was_granted, (choice for _, choice in earlier))):
        before = question.those(previous, _was_granted)
        is_same = question.those(held, lambda choice: choice.granted) == before
        return "renewed" if is_same else "changed"
    is_everything = granted >= set(question.optional) and all(
        choice.granted for choice in held.services.values()
    )
    return "given" if is_everything else "partial"


def _was_granted(choice: Choice) -> bool:
    return choice.granted or choice.ended == "expired"


def _granted(question: Question, held: Held) -> set[str]:
    choices = [*_optional(question, held.categories), *held.services.items()]
    return {id_ for id_, choice in choices if choice.granted}


def _optional(question: Question, categories: Choices) -> list[tuple[str, Choice]]:
    return [(id_, categories[id_]) for id_ in question.optional if id_ in categories]
