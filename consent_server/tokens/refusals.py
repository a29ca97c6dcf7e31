"""Why a token is not believed. One class per situation that a caller treats differently."""

from typing import TYPE_CHECKING

from consent_server.errors import ConsentError

if TYPE_CHECKING:
    from consent_server.tokens.consent_token import Claims


class TokenRefused(ConsentError):
    """A text is not believed as a consent token. Nothing else leaves the verifier, for any text."""

    status = 400
    reason = "token_refused"


class TokenMalformed(TokenRefused):
    """The text is not the one accepted form of a consent token."""

    reason = "token_malformed"

    def __init__(self, problem: str):
        super().__init__(f"not a consent token: {problem}")
        #: Stable word for what is wrong, never a part of the text.
        self.problem = problem


class TokenForged(TokenRefused):
    """No key in force signed these bytes."""

    reason = "token_forged"

    def __init__(self, problem: str):
        super().__init__(f"not signed by a key in force: {problem}")
        #: ``unknown_key`` (revoked ones too) or ``signature``.
        self.problem = problem


class TokenForeign(TokenRefused):
    """A genuine token of another site."""

    reason = "token_foreign"

    def __init__(self) -> None:
        # Without the other site's name: a site learns nothing about its neighbours.
        super().__init__("issued for another site")


class TokenFromTheFuture(TokenRefused):
    """A genuine token, issued after the verifier's clock by more than the leeway."""

    reason = "token_from_the_future"

    def __init__(self, issued_at: int):
        super().__init__("issued in the future: one of the two clocks is wrong")
        self.issued_at = issued_at


class TokenExpired(TokenRefused):
    """A genuine token whose time is over."""

    reason = "token_expired"

    def __init__(self, claims: "Claims"):
        super().__init__("expired")
        self.expired_at = claims.exp
        self._claims = claims

    @property
    def claims(self) -> "Claims":
        """What the token said while it was valid."""
        return self._claims
