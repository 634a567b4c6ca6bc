"""The program under test: `visitflow run --demo` in a home folder of its own, started and killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
COMMAND = CHECKOUT / ".venv" / "bin" / "visitflow"


class NotBack(Exception):
    """The program did not answer in time."""


def answers(address: str) -> bool:
    """Whether its pages are served and its database can be read."""
    try:
        with urllib.request.urlopen(f"{address}/health", timeout=1) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


class Program:
    """One running program; `environment` gives it its home folder and ports."""

    def __init__(self, home: Path, port: int, mqtt_port: int) -> None:
        self.home, self.port, self.mqtt_port = home, port, mqtt_port
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("VISITFLOW_")}
        self.environment = inherited | {"VISITFLOW_HOME": str(home), "VISITFLOW_LOG_LEVEL": "WARNING"}
        self.log = (home / "program.log").open("ab")
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def database(self) -> str:
        """Its address, for the judge."""
        return self.environment.get("VISITFLOW_DATABASE_URL") or f"sqlite:///{self.home / 'visitflow.db'}"

    def start(self, patience_seconds: float = 60) -> float:
        """Start it and wait until it answers; seconds that took."""
        began = time.monotonic()
        self._process = subprocess.Popen(
            [str(COMMAND), "run", "--demo", "--port", str(self.port), "--mqtt-port", str(self.mqtt_port)],
            env=self.environment,
            stdout=self.log,
            stderr=self.log,
            start_new_session=True,
        )
        while time.monotonic() - began < patience_seconds:
            if answers(self.address):
                return time.monotonic() - began
            if self._process.poll() is not None:
                raise NotBack(f"the program ended with {self._process.returncode}; see {self.home / 'program.log'}")
            time.sleep(0.02)
        raise NotBack(f"no answer after {patience_seconds} s; see {self.home / 'program.log'}")

    def kill(self) -> None:
        """kill -9 of the whole program, whatever it is doing."""
        assert self._process is not None
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def stop(self) -> None:
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self.kill()

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Another `visitflow` command on the same home folder."""
        return subprocess.run([str(COMMAND), *words], env=self.environment, capture_output=True, text=True, timeout=300)

    def demand(self, *words: str) -> str:
        """The command's output; ends the run with its complaint when it fails."""
        done = self.command(*words)
        if done.returncode:
            sys.exit(f"visitflow {' '.join(words)}: {done.stdout}{done.stderr}")
        return done.stdout
