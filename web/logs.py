"""Log lines: one an event, ids as fields, never names or numbers of people; text for people, JSON for a city.

On the command line only warnings are shown unless VISITFLOW_LOG_LEVEL says more; libraries are kept to warnings.
"""

from __future__ import annotations

import logging
import sys

import structlog

from engine.settings import settings

QUIET = ("alembic", "spiff", "dramatiq", "waitress", "amqtt", "transitions", "sqlalchemy", "paho")


def install() -> None:
    """Everything that the program logs, ours and the libraries', through one renderer to standard error."""
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if settings().log_format == "json"
        else structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(),
            exception_formatter=structlog.dev.plain_traceback,  # the rich one prints variables: data of people
        )
    )
    shaping = [structlog.processors.format_exc_info] if settings().log_format == "json" else []
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[
                structlog.stdlib.add_log_level,
                structlog.stdlib.add_logger_name,
                structlog.processors.TimeStamper(fmt="iso", utc=True),
            ],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *shaping, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(settings().log_level.upper())
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
