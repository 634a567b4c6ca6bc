"""Tables, demonstration district and diagrams for a city under test: `python -m tests.faults.prepared`."""

from __future__ import annotations

from engine import jobs
from web import commands_run, running
from web.joined import join


def main() -> None:
    from care import demo

    join()
    running.prepare()
    with jobs.transaction() as session:
        demo.build(session)
    commands_run.deploy_shipped()


if __name__ == "__main__":
    main()
