"""Private servers to be killed: PostgreSQL, Redis and mosquitto from the installed binaries, with data of their own."""

from __future__ import annotations

import glob
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path


class Missing(Exception):
    """The server is not installed here."""


def binary(name: str) -> str:
    """The path of a server's program; raises Missing."""
    places = [*sorted(glob.glob("/usr/lib/postgresql/*/bin"), reverse=True), "/usr/sbin", "/usr/bin", "/usr/local/bin"]
    found = shutil.which(name, path=os.pathsep.join([*places, os.environ.get("PATH", "")]))
    if found is None:
        raise Missing(f"{name} is not installed")
    return found


def wait_for_port(port: int, patience_seconds: float = 20) -> None:
    until = time.monotonic() + patience_seconds
    while time.monotonic() < until:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise Missing(f"nothing listens on port {port}")


class _Server:
    """A server as one process with a folder of its own, which goes with it."""

    def __init__(self, port: int, name: str) -> None:
        self.port = port
        self.folder = Path(tempfile.mkdtemp(prefix=f"visitflow-{name}-"))
        self.log = (self.folder / "log").open("ab")
        self._process: subprocess.Popen[bytes] | None = None

    def _spawn(self, *command: str) -> None:
        self._process = subprocess.Popen(command, stdout=self.log, stderr=self.log, start_new_session=True)
        wait_for_port(self.port)

    def kill(self) -> None:
        """kill -9."""
        self._end(signal.SIGKILL)

    def _end(self, number: int) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(number)
            self._process.wait(30)

    def close(self) -> None:
        self._end(signal.SIGKILL)
        self.log.close()
        shutil.rmtree(self.folder, ignore_errors=True)


class Redis(_Server):
    def __init__(self, port: int) -> None:
        super().__init__(port, "redis")

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        self._spawn(
            binary("redis-server"), "--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self.folder),
            "--save", "", "--appendonly", "no",
        )  # fmt: skip

    def flush(self) -> None:
        with socket.create_connection(("127.0.0.1", self.port), 2) as link:
            link.sendall(b"FLUSHALL\r\n")
            link.recv(64)


class Mosquitto(_Server):
    """As deploy/mosquitto.conf: it writes down what it holds now and then. `forgets`: as it comes out of the box."""

    def __init__(self, port: int, forgets: bool = False) -> None:
        super().__init__(port, "mosquitto")
        lasting = "" if forgets else "persistence true\nautosave_on_changes false\nautosave_interval 5\n"
        text = f"listener {port} 127.0.0.1\nallow_anonymous true\nuser root\n{lasting}"
        text += f"persistence_location {self.folder}/\nmax_queued_messages 0\nlog_type none\n"
        (self.folder / "mosquitto.conf").write_text(text)

    def start(self) -> None:
        self._spawn(binary("mosquitto"), "-c", str(self.folder / "mosquitto.conf"))


class Postgres:
    """A cluster of its own; `restart_immediately` is `pg_ctl restart -m immediate`, which is a crash."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.folder = Path(tempfile.mkdtemp(prefix="visitflow-postgres-"))
        self._user = "postgres" if os.getuid() == 0 else None  # the server refuses to run as root
        if self._user:
            account = pwd.getpwnam(self._user)
            os.chown(self.folder, account.pw_uid, account.pw_gid)
        self._call("initdb", "-D", str(self.data), "-U", "visitflow", "-A", "trust", "--encoding=UTF8", "--locale=C")
        with (self.data / "postgresql.conf").open("a") as out:
            out.write(
                f"port = {port}\nlisten_addresses = '127.0.0.1'\nunix_socket_directories = '{self.folder}'\n"
                "max_connections = 300\nshared_buffers = 64MB\ndeadlock_timeout = 1s\nlog_lock_waits = on\n"
            )

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def url(self, name: str) -> str:
        return f"postgresql+psycopg://visitflow@127.0.0.1:{self.port}/{name}"

    def start(self) -> None:
        self._call("pg_ctl", "-D", str(self.data), "-l", str(self.folder / "log"), "-w", "-t", "30", "start")

    def restart_immediately(self) -> None:
        self._call("pg_ctl", "-D", str(self.data), "-l", str(self.folder / "log"), "-w", "-m", "immediate", "restart")

    def long_waits(self) -> list[str]:
        """What the server noted about locks that somebody waited for longer than a second."""
        return [line for line in (self.folder / "log").read_text().splitlines() if "still waiting for" in line]

    def create(self, name: str) -> str:
        """A new empty database; its address."""
        where = ("-h", "127.0.0.1", "-p", str(self.port), "-U", "visitflow")
        self._call("createdb", *where, name)
        return self.url(name)

    def close(self) -> None:
        self._call("pg_ctl", "-D", str(self.data), "-m", "immediate", "stop", check=False)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _call(self, name: str, *words: str, check: bool = True) -> None:
        done = subprocess.run(
            [binary(name), *words], user=self._user, cwd=self.folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL, text=True,
        )  # fmt: skip
        if check and done.returncode:
            raise Missing(f"{name}: {done.stderr}")
