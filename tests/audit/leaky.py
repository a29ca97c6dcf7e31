"""A shop that does everything wrong that an audit is for, one thing a host."""

from tests.browser.service import TRACKER, Site
from tests.browser.web import SHOP, Web

#: Names of hosts, each with what is wrong with it.
STRANGER = "stranger.localhost"
EARLY = "early.localhost"
DEAF = "deaf.localhost"
SURVIVOR = "survivor.localhost"
#: Ways on which a page's own code does not see a request go.
HIDDEN_WAYS = ("worker", "shared-worker", "service-worker", "socket", "beacon", "late-beacon")
SCRIPT = "text/javascript"


def host(web: Web, name: str) -> str:
    """Return a host as a document writes it."""
    return f"{name}:{web.port}"


def leaky_services(web: Web) -> list[dict[str, object]]:
    """Return the services that the leaky shop declares: all but the stranger."""
    return [
        {
            **TRACKER,
            "id": name.partition(".")[0],
            "name": name.partition(".")[0].capitalize(),
            "category": category,
            "hosts": [host(web, name)],
            "stores": [{"name": f"{name[:4]}_*", "kind": kind, "lifetime": "P1Y"}],
        }
        for name, category, kind in (
            (EARLY, "analytics", "cookie"),
            (DEAF, "marketing", "local_storage"),
            (SURVIVOR, "analytics", "cookie"),
        )
    ]


def leaky_pages(site: Site, web: Web) -> list[str]:
    """Put the shop's pages on the web: leaks, hidden ways, a hidden way back, no widget."""
    early, deaf, survivor, stranger = map(web.origin, (EARLY, DEAF, SURVIVOR, STRANGER))
    web.put(EARLY, "/early.js", "document.cookie = 'earl_id=1;path=/'", SCRIPT)
    web.put(SHOP, "/remember", "", Set_Cookie="surv_id=1; HttpOnly; Path=/")
    web.put(
        SURVIVOR,
        "/count.js",
        f"fetch('{stranger}/pixel'); localStorage.setItem('stranger_id', '1');"
        "localStorage.setItem('was_counted', '1'); fetch('/remember');",
        SCRIPT,
    )
    leaks = f"""
        <script src="{early}/early.js"></script>
        <script type="text/plain" data-category="analytics" data-service="survivor"
            data-src="{survivor}/count.js"></script>
        <script type="text/plain" data-category="analitycs" data-src="{survivor}/typo.js"></script>
        <script>
          if (localStorage.getItem('was_counted') && !ConsentCookie().includes('true'))
            fetch('{survivor}/again');
          // Once the widget has cleaned up; what was there before, it has deleted.
          (window.ConsentServer ||= []).push(() => {{
            if (ConsentCookie()) {{
              localStorage.setItem('deaf_id', '1');
              fetch('{deaf}/page');
            }}
          }});
          function ConsentCookie() {{
            return decodeURIComponent(document.cookie).split('consent_state=')[1] ?? '';
          }}
        </script>"""
    return [
        site.page(leaks),
        site.page(_hidden_ways(web), path="/ways"),
        site.page(_HIDE, path="/hidden"),
        site.page(path="/bare", head=""),
    ]


_HIDE = """<script>
    (window.ConsentServer ||= []).push(() => {
      const style = document.createElement('style');
      style.textContent = '.reopen { display: none }';
      document.querySelector('consent-server').shadowRoot.append(style);
    });
</script>"""


def _hidden_ways(web: Web) -> str:
    to = {way: web.origin(f"{way}.localhost") for way in HIDDEN_WAYS}
    web.put(SHOP, "/worker.js", f"fetch('{to['worker']}/')", SCRIPT)
    web.put(SHOP, "/shared.js", f"fetch('{to['shared-worker']}/')", SCRIPT)
    web.put(SHOP, "/sw.js", f"fetch('{to['service-worker']}/')", SCRIPT)
    return f"""<script>
        new Worker('/worker.js');
        new SharedWorker('/shared.js');
        navigator.serviceWorker.register('/sw.js');
        new WebSocket('{to["socket"].replace("http", "ws")}/');
        navigator.sendBeacon('{to["beacon"]}/');
        addEventListener('pagehide', () => navigator.sendBeacon('{to["late-beacon"]}/'));
    </script>"""
