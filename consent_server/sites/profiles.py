"""How long a decision may last under each authority's reading of the GDPR."""

from dataclasses import dataclass

#: A refusal is respected at least this long, in months (Garante, guidelines of 10 June 2021, 7.2).
SHORTEST_REPROMPT = 6

#: Nothing lasts longer than this, in months: visitors are asked again every 12 months.
LONGEST_REPROMPT = 12

#: Records are kept at most this long after the visitor's last decision, in months.
LONGEST_RETENTION = 24

#: No tracker and no datum lives longer than this, in months (CNIL, audience measurement).
LONGEST_LIFETIME = 25


@dataclass(frozen=True)
class Profile:
    """One authority's rules, chosen by the key ``profile`` of a site's document."""

    id: str
    #: Months after which a visitor is asked again; a site may ask sooner, never later.
    longest_reprompt: int
    #: The document in which the authority says so.
    source: str
    #: Whether the first layer has a cross, which refuses; elsewhere it has none.
    has_cross: bool = False


#: Every profile, by id; the first one is the default.
PROFILES = {
    profile.id: profile
    for profile in (
        Profile("gdpr", LONGEST_REPROMPT, "GDPR Art. 5(2) and 7(1)"),
        Profile("fr-cnil", 6, "CNIL recommendation 2020-092"),
        Profile("ie-dpc", 6, "DPC guidance note on cookies, April 2020"),
        Profile("it-garante", 6, "Garante guidelines of 10 June 2021", has_cross=True),
    )
}

DEFAULT_PROFILE = next(iter(PROFILES))
