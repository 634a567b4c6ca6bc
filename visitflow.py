"""Joins the parts: pages, workers, device listener, commands. Start reading here.

`visitflow` (the command) is `main`; `create_app` is what a web server loads; `broker` is what dramatiq loads.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

HERE = Path(__file__).resolve().parent
APP = HERE / "visitflow_app"  # exists only in an installed wheel
sys.path.insert(0, str(APP if APP.is_dir() else HERE))

if TYPE_CHECKING:
    from flask import Flask


def main() -> None:
    """The command `visitflow`."""
    from web.cli import main as commands

    commands()


def create_app() -> Flask:
    """The whole site, for gunicorn: `gunicorn 'visitflow:create_app()'`."""
    from web import logs
    from web.app import create_app as site
    from web.joined import join

    logs.install()
    join()
    return site()


def __getattr__(name: str) -> Any:
    """`dramatiq visitflow:broker` loads the workers' broker only when asked."""
    if name == "broker":
        from engine.jobs import broker

        return broker()
    raise AttributeError(name)
