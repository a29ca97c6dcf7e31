"""What a command does to or with records leaves a line in the trail (docs/trail.md)."""

import os
import pwd
import re
from collections.abc import Callable
from typing import Any

import click

from consent_server.cli.environment import instant
from consent_server.cli.parameters import FieldParameter
from consent_server.sites.models import Publication
from consent_server.trail.models import TrailLine
from consent_server.trail.publications import facts_of
from consent_server.trail.reasons import Why
from consent_server.trail.service import Action, add_line, leave_line, leave_line_everywhere

#: Why somebody does something, as the trail keeps it.
WHY = FieldParameter(Why(), "text")
why_option = click.option("--why", type=WHY, help="Your reason; kept in the trail.")


#: What a line says of a deed that writes anew when a site was archived.
MENDS = {"column": "sites.archived_at"}


def who() -> str:
    """Return who runs this command, as the operating system knows them; no variable is believed."""
    try:
        name = pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # a user id without a name, as in many a container
        name = str(os.getuid())
    return "os:" + re.sub(r"[^\x21-\x7e]", "?", name)


def record_deed(site_id: str | None, what: Action, why: str | None, **facts: Any) -> None:
    """Leave the line of a command that is about to be done; without a site, one in every trail."""
    if site_id is None:
        leave_line_everywhere(who(), what, instant(), why, **facts)
    else:
        record_deed_at(site_id, what, why, **facts)


def record_deed_at(site_id: str, what: Action, why: str | None, **facts: Any) -> TrailLine:
    """Leave the line of a command that is about to be done to one site, and return it."""
    return leave_line(site_id, who(), what, instant(), why, **facts)


def publication_deed(why: str | None, *, mends: bool = False) -> Callable[[Publication], object]:
    """Return what adds the line of a publication to its transaction: the site may be new in it.

    :param mends: whether it writes anew when the site was archived
    """

    def add(published: Publication) -> None:
        if mends:
            add_line(published.site_id, who(), "mend", instant(), why, **MENDS)
        add_line(published.site_id, who(), "publish", instant(), why, **facts_of(published))

    return add
