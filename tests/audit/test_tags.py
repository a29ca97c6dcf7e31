"""Reading a page as it was sent: what loads, what waits, what is marked."""

import pytest

from consent_server.audit.tags import Tag, tags_of_html

BASE = "https://shop.example/a/"
ADS = "https://ads.example/"


@pytest.mark.parametrize(
    "html, tag",
    [
        (f"<script src={ADS}a.js></script>", Tag("script", live=(f"{ADS}a.js",))),
        ("<SCRIPT SRC=a.js></SCRIPT>", Tag("script", live=("https://shop.example/a/a.js",))),
        (
            f'<script type="text/plain" data-category="analytics" src="{ADS}a.js"></script>',
            Tag("script", "analytics", held=(f"{ADS}a.js",)),
        ),
        (
            f'<iframe data-category="!ads" data-service="film" data-src="{ADS}"></iframe>',
            Tag("iframe", "!ads", "film", held=(ADS,)),
        ),
        (f"<img srcset='{ADS}1 1x, {ADS}2 2x'>", Tag("img", live=(f"{ADS}1", f"{ADS}2"))),
        (
            f"<noscript><img src='{ADS}p.gif'></noscript>",
            Tag("img", live=(f"{ADS}p.gif",), in_noscript=True),
        ),
        (f"<link rel=preconnect href={ADS}>", Tag("link", live=(ADS,))),
        (f"<base href={ADS}><img src=p.gif>", Tag("img", live=(f"{ADS}p.gif",))),
        ('<template data-category="ads"><img src=p></template>', Tag("template", "ads")),
    ],
)
def test_a_tag_is_read(html, tag):
    assert tags_of_html(html, BASE) == [tag]


@pytest.mark.parametrize(
    "html",
    [
        "<script>run()</script>",
        f"<link rel=canonical href={ADS}>",
        f"<a href={ADS}>Ads</a>",
        f"<template><img src={ADS}></template>",
        f"<!-- <img src={ADS}> -->",
        f"<script>'<img src={ADS}>'</script>",
        "<img src='http://[bad/'>",
    ],
)
def test_what_loads_nothing_is_no_tag(html):
    assert tags_of_html(html, BASE) == []
