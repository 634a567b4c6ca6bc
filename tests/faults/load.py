"""The load: a platform over HTTP, two gateways over MQTT, people at their desks; the ledger has what they were told."""

from __future__ import annotations

import json
import random
import secrets
from collections.abc import Callable

from tests.faults import judge
from tests.faults.devices import HttpSender, MqttSender
from tests.faults.ledger import Ledger
from tests.faults.program import Program
from tests.faults.workers import Worker

PEOPLE = ("monitor1", "visitor1", "grid1", "village1")
DEVICES = 60


class Load:
    """Clients outside the program; `address` gives the pages' address anew for each request.

    With `pushing` that many devices belong to the platform, and none to gateways.
    """

    def __init__(self, program: Program, address: Callable[[], str], pushing: int = 0) -> None:
        self.program, self.ledger = program, Ledger()
        keys = {f"k{number:05d}": secrets.token_bytes(16) for number in range(pushing or DEVICES)}
        self._register(keys)
        platform = secrets.token_bytes(16)
        _import(program, "platforms", "kid,key,name,devices", [f"cloud,{platform.hex()},试用平台,k"])
        names = list(keys)
        self.http = HttpSender(address, "cloud", platform, names[: pushing or 20], self.ledger)
        self.gateways = [
            MqttSender(program.mqtt_port, {name: keys[name] for name in part}, self.ledger, str(number))
            for number, part in enumerate(() if pushing else (names[20:40], names[40:]))
        ]
        self.workers = [Worker(address, name, self.ledger) for name in PEOPLE]
        self.clients: list[HttpSender | MqttSender | Worker] = [self.http, *self.gateways, *self.workers]

    def _register(self, keys: dict[str, bytes]) -> None:
        listed = self.program.demand("elders", "--json").splitlines()
        owners = random.sample([json.loads(line)["number"] for line in listed], len(keys))
        rows = [
            f"{device},{key.hex()},pendant,{elder},试用"
            for (device, key), elder in zip(keys.items(), owners, strict=True)
        ]
        _import(self.program, "devices", "device,key,kind,elder,model", rows)

    def start(self) -> None:
        for client in self.clients:
            client.start()

    def come_to_rest(self, patience_seconds: float = 120) -> list[str]:
        """Stop the clients and wait until nothing due is left; complaints about what is."""
        for client in self.clients:
            client.stopping.set()
        for client in self.clients:
            if client.ident is not None:  # it was started
                client.join(90)
        unconfirmed = sum(len(gateway.waiting) for gateway in self.gateways)
        left = judge.wait_until_quiet(self.program, patience_seconds)
        found = [f"{unconfirmed} events were never confirmed"] if unconfirmed else []
        if self.workers[0].ident is not None and not self.ledger.completions:
            found.append("nobody finished a page, so nothing was tried of them")
        return found + ([f"{left} pieces of due work were left"] if left else [])

    def sentence(self) -> str:
        told = self.ledger
        return (
            f"{len(told.events)} events and {len(told.completions)} finished pages acknowledged,"
            f" {told.refused_completions} refused, {told.repeats} sent again"
        )


def _import(program: Program, what: str, head: str, lines: list[str]) -> None:
    path = program.home / f"{what}.csv"
    path.write_text("\n".join((head, *lines)) + "\n")
    program.demand(what, "import", str(path))
