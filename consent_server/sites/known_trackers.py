"""Names and hosts of well-known analytics and advertising trackers.

None of them can be declared strictly necessary, whatever a site calls them (EDPB cookie banner
taskforce, 17 January 2023, practice I; CNIL SAN-2025-010). The list need not be complete: it makes
the common lie impossible, and the published bundle shows every other one to everybody.
"""

import re
from collections.abc import Iterable

#: Patterns of cookie and storage names, by the tool that writes them; ``*`` stands for anything.
NAMES: dict[str, tuple[str, ...]] = {
    "Google Analytics": ("_ga", "_ga_*", "_gid", "_gat", "_gat_*", "_dc_gtm_*", "__utm?", "_gac_*"),
    "Google Ads": ("_gcl_*", "_gads", "__gads", "__gpi", "__gsas", "FPGCL*", "FPID", "FPLC"),
    "Google DoubleClick": ("IDE", "DSID", "test_cookie", "1P_JAR", "ANID", "NID", "RUL", "FLC"),
    "Meta": ("_fbp", "_fbc", "fr", "datr", "lastExternalReferrer", "lastExternalReferrerTime"),
    "Microsoft Advertising": ("_uetsid", "_uetvid", "_uetmsclkid", "MUID", "MUIDB", "ANONCHK"),
    "Microsoft Clarity": ("_clck", "_clsk", "CLID"),
    "Matomo": ("_pk_id*", "_pk_ref*", "_pk_ses*", "_pk_cvar*", "_pk_hsr*"),
    "Hotjar": ("_hj*",),
    "HubSpot": ("__hstc", "__hssc", "__hssrc", "hubspotutk"),
    "LinkedIn": ("li_sugr", "bcookie", "bscookie", "li_fat_id", "lidc", "ln_or"),
    "LinkedIn Ads": ("UserMatchHistory", "AnalyticsSyncHistory"),
    "TikTok": ("_ttp", "_tt_enable_cookie", "ttclid", "_tta_*", "tt_appInfo", "tt_sessionId"),
    "Pinterest": ("_pinterest_ct_*", "_pin_unauth", "_epik", "_derived_epik"),
    "Snapchat": ("_scid", "_scid_r", "_sctr", "_ScCbts"),
    "X": ("guest_id_ads", "guest_id_marketing", "personalization_id", "muc_ads", "_twclid"),
    "Reddit": ("_rdt_uuid", "_rdt_cid"),
    "YouTube": ("VISITOR_INFO1_LIVE", "YSC", "VISITOR_PRIVACY_METADATA", "yt-remote-*"),
    "Adobe": ("AMCV_*", "AMCVS_*", "s_vi", "s_fid", "s_cc", "s_sq", "mbox", "demdex", "everest_*"),
    "Criteo": ("cto_bundle", "cto_bidid", "cto_lwid", "cto_tld_test", "criteo_*"),
    "Segment": ("ajs_anonymous_id", "ajs_user_id", "ajs_group_id"),
    "Amplitude": ("amp_*", "AMP_*", "amplitude_id*"),
    "Mixpanel": ("mp_*_mixpanel", "__mp_opt_in_out_*"),
    "Heap": ("_hp2_*",),
    "FullStory": ("fs_uid", "fs_lua"),
    "Mouseflow": ("mf_user",),
    "Crazy Egg": ("_ceg.*", "_ce.*"),
    "Yandex Metrica": ("_ym_*", "yandexuid", "yabs-*"),
    "Piano": ("atuserid", "atauthority", "atidvisitor", "_pcid", "_pprv", "pa_privacy"),
    "Quantcast": ("__qca",),
    "Comscore": ("UIDR", "_scor_uid"),
    "Chartbeat": ("_chartbeat*", "_cb", "_cb_ls", "_cb_svref"),
    "Optimizely": ("optimizelyEndUserId",),
    "VWO": ("_vwo_uuid*", "_vis_opt_*", "_vwo_ds"),
    "AB Tasty": ("ABTasty", "ABTastySession"),
    "Kameleoon": ("kameleoonVisitorCode",),
    "PostHog": ("ph_*_posthog",),
    "Snowplow": ("_sp_id.*", "_sp_ses.*"),
    "Marketo": ("_mkto_trk",),
    "Pardot": ("visitor_id*", "pi_opt_in*"),
    "Klaviyo": ("__kla_id",),
    "Taboola": ("t_gid", "taboola_*", "trc_cookie_storage"),
    "Outbrain": ("obuid", "outbrain_cid_fetch"),
    "The Trade Desk": ("TDID", "TDCPM"),
    "Xandr": ("uuid2", "anj"),
    "AddThis": ("__atuvc", "__atuvs"),
    "Awin": ("_aw_*", "AwinChannelCookie"),
}

#: Hosts of trackers; a host below one of them counts as well.
HOSTS = tuple(
    "google-analytics.com analytics.google.com googletagmanager.com doubleclick.net "  # noqa: SIM905
    "googleadservices.com googlesyndication.com googletagservices.com adservice.google.com "
    "connect.facebook.net facebook.net ads.linkedin.com snap.licdn.com licdn.com bat.bing.com "
    "clarity.ms hotjar.com hotjar.io analytics.tiktok.com ads.tiktok.com ads.twitter.com "
    "static.ads-twitter.com analytics.twitter.com ct.pinterest.com sc-static.net criteo.com "
    "criteo.net taboola.com outbrain.com adnxs.com adsrvr.org rubiconproject.com pubmatic.com "
    "openx.net casalemedia.com demdex.net omtrdc.net 2o7.net everesttech.net "
    "scorecardresearch.com quantserve.com quantcount.com chartbeat.com chartbeat.net "
    "mixpanel.com amplitude.com segment.com segment.io heapanalytics.com heap.io "
    "fullstory.com mouseflow.com crazyegg.com luckyorange.com inspectlet.com mc.yandex.ru "
    "mc.yandex.com hs-analytics.net hs-scripts.com hsadspixel.net pardot.com marketo.net "
    "klaviyo.com matomo.cloud plausible.io posthog.com i.posthog.com statcounter.com "
    "optimizely.com visualwebsiteoptimizer.com abtasty.com kameleoon.eu xiti.com "
    "at-internet.com addthis.com redditstatic.com tapad.com bidswitch.net smartadserver.com "
    "adform.net teads.tv awin1.com amazon-adsystem.com".split()
)

#: Names under which the tools themselves are known, folded like :func:`_folded` folds.
TOOLS = frozenset(
    "googleanalytics googleanalytics4 ga4 googletagmanager gtm googleads adsense "  # noqa: SIM905
    "doubleclick metapixel facebookpixel fbpixel hotjar microsoftclarity clarity "
    "microsoftadvertising microsoftuet bingads matomo piwik linkedininsight "
    "linkedininsighttag tiktokpixel pinteresttag snapchatpixel twitterpixel criteo "
    "taboola outbrain mixpanel amplitude heap fullstory mouseflow crazyegg "
    "hubspotanalytics adobeanalytics yandexmetrica posthog plausible chartbeat "
    "quantcast optimizely abtasty kameleoon vwo xiti pianoanalytics redditpixel".split()
)


def tracker_named(name: str) -> str | None:
    """Return the tool that a cookie or storage name belongs to, or None.

    :param name: a name or a pattern with ``*``; a pattern belongs to a tool when both can mean the
        same name, so that neither ``_g*`` nor ``_ga_ABC123`` hides one. Case does not count.
    """
    for tool, patterns in NAMES.items():
        if any(can_match_the_same(name, pattern) for pattern in patterns):
            return tool
    return None


def tracker_host(host: str) -> str | None:
    """Return the tracker's domain that a host belongs to, or None; a port does not count."""
    name = re.sub(r":[0-9]+$", "", host.lower()).rstrip(".")
    return next((known for known in HOSTS if name == known or name.endswith("." + known)), None)


def is_tracking_tool(name: str) -> bool:
    """Say whether a service's id or name is that of a well-known tracking tool."""
    return _folded(name) in TOOLS


def can_match_the_same(one: str, other: str) -> bool:
    """Say whether two patterns can mean the same name.

    :param one: characters, ``*`` for any run of them and ``?`` for any one; case does not count
    """
    one, other = one.casefold(), other.casefold()
    # reachable: how far into `other` a name that matches the part of `one` read so far can be.
    reachable = _skip_stars(other, {0})
    for char in one:
        if char == "*":
            reachable = set(range(min(reachable), len(other) + 1)) if reachable else set()
        else:
            reachable = _skip_stars(other, _step(other, reachable, char))
    return len(other) in reachable


def _step(pattern: str, positions: Iterable[int], char: str) -> set[int]:
    """Advance by one character, or by any one where it is ``?``."""
    after = set()
    for position in positions:
        if position == len(pattern):
            continue
        if pattern[position] == "*":
            after.add(position)
        elif char == "?" or pattern[position] in {"?", char}:
            after.add(position + 1)
    return after


def _skip_stars(pattern: str, positions: Iterable[int]) -> set[int]:
    """Add the positions behind each ``*``, which may stand for nothing."""
    closed = set(positions)
    for position in sorted(closed):
        while position < len(pattern) and pattern[position] == "*":
            position += 1
            closed.add(position)
    return closed


def _folded(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.casefold())
