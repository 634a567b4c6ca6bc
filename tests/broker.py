"""mosquitto with the configuration that the product ships (deploy/), as a private server with its own users."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from tests.faults.servers import Mosquitto, binary

DEPLOY = Path(__file__).resolve().parents[1] / "deploy"


class Shipped(Mosquitto):
    """`users`: name → password. Only places change: port, and where passwords, access list and data lie."""

    def __init__(self, port: int, users: Mapping[str, str]) -> None:
        super().__init__(port)
        passwords, data = self.folder / "passwords", self.folder / "data"
        data.mkdir()
        passwords.touch(mode=0o600)
        for name, password in users.items():
            made = [binary("mosquitto_passwd"), "-b", str(passwords), name, password]
            subprocess.run(made, check=True, capture_output=True)
        text = (DEPLOY / "mosquitto.conf").read_text()
        for shipped, here in (
            ("\nlistener 1883\n", f"\nlistener {port} 127.0.0.1\n"),
            ("/mosquitto/config/passwords", str(passwords)),
            ("/mosquitto/config/access", str(DEPLOY / "mosquitto.access")),
            ("/mosquitto/data/", f"{data}/"),
        ):
            assert shipped in text, shipped
            text = text.replace(shipped, here)
        user = "user root\n" if os.getuid() == 0 else ""
        (self.folder / "mosquitto.conf").write_text(user + text)
