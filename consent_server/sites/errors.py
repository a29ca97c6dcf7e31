"""Refusals around sites, publications and API keys."""

from consent_server.errors import ConsentError


class SiteUnknown(ConsentError):
    """No site answers to this id here: unknown, archived, or another tenant's, never told apart."""

    status = 404
    reason = "site_unknown"

    def __init__(self) -> None:
        super().__init__("no site with this id is published here")


class PublicationPending(ConsentError):
    """A site's first publication is not in its log yet, so that nobody is shown it (R049)."""

    status = 409
    reason = "publication_pending"

    def __init__(self, revision: int):
        super().__init__(f"revision {revision} is published, but its hash is not in the log yet")


class ReasonMissing(ConsentError):
    """A change was declared immaterial without saying why (R087)."""

    status = 422
    reason = "reason_missing"

    def __init__(self) -> None:
        super().__init__("--immaterial needs --reason: say why nobody has to be asked again")


class NothingToPublish(ConsentError):
    """The document says what is published already."""

    status = 409
    reason = "nothing_to_publish"

    def __init__(self, revision: int):
        super().__init__(f"the document equals revision {revision}, which is published")
        self.revision = revision


class KeyMissing(ConsentError):
    """The route needs an API key and none was sent."""

    status = 401
    reason = "key_missing"

    def __init__(self) -> None:
        super().__init__("send Authorization: Bearer cp_live_…")


class KeyInvalid(ConsentError):
    """The API key is malformed, unknown, wrong or revoked; which of them is not told."""

    status = 401
    reason = "key_invalid"

    def __init__(self) -> None:
        super().__init__("this API key opens nothing")


class ScopeMissing(ConsentError):
    """The API key is good, for something else."""

    status = 403
    reason = "scope_missing"

    def __init__(self, scope: str):
        super().__init__(f"this needs an API key with the scope {scope}")
        self.scope = scope


class KeyInBrowser(ConsentError):
    """An API key came from a web page, where every visitor can read it."""

    status = 403
    reason = "key_in_browser"

    def __init__(self) -> None:
        super().__init__("API keys are for servers; this request carries an Origin header")


class ApiKeyUnknown(ConsentError):
    """No API key has this id."""

    status = 404
    reason = "api_key_unknown"

    def __init__(self) -> None:
        super().__init__("no API key has this id")
