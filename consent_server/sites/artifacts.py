"""What an installation ships, and a bundle freezes."""

from collections.abc import Mapping
from dataclasses import dataclass

from consent_server.sites.widget import WidgetParts


@dataclass(frozen=True)
class Artifacts:
    """The texts and the code of banners."""

    #: Language tag → slot → text.
    texts: Mapping[str, Mapping[str, str]]
    #: The code of pages.
    widget: WidgetParts
