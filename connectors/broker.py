"""An embedded MQTT broker (amqtt, 3.1.1 only) for trying the product out on one machine.

It may lose what it holds: only the `confirm` topic means «stored», never its PUBACK. A city uses mosquitto or another
broker (docs/howto/deploy.md). It listens on this machine's loopback only and lets everybody in.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import threading

from amqtt.broker import Broker

from connectors.errors import ConnectorError

logger = logging.getLogger(__name__)


class NoBroker(ConnectorError):
    """The embedded broker did not start."""


class EmbeddedBroker:
    """Runs in a thread of its own; `port` is the one it got (the next free one when the wished one is taken)."""

    def __init__(self, wished_port: int) -> None:
        self.port = next_free_port(wished_port)
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._fault: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="broker", daemon=True)

    def start(self) -> None:
        self._thread.start()
        self._ready.wait(15)
        if self._fault is not None or not self._ready.is_set():
            raise NoBroker(f"the embedded MQTT broker did not start on port {self.port}: {self._fault}")
        logger.info("embedded MQTT broker for trying out port=%d (it may lose what it holds)", self.port)

    def stop(self) -> None:
        if self._loop.is_running():
            asyncio.run_coroutine_threadsafe(self._broker.shutdown(), self._loop).result(10)
            self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)

    def _run(self) -> None:
        logging.getLogger("amqtt").setLevel(logging.ERROR)
        logging.getLogger("transitions").setLevel(logging.ERROR)
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_until_complete(self._begin())
            self._ready.set()
            self._loop.run_forever()
        except BaseException as fault:
            self._fault = fault
            self._ready.set()

    async def _begin(self) -> None:
        self._broker = Broker(
            {
                "listeners": {"default": {"type": "tcp", "bind": f"127.0.0.1:{self.port}", "max_connections": 1000}},
                "plugins": {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}},
            }
        )
        await self._broker.start()


def next_free_port(wished: int, host: str = "127.0.0.1") -> int:
    """`wished`, or the next port above it that nobody listens on."""
    for port in range(wished, min(wished + 200, 65536)):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError:
                continue
            return port
    raise NoBroker(f"no free port from {wished} on; set VISITFLOW_PORT or VISITFLOW_MQTT_PORT")
