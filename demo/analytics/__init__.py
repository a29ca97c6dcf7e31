"""A vendor's host: an analytics script and a video, and a log of everything that reached it."""

from collections import deque
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from flask import Flask, Response, jsonify, render_template, request

SCRIPT = Path(__file__).with_name("analytics.js")
#: Every page view asks again, so that the log shows it.
NOT_KEPT = {"Cache-Control": "no-store"}
#: Requests that the host remembers.
MOST = 50


def create_analytics() -> Flask:
    """Build the analytics host."""
    app = Flask(__name__, static_folder=None)
    app.config["TRUSTED_HOSTS"] = ["127.0.0.1", "localhost", "[::1]"]
    received: deque[dict[str, Any]] = deque(maxlen=MOST)

    def note(what: str, **details: str) -> None:
        at = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        received.append({"at": at, "what": what, **details})

    @app.get("/")
    def home() -> str:
        return render_template("home.html")

    @app.get("/analytics.js")
    def script() -> Response:
        note("script")
        return Response(SCRIPT.read_bytes(), mimetype="text/javascript", headers=NOT_KEPT)

    @app.post("/hit")
    def hit() -> tuple[str, int]:
        report = request.get_json(force=True)
        note("hit", page=str(report["page"])[:100], visitor=str(report["visitor"])[:40])
        return "", 204

    @app.get("/video")
    def video() -> Response:
        note("video")
        answer = Response(render_template("video.html"), headers=NOT_KEPT)
        answer.set_cookie("demo_video_visitor", "8f2d", max_age=15_552_000, samesite="Lax")
        return answer

    @app.get("/privacy")
    def privacy() -> str:
        return render_template("privacy.html")

    @app.get("/received")
    def everything() -> Response:
        """Tell the shop's back end what arrived; this question itself is not noted."""
        return jsonify(list(received))

    return app
