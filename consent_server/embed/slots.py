"""Short names of texts, as ``widget/src/slot.ts`` has them: they travel to every visitor."""

#: What the widget says so seldom that it fetches the words then, from the bundle apart
#: (``widget/src/proof/late-texts.ts``). Only its second part may say them, which has the means.
LATER = frozenset(
    {
        "outdated",
        "failed",
        "unproven",
        "superseded",
        "expired_status",
        "policy_changed",
        "records",
        "records_intro",
        "records_allowed",
        "records_refused",
        "records_table",
        "records_data",
        "records_failed",
        "erase",
        "erase_confirm",
        "erase_yes",
        "erase_no",
        "erased_status",
        "event.given",
        "event.partial",
        "event.refused",
        "event.changed",
        "event.renewed",
        "event.withdrawn",
        "event.expired",
        "event.corrected",
    }
)

DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


def short_name(slot: str) -> str:
    """Return the name by which a widget asks for a text: a letter, then a letter or digit.

    It depends on the name alone, so that every build and every server agree. Names that the widget
    puts together at run time have a point and stay as they are.
    """
    if "." in slot:
        return slot
    total = 1
    for character in slot:
        total = (total * 3 + ord(character)) % 936
    return DIGITS[10 + total // 36] + DIGITS[total % 36]
