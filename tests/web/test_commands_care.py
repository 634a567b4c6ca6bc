"""The commands around elders and devices, as somebody types them."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from care import devices
from care.devices import Platform
from tests.builders import a_city, an_elder
from web import commands_care


@pytest.fixture
def elder(database, monday):
    with database.writing() as session:
        return an_elder(session, a_city(session))


def typed(command, *words):
    return CliRunner().invoke(command, list(words))


def test_elders_are_listed_with_their_visitors_and_without_names(elder):
    result = typed(commands_care.elders_command, "--json")

    row = json.loads(result.stdout)
    assert {"number", "unit", "tier", "categories", "visitor", "visitor_b"} <= set(row)
    assert (row["number"], row["tier"], row["categories"]) == (elder.number, "high", ["ALONE"])
    assert row["visitor"] != row["visitor_b"] and elder.name not in result.stdout
    assert elder.number in typed(commands_care.elders_command).stdout


def test_a_device_list_is_imported(database, elder, tmp_path):
    file = tmp_path / "devices.csv"
    file.write_text(f"device,key,kind,elder,model\nx-1,{'0f' * 32},bracelet,{elder.number},W2\n")

    result = typed(commands_care.devices_commands, "import", str(file))

    assert result.exit_code == 0 and "新增 1 行" in result.stdout
    with database.reading() as session:
        assert devices.owner(session, devices.find(session, "x-1")).id == elder.id


def test_a_bad_list_is_refused_with_sentences_and_leaves_nothing(database, elder, tmp_path):
    file = tmp_path / "devices.csv"
    file.write_text(f"device,key,kind,elder,model\nx-1,{'0f' * 32},bracelet,{elder.number},W2\nx-2,zz,smoke,E9,S\n")

    result = typed(commands_care.devices_commands, "import", str(file))

    assert result.exit_code == 1 and "第3行" in result.stderr and result.stdout == ""
    with database.reading() as session:
        assert devices.find(session, "x-1") is None


def test_a_platform_list_is_imported(database, tmp_path):
    file = tmp_path / "platforms.csv"
    file.write_text(f"kid,key,name,devices\nct,{'ee' * 32},电信平台,ct-\n")

    assert typed(commands_care.platforms_commands, "import", str(file)).exit_code == 0
    with database.reading() as session:
        assert session.get(Platform, "ct").devices == "ct-"


def test_a_missing_file_is_wrong_usage(database):
    assert typed(commands_care.devices_commands, "import", "nowhere.csv").exit_code == 2
