"""Two signals that come together stop a program once, and in order."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from engine.settings import CHECKOUT

PROGRAM = """
import signal, sys, time
from web import running
try:
    running.stop_once()
    print("ready", flush=True)
    while True:
        signal.pause()
except KeyboardInterrupt:
    time.sleep(0.2)
    print("stopped in order", flush=True)
"""


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT])
def test_signals_that_come_together_stop_it_once(sign):
    with subprocess.Popen([sys.executable, "-c", PROGRAM], cwd=CHECKOUT, stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        assert program.stdout.readline() == "ready\n"
        for _ in range(50):
            program.send_signal(sign)

        assert program.stdout.read() == "stopped in order\n"
        assert program.wait(30) == 0
