"""Every variable an operator may set, with unit and default.

Settings are environment variables `VISITFLOW_*`, read here and nowhere else. A value that cannot be used stops
the program at start with the variable's name and what to write instead (`SettingRefused`).
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from engine.errors import EngineError

_YES = frozenset(("1", "true", "yes", "on"))
_NO = frozenset(("", "0", "false", "no", "off"))

CHECKOUT = Path(__file__).resolve().parents[1]


class SettingRefused(EngineError):
    """A setting cannot be used."""

    def __init__(self, variable: str, value: str, advice: str) -> None:
        super().__init__(f"{variable}={value!r}: {advice}")


def _setting(default: Any, about: str) -> Any:
    return field(default=default, metadata={"about": about})


@dataclass(frozen=True)
class Settings:
    """The program's settings; each field is the variable VISITFLOW_<NAME> in capitals."""

    home: Path = _setting(CHECKOUT / "var", "folder of the database, keys and attachments")
    database_url: str = _setting("", "SQLAlchemy address; empty: SQLite file in the home folder")
    site_name: str = _setting("居家探访关爱平台", "name shown on the pages")
    hotline: str = _setting(
        "96111", "telephone of the hotline; takes emergency reports by SMS when a phone has no data"
    )
    public_address: str = _setting(
        "", "address under which phones outside reach the pages (https://…), for links in texts; empty: none are sent"
    )
    time_zone: str = _setting("Asia/Shanghai", "zone of all days and hours that people read")
    demo: bool = _setting(False, "demonstration mode: simulated devices and a clock that can be moved")
    host: str = _setting("127.0.0.1", "address the pages are served on")
    port: int = _setting(8000, "port of the pages; the next free one is taken")
    mqtt_host: str = _setting("", "MQTT broker; empty: the embedded one for trying out")
    mqtt_port: int = _setting(1883, "port of the MQTT broker")
    mqtt_username: str = _setting("", "user name at the MQTT broker")
    mqtt_password: str = _setting("", "password at the MQTT broker")
    mqtt_topic_root: str = _setting("care/v1", "first levels of the topics")
    mqtt_broker_ties_devices: bool = _setting(
        False, "the broker's access list ties each topic to its user, so unsigned events of known devices are believed"
    )
    redis_url: str = _setting("", "Redis for dramatiq; empty: in-process workers")
    secret_key: str = _setting("", "key of the web sessions; empty: made once and kept in the home folder")
    data_key: str = _setting("", "hex key of encrypted fields, 32 bytes; empty: made once and kept in the home folder")
    history_key: str = _setting(
        "", "hex key that signs the history, 32 bytes, for workers only; empty: made once and kept in the home folder"
    )
    anchors: str = _setting(
        "",
        "folder where the signed head of the history is written each 10 min, best on another machine; "
        "empty: `anchors/` of the home folder",
    )
    secure_cookies: bool = _setting(False, "send the session cookie only over TLS; set it in a city")
    web_threads: int = _setting(16, "threads that serve pages")
    worker_threads: int = _setting(4, "threads that work on jobs, besides the reserved alarm lane")
    self_test: bool = _setting(False, "raise a test alarm each minute and tell when it does not become a task in 90 s")
    self_test_password: str = _setting("", "password of the user self-test at the MQTT broker")
    metrics_token: str = _setting(
        "", "what asks for /metrics says this as its Bearer token; empty: only this machine, never through a proxy"
    )
    metrics_port: int = _setting(0, "port of /metrics and /health of workers and listener; 0: none")
    metrics_host: str = _setting("127.0.0.1", "address of that port; another than this machine needs the token")
    release_by_two: bool = _setting(
        True,
        "a diagram changed on the pages is released by a second person (P45); "
        "0, or a demonstration: designers deploy by themselves",
    )
    urges_per_hour: int = _setting(3, "how often one task may be urged within an hour")
    log_level: str = _setting("INFO", "DEBUG, INFO, WARNING or ERROR")
    log_format: str = _setting("text", "text or json")

    @property
    def database(self) -> str:
        return self.database_url or f"sqlite:///{self.home / 'visitflow.db'}"

    @property
    def deploys_directly(self) -> bool:
        """Whether a designer deploys without a second person. Source: processes P45."""
        return self.demo or not self.release_by_two

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)


def read(environment: Mapping[str, str]) -> Settings:
    """Settings from `VISITFLOW_*` variables; raises SettingRefused naming the variable."""
    values: dict[str, Any] = {}
    for each in fields(Settings):
        variable = f"VISITFLOW_{each.name.upper()}"
        if variable in environment:
            values[each.name] = _convert(variable, environment[variable], type(each.default))
    result = Settings(**values)
    _check(result)
    return result


_current: Settings | None = None


def settings() -> Settings:
    """The settings of this process, read once."""
    global _current
    if _current is None:
        _current = read(os.environ)
    return _current


def change(**values: Any) -> Settings:
    """What the command line says goes before the environment."""
    global _current
    _current = replace(settings(), **values)
    _check(_current)
    return _current


def environment(name: str, default: str = "") -> str:
    """A variable that is no setting of the product (tests, tools); still read only here."""
    return os.environ.get(name, default)


def environment_with(**values: str) -> dict[str, str]:
    """The environment of a program that is called, with these variables."""
    return dict(os.environ) | values


def _convert(variable: str, text: str, kind: type) -> Any:
    if kind is bool:
        word = text.strip().lower()
        if word not in _YES | _NO:
            raise SettingRefused(variable, text, "请写 1 或 0 · write 1 or 0")
        return word in _YES
    if kind is int:
        try:
            return int(text)
        except ValueError:
            raise SettingRefused(variable, text, "请写整数 · write a whole number") from None
    if issubclass(kind, Path):
        return Path(text).expanduser().resolve()
    return text


def _check(values: Settings) -> None:
    try:
        ZoneInfo(values.time_zone)
    except Exception:
        raise SettingRefused(
            "VISITFLOW_TIME_ZONE", values.time_zone, "请写时区，如 Asia/Shanghai · write a zone such as Asia/Shanghai"
        ) from None
    for name in ("port", "mqtt_port"):
        if not 0 < getattr(values, name) < 65536:
            raise SettingRefused(
                f"VISITFLOW_{name.upper()}",
                str(getattr(values, name)),
                "请写 1 到 65535 的端口 · write a port, 1 to 65535",
            )
    if values.metrics_host not in ("127.0.0.1", "::1", "localhost") and not values.metrics_token:
        raise SettingRefused(
            "VISITFLOW_METRICS_HOST",
            values.metrics_host,
            "请同时设 VISITFLOW_METRICS_TOKEN · set VISITFLOW_METRICS_TOKEN as well",
        )
    if values.public_address and not values.public_address.startswith(("https://", "http://")):
        raise SettingRefused(
            "VISITFLOW_PUBLIC_ADDRESS",
            values.public_address,
            "请写 https:// 开头的地址 · write an address that begins with https://",
        )
    if values.log_level.upper() not in {"DEBUG", "INFO", "WARNING", "ERROR"}:
        raise SettingRefused(
            "VISITFLOW_LOG_LEVEL", values.log_level, "请写 DEBUG、INFO、WARNING 或 ERROR · write one of these"
        )
    if values.log_format not in {"text", "json"}:
        raise SettingRefused("VISITFLOW_LOG_FORMAT", values.log_format, "请写 text 或 json · write text or json")
    if not values.database.startswith(("sqlite:///", "postgresql+psycopg://")):
        raise SettingRefused(
            "VISITFLOW_DATABASE_URL",
            values.database_url,
            "请写 · write sqlite:///FILE or postgresql+psycopg://USER@HOST/NAME",
        )
    for name in ("data_key", "history_key"):
        if getattr(values, name) and len(getattr(values, name)) != 64:
            raise SettingRefused(
                f"VISITFLOW_{name.upper()}",
                "…",
                "请写 64 位十六进制数，或不设 · write 64 hexadecimal digits, or leave it out",
            )
