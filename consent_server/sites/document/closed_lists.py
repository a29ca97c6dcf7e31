"""Everything that a document can choose from but not add to."""

import re

#: Why a category may go without consent (CNIL guidelines 2020-091, Art. 5; ePrivacy Art. 5(3)).
REASONS = (
    "consent_choice",
    "authentication",
    "security",
    "shopping_cart",
    "interface_language",
    "load_balancing",
    "free_access_limit",
    "payment",
)

#: What counts as storing on, or reading from, a device (EDPB guidelines 2/2023).
STORE_KINDS = (
    "cookie",
    "local_storage",
    "session_storage",
    "indexed_db",
    "cache",
    "worker",
    "pixel",
    "url_decoration",
    "fingerprint",
)

#: Languages whose texts ship with the service: those of the EU, and five more.
LANGUAGES = tuple(
    "bg cs da de el en es et fi fr ga hr hu it lt lv mt nl pl pt ro sk sl sv nb is uk tr ar".split()  # noqa: SIM905
)

#: What the id of a category or service looks like.
ID = "[a-z][a-z0-9_-]{0,39}"

#: Category ids for which title and text ship in every language.
SHIPPED_CATEGORIES = ("necessary", "functional", "analytics", "marketing")

#: Category ids that always mean tracking, under the names this field uses; never required.
NEVER_REQUIRED = frozenset(
    "analytics analytic statistics statistic measurement performance audience marketing ads "  # noqa: SIM905
    "advertising advertisement targeting retargeting social profiling personalisation "
    "personalization tracking".split()
)

#: Category ids to which Global Privacy Control is a no unless the document says otherwise.
GPC_BY_DEFAULT = ("marketing",)

#: Slots that a site may write itself, and the form of the others that it may. Every other text is
#: reviewed in every language and stays as it is (CNIL: no misleading label).
FREE_SLOTS = ("title", "intro")
CATEGORY_SLOT = re.compile(rf"category\.({ID})\.(title|text)")

#: Where a banner may stand in a wide window, and the edges or corners it has there; the first is
#: the usual one. Narrow windows always have a sheet along an edge.
POSITIONS: dict[str, tuple[str, ...]] = {
    "bar": ("bottom", "top"),
    "box": ("bottom-start", "bottom-end", "top-start", "top-end"),
    "centre": (),
}
LAYOUTS = tuple(POSITIONS)
SCHEMES = ("auto", "light", "dark")
FONTS = ("site", "system")
TEXT_SIZES = ("medium", "large")
GOOGLE_CONSENT_MODES = ("basic", "advanced", "off")
SWITCH = ("on", "off")

#: ISO 3166-1 alpha-2, officially assigned codes.
COUNTRIES = frozenset(
    "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO "  # noqa: SIM905
    "BQ BR BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ "
    "DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP "
    "GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG "
    "KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML "
    "MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE "
    "PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL "
    "SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM "
    "US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW".split()
)

#: Where records may be said to be kept.
STORAGE_REGIONS = COUNTRIES | {"EU"}

#: Keys that other consent tools have and this one refuses to have, with the reason.
REFUSED_KEYS: dict[str, str] = {
    key: why
    for keys, why in (
        (
            "default enabled checked preselected pre_ticked pretick preticked on_by_default "
            "opt_out optout default_state toggle default_granted",
            "every optional category starts switched off (CJEU C-673/17, Planet49)",
        ),
        (
            "legitimate_interest legitimate_interests legint basis legal_basis lawful_basis",
            "storing on a device needs consent, there is no other basis (ePrivacy Art. 5(3))",
        ),
        (
            "wall cookie_wall consent_wall force_consent must_consent block_page blocking "
            "disable_page_interaction page_lock overlay blur",
            "the page stays usable whatever the visitor answers (EDPB guidelines 05/2020, 39)",
        ),
        (
            "accept_label reject_label accept_text reject_text accept reject labels buttons "
            "button_text hide_reject hide_decline hide_decline_all deny show_reject reject_button "
            "accept_button equal_weight_buttons",
            "the two answers are reviewed, equal and always there (EDPB cookie banner taskforce)",
        ),
        (
            "accept_on_scroll accept_on_close accept_on_timeout accept_on_click auto_accept "
            "implied_consent accept_after implicit_consent close_means",
            "only a press of a button is consent (EDPB guidelines 05/2020, 86)",
        ),
        (
            "refuse_ttl reject_ttl refusal_reprompt_after accept_ttl reask_after ask_again_after",
            "a refusal is remembered as long as an acceptance; see reprompt_after",
        ),
        (
            "delay countdown reject_delay timer cooldown",
            "both answers can be given at once (EDPB guidelines 03/2022)",
        ),
        (
            "hide_reopen show_reopen hide_withdraw revoke floating_button reopen_button",
            "the way back is always shown (GDPR Art. 7(3))",
        ),
        (
            "geo regions region_rules countries geo_rules geolocation",
            "the profile holds for every visitor of the site, wherever they seem to be",
        ),
        (
            "css custom_css style html script javascript head",
            "looks come from the theme's tokens, so that no answer can be disguised",
        ),
        (
            "linkedin snap snapchat reddit x twitter plausible",
            "this tag takes no consent call; hold it back with data-category (docs/signals.md)",
        ),
        (
            "experiment experiments ab_test variants",
            "the banner is not tuned for acceptance (GDPR Art. 25)",
        ),
    )
    for key in keys.split()
}
