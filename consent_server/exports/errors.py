"""Why an export cannot be made into something else."""

from consent_server.errors import ConsentError


class NotAnExport(ConsentError):
    """The file is no export in JSON Lines, or not the one that its manifest was signed over."""

    status = 422
    reason = "not_an_export"
