"""The command line: collects the commands of each subject, and turns refusals into sentences and exit codes.

0 is success; 1 what was asked for is refused, with sentences on standard error; 2 wrong usage.
"""

from __future__ import annotations

import errno
import importlib
import sys

import click
from sqlalchemy.exc import DBAPIError

from care.errors import CareError
from engine.errors import EngineError
from web import logs
from web.joined import join

SUBJECTS = (
    "web.commands_run",
    "web.commands_database",
    "web.commands_engine",
    "web.commands_operating",
    "web.commands_many",
    "web.commands_audit",
    "web.commands_operator",
    "web.commands_backup",
    "web.commands_decisions",
    "web.commands_diagrams",
    "web.commands_calendar",
    "web.commands_care",
    "web.commands_plan",
    "web.commands_connectors",
    "web.commands_tokens",
)


@click.group(help="居家探访关爱平台 · Visitflow: a city's home-visit care, run by BPMN diagrams.")
@click.version_option(package_name="visitflow")
def group() -> None:
    pass


def _collect() -> None:
    for module in SUBJECTS:
        for command in importlib.import_module(module).commands:
            group.add_command(command)


def main() -> None:
    """Run the command that was typed."""
    try:
        logs.install()
        join()
        _collect()
        sys.exit(group(standalone_mode=False) or 0)  # a command that ends by Exit hands its code back here
    except click.exceptions.Abort:
        sys.exit(1)
    except click.exceptions.Exit as exit_:
        sys.exit(exit_.exit_code)
    except click.UsageError as fault:
        fault.show()
        sys.exit(2)
    except (EngineError, CareError, click.ClickException) as fault:
        print(fault, file=sys.stderr)
        sys.exit(1)
    except (DBAPIError, OSError) as fault:
        print(_sentence(fault), file=sys.stderr)
        sys.exit(1)


def _sentence(fault: DBAPIError | OSError) -> str:
    """What to do about a database or a folder that cannot be used."""
    if isinstance(fault, DBAPIError):
        return (
            f"数据库用不了；没有表或表是旧版本的，请先运行 visitflow db upgrade。 The database cannot be used"
            f" ({fault.orig}); if its tables are missing or old, run `visitflow db upgrade`."
        )
    if fault.errno == errno.EADDRINUSE:
        return "端口已被占用，请用 --port 另选一个。 The port is taken; choose another with --port."
    return (
        f"文件或目录用不了，请检查 VISITFLOW_HOME 和权限。 A file or folder cannot be used ({fault});"
        " look at VISITFLOW_HOME and its permissions."
    )
