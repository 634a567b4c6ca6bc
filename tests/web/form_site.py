"""A tiny site with one form, in the phone's shell: what the form pages are tried on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Any

from flask import Flask, render_template_string, request
from werkzeug.serving import make_server

from engine import forms
from engine.forms import Form
from web import assets, formview, language

PAGE = """{% from "forms/form.html" import form_head, draw_form, form_actions with context %}<!doctype html>
<html lang="{{ 'zh-CN' if language() == 'zh' else 'en' }}"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>探访记录</title>
<link rel="stylesheet" href="{{ asset('look.css') }}">
{% for name in scripts %}<script src="{{ asset(name) }}" defer></script>{% endfor %}
</head><body class="phone">
<header class="app-bar"><h1>田桂芝 · 每周探访</h1>{{ form_head(view, "上门，二维码签到 10:06") }}</header>
<main class="stack">{{ draw_form(view) }}</main>
{{ form_actions(view) }}{{ symbols() }}</body></html>"""


SCRIPTS = ("app.js", "form.js")


def site(
    form: Form, scripts: tuple[str, ...] = SCRIPTS, accepted: list[dict[str, Any]] | None = None, **about: Any
) -> tuple[Flask, list[dict[str, Any]]]:
    """The site and the list of what was accepted (`accepted`, if given). GET / shows the form, POST / judges it."""
    accepted = [] if accepted is None else accepted
    app = Flask("web", root_path=str(Path(assets.__file__).parent), static_folder=None)
    app.secret_key = "for tests"
    app.register_blueprint(assets.bp)
    app.after_request(assets.compress)
    language.install(app)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals.update(asset=assets.address, icon=assets.icon, symbols=assets.symbols)
    app.jinja_env.filters["lines"] = str

    def show(answers: dict[str, Any] | None = None, faults: Any = None) -> tuple[str, int]:
        view = formview.build(
            form,
            action="/",
            answers=answers,
            faults=faults,
            draft="task-1",
            report_url="/report",
            submission="s1",
            **about,
        )
        return render_template_string(PAGE, view=view, scripts=scripts), 422 if faults else 200

    @app.get("/")
    def index() -> tuple[str, int]:
        return show()

    @app.post("/")
    def send() -> tuple[str, int]:
        known = {name: about[name] for name in ("known", "last") if name in about}
        stored = [(name, f"stored-{file.filename}") for name, file in request.files.items(multi=True) if file.filename]
        answers = formview.answers_of(form, request.form, files=stored, **known)
        try:
            accepted.append(forms.clean(form, answers))
        except forms.Invalid as fault:
            return show(answers, fault.faults)
        return "<title>done</title>已交", 200

    return app, accepted


@contextmanager
def served(app: Flask) -> Iterator[str]:
    """The site on a free port of this machine."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = Thread(target=server.serve_forever, args=(0.02,), daemon=True)  # looks whether to stop that often
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
