"""Global Privacy Control: the header that a browser sends for a visitor who says no to all."""

from consent_server.web.context import this_request


def is_sent() -> bool:
    """Say whether this request carries the signal: any line of ``Sec-GPC`` is exactly ``1``.

    Several lines reach an application as one, with commas; so ``1,1`` is two lines that say so.

    :source: https://www.w3.org/TR/gpc/, section 3: any other value is no signal
    """
    lines: list[str] = this_request().environ.get("HTTP_SEC_GPC", "").split(",")
    return any(line.strip(" \t") == "1" for line in lines)
