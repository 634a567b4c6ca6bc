"""`python -m tests.faults [NAME]`: one script, or all of them; see the package."""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from engine import settings
from tests.faults import (
    belated,
    clock,
    disk,
    hostile,
    judge,
    killer,
    kills,
    points,
    poison,
    servers_away,
    stalled,
    twice,
)
from tests.faults.city import City
from tests.faults.load import Load
from tests.faults.program import Program
from tests.faults.servers import Missing, Mosquitto, Postgres, Redis
from tests.faults.verdict import Verdict


class Town:
    """A city under load with its private servers, judged when the scripts are through with it."""

    def __init__(
        self, stack: ExitStack, options: argparse.Namespace, database: str, environment: dict[str, str], pushing: int
    ) -> None:
        """Everything is there and at work but the clients."""
        self.redis, self.broker = Redis(options.port + 10), Mosquitto(options.port + 30)
        self.postgres = Postgres(options.port + 20) if database == "postgresql" else None
        for server in (self.redis, self.broker, self.postgres):
            if server is not None:
                stack.callback(server.close)
                server.start()
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="visitflow-faults-")))
        self.city = City(home, options.port + 1, self.broker, self.redis, self.postgres)
        self.city.environment |= environment
        stack.callback(self.city.stop)
        self.city.start()
        self.load = Load(self.city, self.city.pick, pushing)

    def judged(self, did: list[Verdict]) -> Verdict:
        """Everything that was promised to the clients meanwhile, looked for in what is stored."""
        kills.wait_until_whole(self.city)
        left = self.load.come_to_rest()
        found = [each for verdict in did for each in verdict.broken]
        return Verdict(
            "; ".join(each.did for each in did) + "; " + self.load.sentence(),
            found + left + judge.faults(self.city, self.load.ledger),
        )


@contextmanager
def town(
    options: argparse.Namespace, database: str, environment: dict[str, str] | None = None, pushing: int = 0
) -> Iterator[Town]:
    """A city that its clients load; with `pushing` so many devices of a platform instead, which say nothing yet."""
    with ExitStack() as stack:
        place = Town(stack, options, database, environment or {}, pushing)
        if not pushing:
            place.load.start()
        yield place


def _kills(options: argparse.Namespace) -> Verdict:
    if options.whole:
        return _kills_of_whole(options)
    with town(options, options.database) as place:
        return place.judged([kills.of_parts(place.city, place.load, options.kills or _by(options, 12, 500))])


def _kills_of_whole(options: argparse.Namespace) -> Verdict:
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="visitflow-faults-"))
        program = Program(Path(folder), options.port + 40, options.port + 41)
        stack.callback(program.stop)
        program.start(180)
        load = Load(program, lambda: program.address)
        load.start()
        did = kills.of_whole_program(program, load, options.kills or _by(options, 10, 200))
        left = load.come_to_rest()
        found = did.broken + left + judge.faults(program, load.ledger)
    return Verdict(f"{did.did}; {load.sentence()}", found)


def _servers(options: argparse.Namespace) -> Verdict:
    """Rows 3, 4 and 5 in one city on PostgreSQL, one after the other."""
    with town(options, "postgresql") as place:
        assert place.postgres is not None
        return place.judged(
            [
                servers_away.postgres(place.city, place.load, place.postgres, _by(options, 2, 20)),
                servers_away.redis(place.city, place.load, place.redis, _by(options, 5, 60)),
                servers_away.broker(place.city, place.load, place.broker, _by(options, 2, 10)),
            ]
        )


def _clock(options: argparse.Namespace) -> Verdict:
    """Row 7: exact counts in small on both databases, then a city under load; and tests of time in other zones."""
    small = _on_both(options, clock.in_small) + clock.in_zones(options.short)
    with clock.moved() as clock_of, town(options, "postgresql", clock_of.environment) as place:
        return small + place.judged([clock.under_load(place.city, place.load, clock_of, options.short)])


def _disorder(options: argparse.Namespace) -> Verdict:
    """Row 8 on both databases."""
    from tests.faults import disorder  # it knows the city, whose rules for devices replace those of the small product

    devices, alarms = _by(options, 50, 500), _by(options, 500, 10_000)
    said = []
    for database in ("postgresql", "sqlite"):
        with town(options, database, pushing=devices) as place:
            done = disorder.run(place.city, place.load, alarms)
            waited = place.postgres.long_waits() if place.postgres else []
            said.append(place.judged([done, Verdict(f"on {database}", waited)]))
    return said[0] + said[1]


def _points(options: argparse.Namespace) -> Verdict:
    return _on_both(options, lambda url, short: points.every_point(url, (1,) if short else (1, 2, 5)))


def _kills_in_small(options: argparse.Namespace) -> Verdict:
    kills = options.kills or _by(options, 15, 500)
    return _on_both(options, lambda url, short: points.random_kills(url, kills))


def _small(script: Callable[[str, bool], Verdict]) -> Callable[[argparse.Namespace], Verdict]:
    return lambda options: _on_both(options, script)


def _on_both(options: argparse.Namespace, script: Callable[[str, bool], Verdict]) -> Verdict:
    """The script on an SQLite file and on a PostgreSQL of its own."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="visitflow-faults-")))
        server = Postgres(options.port + 20)
        stack.callback(server.close)
        server.start()
        both = []
        for url in (f"sqlite:///{folder}/visitflow.db", server.create("vf_faults_small")):
            settings.change(home=folder / str(len(both)), data_key="11" * 32, history_key="22" * 32)
            (folder / str(len(both))).mkdir()
            both.append(script(url, options.short))
    return both[0] + both[1]


def _by(options: argparse.Namespace, short: int, whole: int) -> int:
    return short if options.short else whole


SCRIPTS: dict[str, Callable[[argparse.Namespace], Verdict]] = {
    "points": _points,
    "kills-in-small": _kills_in_small,
    "stalled": _small(stalled.run),
    "killer": _small(killer.run),
    "twice": _small(twice.of_both),
    "belated": _small(belated.both_halves),
    "poison": _small(poison.try_all),
    "hostile": _small(hostile.deploy_all),
    "clock": _clock,
    "disorder": _disorder,
    "disk": lambda options: disk.run(options.port, options.short),
    "kills": _kills,
    "servers": _servers,
}


_ME = (sys.executable, "-m", "tests.faults")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.faults")
    parser.add_argument("name", nargs="?", choices=list(SCRIPTS), help="one script; without it all of them")
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="postgresql")
    parser.add_argument("--kills", type=int, help="how many; default 500, with --short 12")
    parser.add_argument("--whole", action="store_true", help="kill `visitflow run`, which is everything in one process")
    parser.add_argument("--short", action="store_true", help="little of each, for CI")
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--port", type=int, default=8600, help="the first of a hundred free ports")
    options = parser.parse_args()
    if options.name is None:  # each in a process of its own: one leaves nothing behind that another would meet
        ended = [subprocess.run([*_ME, name, *sys.argv[1:]], check=False).returncode for name in SCRIPTS]
        sys.exit(max(ended))
    random.seed(options.seed)
    print(f"seed {options.seed}", flush=True)
    try:
        verdict = SCRIPTS[options.name](options)
    except Missing as fault:
        sys.exit(f"{options.name}: not tried: {fault}")
    verdict.say(options.name)
    sys.exit(1 if verdict.broken else 0)


if __name__ == "__main__":
    main()
