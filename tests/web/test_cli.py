"""The command line as a whole: what cannot be used is one sentence and 1, wrong usage is 2."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest

from care.errors import NotAllowed
from engine.db import Database
from tests.web.desks import Desks
from web import commands_engine

CHECKOUT = Path(__file__).resolve().parents[2]


def typed(home: Path | str, *words: str) -> subprocess.CompletedProcess[str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("VISITFLOW_")}
    return subprocess.run(
        [sys.executable, "-c", "from visitflow import main; main()", *words],
        cwd=CHECKOUT, env=inherited | {"VISITFLOW_HOME": str(home)}, capture_output=True, text=True, timeout=60,
    )  # fmt: skip


@pytest.mark.parametrize("command", [["elders", "--json"], ["plan"], ["tasks"]])
def test_without_tables_a_command_says_in_one_sentence_what_to_do(tmp_path: Path, command: list[str]):
    said = typed(tmp_path, *command)

    assert (said.returncode, said.stdout) == (1, "")
    assert "visitflow db upgrade" in said.stderr and "Traceback" not in said.stderr


@pytest.mark.parametrize("command", [["run"], ["tasks"]])
def test_a_home_that_cannot_be_a_folder_is_one_sentence(tmp_path: Path, command: list[str]):
    (tmp_path / "file").write_text("not a folder")

    said = typed(tmp_path / "file" / "home", *command)

    assert said.returncode == 1
    assert "VISITFLOW_HOME" in said.stderr and "Traceback" not in said.stderr


@pytest.mark.parametrize("command", [["nonsense"], ["tasks", "--nonsense"], ["decide", "nonsense"], ["complete"]])
def test_wrong_usage_is_2(tmp_path: Path, command: list[str]):
    said = typed(tmp_path, *command)

    assert (said.returncode, said.stdout) == (2, "")
    assert "Usage" in said.stderr


def test_a_file_with_faults_ends_with_1(tmp_path: Path):
    (tmp_path / "odd.dmn").write_text("no decisions")

    assert typed(tmp_path, "evaluate", str(tmp_path / "odd.dmn")).returncode == 1
    assert typed(tmp_path, "check", str(tmp_path / "odd.dmn")).returncode == 1


def test_a_taken_port_of_the_pages_is_said(tmp_path: Path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        said = typed(tmp_path, "web", "--port", str(taken.getsockname()[1]))

    assert said.returncode == 1
    assert "--port" in said.stderr and "Traceback" not in said.stderr


def test_a_task_of_somebody_else_is_refused_in_a_sentence(database: Database, monday: datetime):
    desks = Desks()
    desks.alarm()
    task = desks.town.open()["call_elder"]

    with pytest.raises(NotAllowed, match="不该由"):
        commands_engine.complete_command.main(
            [str(task.id), "--data", "{}", "--user", desks.users["visitor"]], standalone_mode=False
        )
