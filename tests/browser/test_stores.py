"""R040: every kind of store that a script can reach is emptied when its service is refused."""

import pytest

from tests.browser.service import TRACKER
from tests.browser.web import SHOP

STORES = [
    ("cookie", "_id*"),
    ("cookie", "__Host-id"),
    ("cookie", "__Secure-id"),
    ("cookie", "chips"),
    ("cookie", "a.b+c[d]"),
    ("local_storage", "vendor:*"),
    ("local_storage", "length"),
    ("session_storage", "vendor"),
    ("indexed_db", "vendor-*"),
    ("cache", "vendor-*"),
    ("worker", "/vendor/*"),
]
PLANT = """async () => {
    const secure = ';secure;path=/';
    const parent = ';domain=shop.localhost';
    for (const cookie of [
        '_id=1', '_id2=1;path=/', `_id3=1;path=/${parent}`, `_id4=1;path=/deep${parent}`,
        '_id4=2;path=/deep', '_id5=1;path=/deep/page', '_id6=1;path=/deep/',
        `__Host-id=1${secure}`, `__Secure-id=1${secure}`, `__Secure-id=1${secure}${parent}`,
        `chips=1${secure};samesite=none;partitioned`, 'a.b+c[d]=1;path=/', 'basket=full;path=/',
    ]) {
        document.cookie = cookie;
    }
    for (const name of ['vendor:1', 'length', 'basket']) {
        localStorage.setItem(name, '1');
    }
    sessionStorage.setItem('vendor', '1');
    for (const name of ['vendor-1', 'basket']) {
        await new Promise((resolve) => {
            const opening = indexedDB.open(name);
            opening.onsuccess = () => { opening.result.close(); resolve(); };
        });
        await caches.open(name);
    }
    for (const address of ['/vendor/sw.js', '/ours.js']) {
        const {installing} = await navigator.serviceWorker.register(address);
        await new Promise((resolve) => { installing.onstatechange = resolve; });
    }
}"""
LEFT = """async () => ({
    cookies: document.cookie.split('; ').map((pair) => pair.split('=')[0]).sort(),
    local: Array.from({length: localStorage.length}, (_, at) => localStorage.key(at)),
    session: sessionStorage.length,
    databases: (await indexedDB.databases()).map(({name}) => name),
    caches: await caches.keys(),
    workers: (await navigator.serviceWorker.getRegistrations()).map(({scope}) => scope),
})"""


@pytest.fixture
def shop(a_site, web):
    """A shop whose vendor keeps something everywhere."""
    web.put(SHOP, "/vendor/sw.js", "", "text/javascript")
    web.put(SHOP, "/ours.js", "", "text/javascript")
    stores = [{"kind": kind, "name": name, "lifetime": "P1Y"} for kind, name in STORES]
    return a_site(services=[{**TRACKER, "stores": stores}])


def _expect_only_ours(visitor, web):
    """The browser deletes databases, caches and workers in its own time."""
    wanted = {
        "cookies": ["basket"],
        "local": ["basket"],
        "session": 0,
        "databases": ["basket"],
        "caches": ["basket"],
        "workers": [f"{web.origin(SHOP)}/"],
    }
    for _ in range(100):
        left = visitor.page.evaluate(LEFT)
        for kind in ("cookies", "local"):
            left[kind] = [name for name in left[kind] if not name.startswith("consent_")]
        if left == wanted:
            return
        visitor.page.wait_for_timeout(50)
    assert left == wanted


def test_a_withdrawal_empties_every_store_of_the_service_alone(visitor, shop, web):
    visitor.open(shop.page(path="/deep/page"))
    visitor.accept_all()
    visitor.page.evaluate(PLANT)
    planted = visitor.page.evaluate(LEFT)
    assert len(planted["cookies"]) == 2 + 6 + 1 + 1 + 2 + 1 + 1 + 1
    assert (len(planted["local"]), len(planted["workers"])) == (3 + 1, 2)

    visitor.withdraw()

    visitor.expect_said("withdrawn_status")
    _expect_only_ours(visitor, web)


def test_what_comes_back_after_a_refusal_is_deleted_at_the_next_visit(visitor, shop, web):
    visitor.open(shop.page(path="/deep/page"))
    visitor.reject_all()
    visitor.expect_said("rejected_status")
    visitor.page.evaluate(PLANT)

    visitor.reload()

    _expect_only_ours(visitor, web)
