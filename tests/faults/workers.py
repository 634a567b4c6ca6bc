"""Clients that work like people at a desk: sign in, open a task, fill in its form, send it until the page says done."""

from __future__ import annotations

import random
import re
import threading
from collections.abc import Callable

import lxml.html
import requests

from tests.faults.ledger import Ledger

PASSWORD = "baotou2026"
_TASK = re.compile(r'href="/tasks/([0-9a-f-]{36})"')
_CHOICES = {"reached": "no", "level": "unknown"}


class Worker(threading.Thread):
    """One signed-in person who completes tasks; the same submission is sent again until it is answered."""

    def __init__(self, address: Callable[[], str], user_name: str, ledger: Ledger) -> None:
        super().__init__(name=f"worker-{user_name}", daemon=True)
        self.address, self.user_name, self.ledger = address, user_name, ledger
        self.stopping = threading.Event()
        self.browser = requests.Session()
        self.browser.headers["Accept"] = "text/html"

    def run(self) -> None:
        while not self.stopping.is_set():
            try:
                self._work_once()
            except (requests.RequestException, lxml.etree.ParserError):
                self.ledger.repeated()
            self.stopping.wait(random.uniform(0.05, 0.4))

    def _work_once(self) -> None:
        page = self._get("/tasks")
        found = list(dict.fromkeys(_TASK.findall(page)))
        if not found:
            return
        task_id = random.choice(found[:10])
        form = self._form(self._get(f"/tasks/{task_id}"), f"/tasks/{task_id}")
        if form is not None:
            self._send(task_id, filled(form))

    def _send(self, task_id: str, answers: list[tuple[str, str]]) -> None:
        """Send one submission until the program answers it; a lost answer is asked for again under the same id."""
        submission = dict(answers)["submission"]
        while not self.stopping.is_set():
            try:
                answer = self.browser.post(
                    f"{self.address()}/tasks/{task_id}", data=answers, timeout=15, allow_redirects=False
                )
            except requests.RequestException:
                self.ledger.repeated()
                self.stopping.wait(0.3)
                continue
            if answer.status_code in (200, 302, 303) and "sign-in" not in answer.headers.get("Location", ""):
                return self.ledger.completion(submission, task_id)
            if answer.status_code in (409, 422, 404, 403, 400):
                return self.ledger.refused()
            if answer.status_code >= 500 or answer.status_code == 202:  # 202: kept, and tried again by itself
                self.ledger.repeated()
                self.stopping.wait(0.3)
                continue
            self._sign_in()

    def _get(self, path: str) -> str:
        answer = self.browser.get(self.address() + path, timeout=15)
        if "/sign-in" in answer.url:
            self._sign_in()
            answer = self.browser.get(self.address() + path, timeout=15)
        return answer.text

    def _sign_in(self) -> None:
        page = self.browser.get(f"{self.address()}/sign-in", timeout=15).text
        form = self._form(page, "/sign-in")
        if form is not None:
            known = [(name, value) for name, value in form.fields.items() if name not in ("name", "password")]
            sent = [*known, ("name", self.user_name), ("password", PASSWORD)]
            self.browser.post(f"{self.address()}/sign-in", data=sent, timeout=15)

    def _form(self, page: str, action: str) -> lxml.html.FormElement | None:
        forms = lxml.html.fromstring(page or "<p></p>").forms
        return next((form for form in forms if form.action == action and form.method == "POST"), None)


def filled(form: lxml.html.FormElement) -> list[tuple[str, str]]:
    """Answers that a form takes: hidden fields as they are, one choice of each group, words where words are wanted."""
    answers: dict[str, str] = {}
    for field in form.inputs:
        name, kind = field.get("name"), field.get("type") or field.tag
        if not name or ".0." in name or kind in ("file", "submit", "checkbox"):
            continue  # rows of lists and attachments are never wanted
        if kind == "hidden":
            answers[name] = field.get("value") or ""
        elif kind == "radio":
            if field.get("value") == _CHOICES.get(name) or name not in answers:
                answers[name] = field.get("value") or ""
        elif kind == "textarea" or field.get("required") is not None:
            answers[name] = _words(kind)
    return list(answers.items())


def _words(kind: str) -> str:
    return {"number": "1", "date": "2026-11-21", "datetime-local": "2026-11-21T10:00", "tel": "13800000000"}.get(
        kind, "好"
    )
