"""What `deploy/` says is what the program understands."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import yaml
from click import Group

from engine import work
from engine.settings import CHECKOUT, Settings, read
from web import cli, readiness

DEPLOY = CHECKOUT / "deploy"
COMPOSE: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name: each for name, each in SERVICES.items() if each["image"] == "visitflow"}
KNOWN = {f"VISITFLOW_{each.name.upper()}" for each in fields(Settings)}


@pytest.fixture(scope="module")
def commands() -> Group:
    cli._collect()
    return cli.group


def words_of(service: dict[str, Any]) -> list[list[str]]:
    """The visitflow commands that a service runs, its health check included."""
    command = service.get("command", [])
    shell = [part.split() for part in command[2].split("&&")] if command[:2] == ["sh", "-c"] else [command]
    check = service.get("healthcheck", {}).get("test", [])
    shell.append(check[2:] if check[1:2] == ["with-secrets"] else [])
    return [words[1:] for words in shell if words[:1] == ["visitflow"]]


@pytest.mark.parametrize("name", sorted(OURS))
def test_every_command_of_a_service_can_be_typed(commands, name):
    for words in words_of(OURS[name]):
        group: Any = commands
        while isinstance(group, Group):
            group, words = group.commands[words[0]], words[1:]
        group.make_context(group.name, list(words)) if group.name != "deploy" else None


@pytest.mark.parametrize("name", sorted(OURS))
def test_every_setting_of_a_service_is_one_of_the_program_and_can_be_read(name):
    environment = OURS[name]["environment"]
    ours = {key: str(value) for key, value in environment.items() if key.startswith("VISITFLOW_")}

    assert ours.keys() <= KNOWN
    read(ours | {"VISITFLOW_METRICS_TOKEN": "t"})


def test_every_lane_has_a_worker_and_the_alarm_lane_one_of_its_own():
    lanes = [service["command"][3].split(",") for name, service in OURS.items() if name.startswith("worker")]

    assert sorted(lane for each in lanes for lane in each) == sorted(work.LANES)
    assert ["alarm"] in lanes


def test_there_are_two_web_processes_two_listeners_and_one_that_prepares():
    assert {"web-1", "web-2", "listen-1", "listen-2", "prepare"} <= OURS.keys()
    for name, service in OURS.items():
        wanted = "service_healthy" if name == "prepare" else "service_completed_successfully"
        assert wanted in {each["condition"] for each in service["depends_on"].values()}, name


@pytest.mark.parametrize("name", sorted(set(SERVICES) - {"prepare"}))
def test_every_service_that_stays_is_watched_and_started_again(name):
    assert SERVICES[name]["healthcheck"]["test"]
    assert SERVICES[name]["restart"] == "unless-stopped"


def test_secrets_are_files_and_each_that_is_used_is_named():
    used = {secret for service in SERVICES.values() for secret in service.get("secrets", ())}

    assert used == set(COMPOSE["secrets"])
    assert all(set(each) == {"file"} for each in COMPOSE["secrets"].values())
    handed = re.search(r"for name in (.*); do", (DEPLOY / "with-secrets").read_text())
    assert handed and set(handed[1].split()) == used - {"postgres_password"}
    assert {f"VISITFLOW_{each.upper()}" for each in handed[1].split()} <= KNOWN
    text = (DEPLOY / "compose.yaml").read_text()
    assert not re.search(r"(PASSWORD|SECRET|KEY|TOKEN): ", text.replace("POSTGRES_PASSWORD_FILE", ""))


def test_only_workers_can_sign_the_history():
    assert {name for name, each in OURS.items() if "history_key" in each["secrets"]} == {
        name for name in OURS if name.startswith("worker")
    }


def test_nothing_but_the_proxy_and_the_broker_is_open_to_the_outside():
    assert {name for name, each in SERVICES.items() if "ports" in each} == {"proxy", "mosquitto"}


def test_postgresql_is_told_to_keep_what_it_confirms():
    command = SERVICES["postgres"]["command"]
    assert {"-csynchronous_commit=on", "-cfsync=on", "-cfull_page_writes=on"} <= set(command)


def test_every_file_that_is_mounted_or_copied_is_there():
    for service in SERVICES.values():
        for volume in service.get("volumes", ()):
            source = volume.partition(":")[0]
            if source.startswith("./") and not source.startswith("./secrets"):
                assert (DEPLOY / source).exists(), source
            elif not source.startswith("./"):
                assert source in COMPOSE["volumes"], source
    for line in (DEPLOY / "Dockerfile").read_text().splitlines():
        if line.startswith("COPY ") and "--from" not in line:
            for source in line.split()[1:-1]:
                assert (CHECKOUT / source).exists(), source


@pytest.mark.parametrize("path", sorted((DEPLOY / "systemd").iterdir()), ids=lambda path: path.name)
def test_units_name_commands_that_exist(commands, path: Path):
    text = path.read_text()

    started = re.findall(r"^ExecStart=\S+/(visitflow|gunicorn)(.*)$", text, re.MULTILINE)
    assert started
    for program, words in started:
        assert program == "gunicorn" or words.split()[0] in commands.commands
    for required in re.findall(r"^Requires=(\S+)$", text, re.MULTILINE):
        assert (path.parent / required).exists()


def test_the_balancer_asks_for_the_pages_alone():
    assert "part=web" in str(SERVICES["web-1"]["healthcheck"]["test"])
    assert readiness.WEB == "web"
