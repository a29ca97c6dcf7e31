"""Short names of texts, as ``widget/src/slot.ts`` has them: they travel to every visitor."""

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
