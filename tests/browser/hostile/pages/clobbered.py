"""Ids and names that take the place of the document's own properties."""

from tests.browser.hostile.hostile_page import HostilePage, Outcome

PAGES = [
    HostilePage(
        "images named like us",
        body="<img name='ConsentServer' alt=''/><img name='ConsentServer' alt=''/>",
    ),
    HostilePage(
        "a form named like us", head="<form name='ConsentServer'><input name='push'/></form>"
    ),
    HostilePage(
        "a link with the id of our data", head="<a id='CONSENT_SITE'></a><a id='CONSENT_STYLE'></a>"
    ),
    HostilePage(
        "a link with the id of our data, and a pinned build",
        head="<a id='CONSENT_SITE'></a>",
        is_pinned=True,
    ),
    HostilePage(
        "ids equal to ours",
        body="""
<consent-server id="title"></consent-server><consent-placeholder></consent-placeholder>
<h2 id="title">x</h2>
<div id="aw"></div><div id="consent_state"></div><output id="status"></output>
""",
    ),
    HostilePage("a form named body", body="<form name='body'></form>"),
    HostilePage(
        "a form named body, with fields named like methods",
        body="<form name='body'><input name='prepend'/><input name='append'/></form>",
        outcome=Outcome.UNASKED,
        because="the body has no methods",
        says="failed",
    ),
    HostilePage(
        "images named head and documentElement",
        body="<img name='head' alt=''/><img name='documentElement' alt=''/>",
        runs=frozenset(),
        because="the image is looked through for what is held back, in the place of the document",
    ),
    HostilePage("an image named cookie", body="<img name='cookie' alt=''/>"),
    HostilePage("an image named currentScript", head="<img name='currentScript' alt=''/>"),
    HostilePage(
        "forms named like methods of the document",
        head="""
<form name='createElement'></form><form name='addEventListener'></form>
<form name='dispatchEvent'></form>
""",
        outcome=Outcome.UNASKED,
        because="there are no elements, and no way to tell",
    ),
    HostilePage(
        "a form around it all, with fields named like methods",
        body="""
<form><input name='querySelectorAll'/><input name='matches'/><input name='nodeType'/>
<input name='children'/>
""",
    ),
    HostilePage(
        "ids named like properties of the window",
        body="""
<i id='trustedTypes'></i><i id='top'></i><i id='self'></i><i id='crypto'></i>
<i id='dataLayer'></i><i id='proof'></i>
""",
    ),
]
