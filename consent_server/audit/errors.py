"""The one way in which an audit ends without a result."""


class AuditImpossible(Exception):
    """The audit could not run; the message says what to do about it.

    No :class:`~consent_server.errors.ConsentError`: nothing was refused by the service, and no HTTP
    answer carries it.
    """
