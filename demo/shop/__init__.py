"""A small shop: one product page that asks for consent, and what its own back end may know."""

import json
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any

from flask import Flask, Response, abort, g, jsonify, redirect, render_template, request

from demo.addresses import Addresses
from demo.clock import STEPS, DemoClock
from demo.looks import LANGUAGES, LOOKS, RIGHT_TO_LEFT, site_of
from demo.shop.consent_api import ConsentApi, ServiceUnreachable
from demo.shop.happened import Happened

TEXTS = {
    path.stem: json.loads(path.read_text(encoding="utf-8"))
    for path in sorted(Path(__file__).with_name("texts").glob("*.json"))
}
DEFAULT_LANGUAGE = "en"


def create_shop(
    addresses: Addresses, clock: DemoClock, api: ConsentApi, settle: Callable[[], None]
) -> Flask:
    """Build the shop.

    :param settle: records the consents whose time is over; called after the clock has moved
    """
    app = Flask(__name__)
    app.config["TRUSTED_HOSTS"] = ["127.0.0.1", "localhost", "[::1]"]
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    happened = Happened(api, addresses.analytics.origin)

    @app.before_request
    def choose_nonce() -> None:
        g.nonce = secrets.token_urlsafe(16)

    @app.after_request
    def add_headers(answer: Response) -> Response:
        answer.headers["Content-Security-Policy"] = policy(addresses, g.get("nonce", ""))
        answer.headers["X-Content-Type-Options"] = "nosniff"
        answer.headers["Referrer-Policy"] = "same-origin"
        answer.headers["Cache-Control"] = "no-store"
        return answer

    @app.get("/")
    def product() -> str:
        return _page("shop.html", addresses, clock)

    @app.get("/privacy")
    def privacy() -> str:
        return _page("privacy.html", addresses, clock)

    _add_looks(app, addresses)
    _add_panel(app, clock, happened, settle)
    return app


def _page(template: str, addresses: Addresses, clock: DemoClock) -> str:
    wanted = request.args.get("lang", DEFAULT_LANGUAGE)
    language = wanted if wanted in TEXTS else DEFAULT_LANGUAGE
    return render_template(
        template,
        t=TEXTS[language],
        language=language,
        languages=list(TEXTS),
        service=addresses.public_url,
        analytics=addresses.analytics.origin,
        offset=clock.offset(),
        nonce=g.nonce,
    )


def _add_looks(app: Flask, addresses: Addresses) -> None:
    """Add a page for each layout and theme."""

    @app.get("/looks")
    def looks() -> Any:
        return redirect(f"/looks/{next(iter(LOOKS))}")

    @app.get("/looks/<look>")
    def one_look(look: str) -> str:
        if look not in LOOKS:
            abort(404)
        wanted = request.args.get("lang", LANGUAGES[0])
        language = wanted if wanted in LANGUAGES else LANGUAGES[0]
        return render_template(
            "looks.html",
            look=look,
            looks=list(LOOKS),
            site=site_of(look),
            theme=LOOKS[look],
            language=language,
            languages=LANGUAGES,
            direction="rtl" if language in RIGHT_TO_LEFT else "ltr",
            service=addresses.public_url,
            analytics=addresses.analytics.origin,
        )


def _add_panel(
    app: Flask, clock: DemoClock, happened: Happened, settle: Callable[[], None]
) -> None:
    """Add what the panel "What happened" asks this shop."""

    @app.errorhandler(ServiceUnreachable)
    def unreachable(_: ServiceUnreachable) -> tuple[Response, int]:
        return jsonify({"problem": "unreachable"}), 502

    @app.get("/demo/happened")
    def everything() -> dict[str, Any]:
        # A site's server sees the token as the cookie that the widget set on the site's own page.
        token = request.cookies.get("consent_token")
        return happened.to(token, decided="consent_state" in request.cookies)

    @app.post("/demo/replay")
    def replay() -> dict[str, Any]:
        return happened.replay(str(request.get_json()["record_id"]))

    @app.post("/demo/clock")
    def move_clock() -> tuple[str, int]:
        step = request.get_json()["step"]
        if step in STEPS:
            clock.forward(step)
            settle()
        elif step == "now":
            clock.back_to_now()
        else:
            return "", 400
        return "", 204


def policy(addresses: Addresses, nonce: str) -> str:
    """Return the page's Content-Security-Policy; the widget needs nothing that weakens it.

    :param nonce: of this answer, for the one inline script that waits for consent
    """
    service, analytics = addresses.public_url, addresses.analytics.origin
    directives = {
        "default-src": "'none'",
        "script-src": f"'self' 'nonce-{nonce}' {service} {analytics}",
        "style-src": "'self'",
        "img-src": "'self'",
        "connect-src": f"'self' {service} {analytics}",
        "frame-src": analytics,
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
        "require-trusted-types-for": "'script'",
        "trusted-types": "consent-server",
    }
    return "; ".join(f"{name} {value}" for name, value in directives.items())
