"""Log lines: one an event, ids as fields, never names or numbers of people; text for people, JSON for a city.

Every line says whose it is: the `request` of a page, the `work` that was claimed, the `batch` of a listener, the
`sweep` or `chore` of a worker; what belongs to none of them (starting, stopping) has the `process`.

On the command line only warnings are shown unless VISITFLOW_LOG_LEVEL says more; libraries are kept to warnings.
"""

from __future__ import annotations

import logging
import os
import sys
from typing import Any

import structlog

from engine.settings import settings

QUIET = ("alembic", "spiff", "dramatiq", "waitress", "amqtt", "transitions", "sqlalchemy", "paho")


def _whose(logger: Any, name: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    event.setdefault("process", os.getpid())
    return event


def install() -> None:
    """Everything that the program logs, ours and the libraries', through one renderer to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(settings().log_level.upper())
    for each in QUIET:
        logging.getLogger(each).setLevel(logging.WARNING)


def formatter() -> logging.Formatter:
    """How a line looks: JSON in a city, else text."""
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if settings().log_format == "json"
        else structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(),
            exception_formatter=structlog.dev.plain_traceback,  # the rich one prints variables: data of people
        )
    )
    shaping = [structlog.processors.format_exc_info] if settings().log_format == "json" else []
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[
            structlog.contextvars.merge_contextvars,
            structlog.stdlib.ExtraAdder(),
            _whose,
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
        ],
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *shaping, renderer],
    )
