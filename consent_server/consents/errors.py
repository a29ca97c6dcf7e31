"""Refusals of decisions and checks; each names the situation and what the caller can do."""

from collections.abc import Iterable

from consent_server.errors import ConsentError


class BundleOutdated(ConsentError):
    """The visitor decided on another text than the one published now."""

    status = 409
    reason = "bundle_outdated"

    def __init__(self, shown: str, current: str):
        super().__init__("decided on another bundle than the one published; show that one")
        self.shown = shown
        self.current = current


class BuildUnknown(ConsentError):
    """The decision names a widget build that this site never published."""

    status = 409
    reason = "build_unknown"

    def __init__(self, build: str):
        super().__init__("this widget build was never published here")
        self.build = build


class IdempotencyKeyMissing(ConsentError):
    """Without a key, a retry would count as a second decision."""

    status = 422
    reason = "idempotency_key_missing"

    def __init__(self) -> None:
        super().__init__("send an Idempotency-Key header, or idempotency_key inside text/plain")


class IdempotencyConflict(ConsentError):
    """The key was used for another decision."""

    status = 409
    reason = "idempotency_conflict"

    def __init__(self) -> None:
        super().__init__("this idempotency key was used with another body")


class CategoryUnknown(ConsentError):
    """The decision is about categories or services that the bundle does not hold."""

    status = 422
    reason = "category_unknown"

    def __init__(self, unknown: Iterable[str], known: Iterable[str]):
        self.unknown = sorted(unknown)
        self.known = sorted(known)
        unasked, asked = ", ".join(self.unknown), ", ".join(self.known)
        super().__init__(f"the bundle does not ask for {unasked}; it asks for {asked or 'nothing'}")


class CategoryRequired(ConsentError):
    """A required category is not a matter of consent, so it cannot be refused."""

    status = 422
    reason = "category_required"

    def __init__(self, category: str):
        super().__init__(f"the category {category} is not a matter of consent; leave it out")
        self.category = category


class CategoriesIncomplete(ConsentError):
    """A decision must say yes or no to everything that was asked; silence is no answer."""

    status = 422
    reason = "categories_incomplete"

    def __init__(self, missing: Iterable[str]):
        self.missing = sorted(missing)
        super().__init__(f"say true or false for these categories too: {', '.join(self.missing)}")


class ActionMismatch(ConsentError):
    """What was pressed and what was chosen contradict each other."""

    status = 422
    reason = "action_mismatch"

    def __init__(self, action: str, contradicting: Iterable[str]):
        self.action = action
        self.contradicting = sorted(contradicting)
        super().__init__(f"{action} contradicts the choice for {', '.join(self.contradicting)}")


class ConsentIdRequired(ConsentError):
    """A grant, and a withdrawal of one, belong to a consent id."""

    status = 422
    reason = "consent_id_required"

    def __init__(self) -> None:
        super().__init__("a grant or a withdrawal needs consent_id and n")


class GrantUntrusted(ConsentError):
    """Only a real event on our own buttons, or the page's own code by the API, can grant."""

    status = 422
    reason = "grant_untrusted"

    def __init__(self, method: str, *, trusted: bool):
        super().__init__(
            f"the method {method} with trusted: {'true' if trusted else 'false'} grants nothing; "
            "it takes trusted: true, or the method api, and gpc and import never can"
        )
        self.method = method
        self.trusted = trusted


class LanguageUnknown(ConsentError):
    """The texts were never published in this language."""

    status = 422
    reason = "language_unknown"

    def __init__(self, language: str, available: Iterable[str]):
        self.language = language
        self.available = sorted(available)
        there = ", ".join(self.available)
        super().__init__(f"the bundle has no texts in {language}; it has them in {there}")


class InstantInFuture(ConsentError):
    """Nobody can say today what consent there will be."""

    status = 422
    reason = "instant_in_future"

    def __init__(self) -> None:
        super().__init__("at must not lie in the future")


class StorageFull(ConsentError):
    """The disk is full, and what is kept in reserve is for refusals and withdrawals."""

    status = 503
    reason = "storage_full"
    #: Seconds until a retry makes sense.
    retry_after = 60

    def __init__(self) -> None:
        super().__init__("there is no room to record a grant; send the same request again later")


class ConsentErased(ConsentError):
    """What this consent id had decided was erased, and a late retry does not bring it back."""

    status = 409
    reason = "consent_erased"

    def __init__(self) -> None:
        super().__init__("the records of this consent id were erased; decide with a higher n")


class CorrectionEmpty(ConsentError):
    """A correction says what the record says already."""

    status = 422
    reason = "correction_empty"

    def __init__(self) -> None:
        super().__init__("nothing is corrected: the record says all of this already")
