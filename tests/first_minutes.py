"""The README's first minutes, as a newcomer types them: `python -m tests.first_minutes`.

`make run` in a home folder of its own, an SOS on a simulated bracelet, the board, the four worklists, ten repeats, an
unknown device, the clock moved on, the audit, and a second start within five seconds. Ends with 1 when one of them does
not hold.
"""

from __future__ import annotations

import html
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import orjson
import requests

from connectors.payloads import sign
from connectors.push import signature
from tests.faults.program import CHECKOUT, COMMAND

PORT, MQTT_PORT = 8470, 18_470


class Newcomer:
    """Somebody with a browser and a command line."""

    def __init__(self, home: Path) -> None:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("VISITFLOW_")}
        self.environment = inherited | {"VISITFLOW_HOME": str(home)}
        self.address = f"http://127.0.0.1:{PORT}"
        self.browsers: dict[str, requests.Session] = {}

    def make_run(self) -> float:
        """Type `make run`; seconds until a page opens."""
        began = time.monotonic()
        self.program = subprocess.Popen(
            ["make", "--no-print-directory", "run", f"ARGS=--port {PORT} --mqtt-port {MQTT_PORT}"],
            cwd=CHECKOUT, env=self.environment, stdout=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        wait_for(self._opens, 240)
        return time.monotonic() - began

    def stop(self) -> None:
        os.killpg(self.program.pid, signal.SIGTERM)
        self.program.wait(90)

    def types(self, *words: str) -> str:
        done = subprocess.run([str(COMMAND), *words], env=self.environment, capture_output=True, text=True, timeout=120)
        demand(done.returncode == 0, f"visitflow {' '.join(words)}: {done.stdout}{done.stderr}")
        return done.stdout

    def sees(self, user_name: str, path: str) -> str:
        """The text of a page as this person sees it."""
        browser = self.browsers.get(user_name) or self._sign_in(user_name)
        return html.unescape(browser.get(self.address + path, timeout=20).text)

    def presses(self, device: str, event: str) -> None:
        """Press a button on the demonstration page."""
        page = self.sees("monitor1", "/demo/")
        token = re.search(r'name="csrf_token" value="([^"]+)"', page)
        assert token is not None
        sent = {"csrf_token": token[1], "device": device, "event": event}
        self.browsers["monitor1"].post(f"{self.address}/demo/press", data=sent, allow_redirects=False)

    def _sign_in(self, user_name: str) -> requests.Session:
        browser = self.browsers[user_name] = requests.Session()
        page = browser.get(f"{self.address}/sign-in").text
        token = re.search(r'name="csrf_token" value="([^"]+)"', page)
        assert token is not None
        sent = {"csrf_token": token[1], "name": user_name, "password": "baotou2026", "next": "/"}
        browser.post(f"{self.address}/sign-in", data=sent)
        return browser

    def _opens(self) -> bool:
        try:
            return requests.get(f"{self.address}/health", timeout=1).ok
        except requests.RequestException:
            return False


def demand(holds: bool, sentence: str) -> None:
    if not holds:
        sys.exit(f"DOES NOT HOLD: {sentence}")


def wait_for(true, seconds: float) -> float:
    """Seconds until something held; ends the run when it does not in time."""
    began = time.monotonic()
    while not true():
        demand(time.monotonic() - began < seconds, f"not within {seconds} s")
        time.sleep(0.05)
    return time.monotonic() - began


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="visitflow-first-") as folder:
        newcomer = Newcomer(Path(folder))
        print(f"make run: pages after {newcomer.make_run():.1f} s")
        try:
            an_sos(newcomer)
            ten_repeats(newcomer)
            an_unknown_device(newcomer)
            newcomer.types("demo", "clock", "+10m")
            print("clock moved on by ten minutes")
            demand("hold" in newcomer.types("audit"), "the audit is clean")
        finally:
            newcomer.stop()
        again = newcomer.make_run()
        newcomer.stop()
        demand(again < 5, f"a second start takes {again:.1f} s")
        print(f"second start: pages after {again:.1f} s")


def device_of_first_bracelet(newcomer: Newcomer) -> tuple[str, str]:
    """(number, secret) from the demonstration page."""
    page = newcomer.sees("monitor1", "/demo/")
    number, secret = re.search(r">(d\d+)<.*?<code[^>]*>([0-9a-f]+)</code>", page, re.DOTALL).groups()
    return number, secret


def open_tasks(newcomer: Newcomer) -> list[dict[str, str]]:
    return [json.loads(line) for line in newcomer.types("tasks", "--json").splitlines()]


def on_page(newcomer: Newcomer, user_name: str, path: str, pattern: str) -> set[str]:
    return set(re.findall(pattern, newcomer.sees(user_name, path)))


def an_sos(newcomer: Newcomer) -> None:
    """Beside what the demonstration has under way: one more case, and four more tasks."""
    number, _ = device_of_first_bracelet(newcomer)
    tasks, cases = r'href="/tasks/([0-9a-f-]{36})', r"YJ[0-9-]+"
    before = {task["id"] for task in open_tasks(newcomer)}
    board = on_page(newcomer, "monitor1", "/board/rows", cases)
    lists = {each: on_page(newcomer, each, "/tasks/rows", tasks) for each in ("monitor1", "visitor1", "grid1")}
    newcomer.presses(number, "sos")
    on_board = wait_for(lambda: on_page(newcomer, "monitor1", "/board/rows", cases) - board, 2)
    in_hand = wait_for(lambda: all(on_page(newcomer, each, "/tasks/rows", tasks) - lists[each] for each in lists), 2)
    print(f"SOS of {number}: on the board after {on_board:.1f} s, with everybody after {on_board + in_hand:.1f} s")
    roles = sorted(task["role"] for task in open_tasks(newcomer) if task["id"] not in before)
    demand(roles == ["grid_worker", "monitor_desk", "monitor_desk", "visitor"], f"the four tasks are {roles}")
    print(f"the four tasks of an urgent alarm: {', '.join(roles)}")


def ten_repeats(newcomer: Newcomer) -> None:
    number, secret = device_of_first_bracelet(newcomer)
    key = bytes.fromhex(secret)
    raw = sign(
        orjson.dumps({"id": "again", "device": number, "type": "sos", "time": int(time.time() * 1000), "data": {}}), key
    )
    before = len(open_tasks(newcomer))
    answers = []
    for _ in range(10):
        head = {"X-Signature": signature(raw, key, number, int(time.time()))}
        answers += requests.post(f"{newcomer.address}/api/devices/events", data=raw, headers=head).json()
    demand([each["answer"] for each in answers] == ["accepted"] + ["duplicate"] * 9, f"answers {answers}")
    demand(len({each["case"] for each in answers}) == 1, f"one case: {answers}")
    demand(len(open_tasks(newcomer)) == before, "no further task")
    print("the same event ten times: one case, no further task")


def an_unknown_device(newcomer: Newcomer) -> None:
    before = len(open_tasks(newcomer))
    newcomer.types("demo", "alarm", "nobody-knows-me", "sos")
    wait_for(lambda: len(open_tasks(newcomer)) == before + 1, 2)
    print("an SOS of an unknown device became a call for the desk")


if __name__ == "__main__":
    main()
