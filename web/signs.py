"""Signs of life and the small HTTP port of processes that serve no pages: workers and the device listener."""

from __future__ import annotations

import json
import logging
import socketserver
import threading
from collections.abc import Iterable
from typing import Any, Protocol
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server
from wsgiref.types import StartResponse, WSGIEnvironment

from engine import jobs, metrics
from engine.jobs import parts
from engine.settings import settings
from web.health import may_see

logger = logging.getLogger(__name__)

BEAT_SECONDS = 5.0


class Healthy(Protocol):
    """A device listener, or one that stands by ({} then)."""

    def health(self) -> dict[str, Any]: ...


def keep_telling(listener: Healthy, stopping: threading.Event) -> threading.Thread:
    """Every five seconds: that the listener lives, and whether it is connected. Ends with `stopping`."""

    def tell() -> None:
        while True:
            tell_of(listener)
            if stopping.wait(BEAT_SECONDS):
                return

    thread = threading.Thread(target=tell, name="listener beat", daemon=True)
    thread.start()
    return thread


def tell_of(listener: Healthy) -> None:
    """Write the listener's sign of life and its figures; a database that does not answer is tried again."""
    health = listener.health()
    for lane, state in health.items():
        metrics.listener_connected.labels(lane).set(bool(state["connected"]))
        metrics.listener_waiting.labels(lane).set(state["waiting"])
    try:
        connected = {lane: bool(state["connected"]) for lane, state in health.items()}
        jobs.beat(parts.LISTENER, {"connected": connected})
    except Exception as fault:
        logger.warning("the listener's sign of life could not be written", extra={"fault": type(fault).__name__})


class _Server(socketserver.ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    def log_message(self, *_: Any) -> None:
        """Scrapes are no news."""


def serve() -> _Server | None:
    """`/metrics` and `/health` of this process on VISITFLOW_METRICS_PORT; None when that is 0."""
    if not settings().metrics_port:
        return None
    server = make_server(settings().metrics_host, settings().metrics_port, _answer, _Server, _Quiet)
    threading.Thread(target=server.serve_forever, name="metrics", daemon=True).start()
    return server


def _answer(environment: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
    path = environment.get("PATH_INFO", "")
    allowed = may_see(
        str(environment.get("REMOTE_ADDR", "")),
        str(environment.get("HTTP_AUTHORIZATION", "")),
        any(name in environment for name in ("HTTP_X_FORWARDED_FOR", "HTTP_FORWARDED", "HTTP_X_REAL_IP", "HTTP_VIA")),
    )
    if path == "/health":
        start("200 OK", [("Content-Type", "application/json")])
        return [json.dumps({"state": "ok"}).encode()]
    if path != "/metrics" or not allowed:
        start("404 Not Found", [("Content-Type", "text/plain")])
        return [b""]
    start("200 OK", [("Content-Type", metrics.TYPE)])
    return [metrics.shown()]
