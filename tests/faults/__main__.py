"""`python -m tests.faults --kills 200`: see the package."""

from __future__ import annotations

import argparse
import json
import random
import secrets
import sys
import tempfile
import time
from pathlib import Path

from tests.faults import judge
from tests.faults.devices import HttpSender, MqttSender
from tests.faults.ledger import Ledger
from tests.faults.program import Program
from tests.faults.workers import Worker

BACK_WITHIN_SECONDS = 5.0
PEOPLE = ("monitor1", "visitor1", "grid1", "village1")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--port", type=int, default=8400)
    parser.add_argument("--mqtt-port", type=int, default=18_400)
    options = parser.parse_args()
    random.seed(options.seed)
    with tempfile.TemporaryDirectory(prefix="visitflow-faults-") as folder:
        program = Program(Path(folder), options.port, options.mqtt_port)
        program.start(180)
        ledger = Ledger()
        clients = _clients(program, ledger)
        for client in clients:
            client.start()
        slow = _kill(program, options.kills)
        _come_to_rest(program, clients)
        found = judge.faults(program, ledger) + slow
        program.stop()
    _say(ledger, options, found)
    sys.exit(1 if found else 0)


def _clients(program: Program, ledger: Ledger) -> list[HttpSender | MqttSender | Worker]:
    """A platform over HTTP, two gateways over MQTT, and people at their desks; devices of their own."""
    elders = [json.loads(line)["number"] for line in program.demand("elders", "--json").splitlines()]
    keys = {f"k{number:05d}": secrets.token_bytes(16) for number in range(60)}
    owners = random.sample(elders, len(keys))
    _import(
        program,
        "devices",
        "device,key,kind,elder,model",
        [
            f"{device},{key.hex()},pendant,{elder},试用"
            for (device, key), elder in zip(keys.items(), owners, strict=True)
        ],
    )
    platform = secrets.token_bytes(16)
    _import(program, "platforms", "kid,key,name,devices", [f"cloud,{platform.hex()},试用平台,k"])
    names = list(keys)
    gateways = [
        MqttSender(program.mqtt_port, {name: keys[name] for name in part}, ledger, str(number))
        for number, part in enumerate((names[20:40], names[40:]))
    ]
    workers = [Worker(program.address, name, ledger) for name in PEOPLE]
    return [HttpSender(program.address, "cloud", platform, names[:20], ledger), *gateways, *workers]


def _import(program: Program, what: str, head: str, lines: list[str]) -> None:
    path = program.home / f"{what}.csv"
    path.write_text("\n".join((head, *lines)) + "\n")
    program.demand(what, "import", str(path))


def _kill(program: Program, kills: int) -> list[str]:
    """Kill and start again; complaints about starts that took too long."""
    slow, longest = [], 0.0
    for number in range(1, kills + 1):
        time.sleep(random.uniform(0.1, 2.5))
        program.kill()
        took = program.start()
        longest = max(longest, took)
        if took > BACK_WITHIN_SECONDS:
            slow.append(f"after kill {number} the program was back only after {took:.1f} s")
        if number % 10 == 0 or number == kills:
            print(f"{number} of {kills} kills, back within {longest:.1f} s at most", flush=True)
    return slow


def _come_to_rest(program: Program, clients: list[HttpSender | MqttSender | Worker]) -> None:
    for client in clients:
        client.stopping.set()
    for client in clients:
        client.join(90)
    left = judge.wait_until_quiet(program)
    print(f"clients stopped, {left} pieces of due work left", flush=True)


def _say(ledger: Ledger, options: argparse.Namespace, found: list[str]) -> None:
    print(
        f"seed {options.seed}: {options.kills} kills; {len(ledger.events)} events and {len(ledger.completions)}"
        f" finished pages acknowledged, {ledger.refused_completions} refused, {ledger.repeats} sent again"
    )
    for sentence in found[:20]:
        print(f"BROKEN {sentence}")
    print("nothing lost, nothing twice, audit clean" if not found else f"{len(found)} faults")


if __name__ == "__main__":
    main()
