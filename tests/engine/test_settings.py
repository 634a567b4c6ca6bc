"""A setting that cannot be used stops the program with its name and what to write instead."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.settings import SettingRefused, read


def test_without_variables_everything_has_its_default():
    values = read({})

    assert (values.port, values.mqtt_port, values.demo) == (8000, 1883, False)
    assert values.database.startswith("sqlite:///")


def test_variables_are_read_by_their_kind(tmp_path):
    values = read({"VISITFLOW_HOME": str(tmp_path), "VISITFLOW_PORT": "9000", "VISITFLOW_DEMO": "1", "PORT": "1"})

    assert (values.home, values.port, values.demo) == (Path(tmp_path), 9000, True)


@pytest.mark.parametrize(
    ("variable", "value", "advice"),
    [
        ("VISITFLOW_PORT", "abc", "whole number"),
        ("VISITFLOW_PORT", "0", "1 to 65535"),
        ("VISITFLOW_DEMO", "perhaps", "1 or 0"),
        ("VISITFLOW_TIME_ZONE", "Mars/Olympus", "Asia/Shanghai"),
        ("VISITFLOW_LOG_LEVEL", "LOUD", "WARNING"),
        ("VISITFLOW_LOG_FORMAT", "xml", "text or json"),
        ("VISITFLOW_DATABASE_URL", "mysql://x", "sqlite:///FILE"),
        ("VISITFLOW_DATA_KEY", "short", "64 hexadecimal digits"),
    ],
)
def test_a_wrong_setting_names_itself_and_says_what_to_write(variable, value, advice):
    with pytest.raises(SettingRefused) as refused:
        read({variable: value})

    assert variable in str(refused.value)
    assert advice in str(refused.value)
    assert "请" in str(refused.value)
