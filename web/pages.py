"""How a page is drawn: its shell by who is looking, the navigation, and what every template may use.

A page module has a blueprint `bp` and may have `navigation`, a list of `Entry`; app.py registers both. A page answers
with `page("worklist/list.html", rows=rows)`; its template extends the variable `shell`, which is the phone's layout for
people who work outside and the desk's for everybody else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from flask import Flask, Response, make_response, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import generate_csrf
from markupsafe import Markup, escape

from care import masking, roles
from engine import clock, db
from engine.settings import settings
from web import assets, briefs, labels, plain_forms, security, streams, words
from web.language import LANGUAGES, N_, language
from web.signed_in import Person, current_person, sees_figures

PHONE, DESK, BARE = "layout/phone.html", "layout/desk.html", "layout/bare.html"
FIELD_ROLES = frozenset(
    ("visitor", "visitor_b", "grid_worker", "service_person", "family_doctor", "provider", "volunteer", "assessor")
)


@dataclass(frozen=True)
class Entry:
    """A place in the navigation, for whoever has one of `rights` (empty: everybody), or `figures`, or a demonstration.

    `below` are endpoints, or blueprints written `cases.`, whose pages belong to it; `count` says
    how many wait there for whoever is looking.
    """

    endpoint: str
    title: str
    icon: str
    order: int = 50
    rights: frozenset[str] = frozenset()
    figures: bool = False
    demo: bool = False
    count: Callable[[], int] | None = None
    below: tuple[str, ...] = field(default=())

    def is_for(self, person: Person) -> bool:
        if self.demo and not settings().demo:
            return False
        if not self.rights and not self.figures:
            return True
        return (self.figures and sees_figures(person)) or any(person.has_right(right) for right in self.rights)

    def is_here(self) -> bool:
        here = request.endpoint or ""
        return here == self.endpoint or any(here.startswith(each) for each in self.below)


OF_TASKS = ("worklist.", "task.", "task_verbs.", "task_lists.", "batch.")
"""Where pages of tasks are."""
PHONE_BAR = (
    Entry("worklist.index", N_("任务"), "tasks", below=OF_TASKS),
    Entry("elders.index", N_("老人"), "people", below=("elders.",)),
    Entry("report.index", N_("上报"), "report", below=("report.",)),
    Entry("me.index", N_("我的"), "me", below=("me.",)),
)


def page(template: str, status: int = 200, shell: str | None = None, **values: Any) -> Response:
    """The page; `shell` is PHONE, DESK or BARE where it must not depend on who is looking."""
    person = current_person()
    chosen = shell or shell_of(person)
    return make_response(render_template(template, shell=chosen, person=person, **values), status)


def fragment(template: str, **values: Any) -> ResponseReturnValue:
    """A part of a page that asks for itself again; 304 without a body when nothing changed since."""
    answer = make_response(render_template(template, person=current_person(), **values))
    answer.add_etag(weak=True)
    return answer.make_conditional(request)


def shell_of(person: Person | None) -> str:
    """People who work outside get the phone's pages, whatever screen they use."""
    if person is None:
        return BARE
    return PHONE if person.roles and person.roles <= FIELD_ROLES else DESK


def place(person: Person) -> str:
    """Where the person works: the unit of the first post, with the unit above a grid."""
    if not person.posts:
        return ""
    with db.reading() as session:
        path = person.posts[0].unit_path
        return briefs.unit_names(session, (path,), " · ")[path]


def install(app: Flask, navigation: Iterable[Entry]) -> None:
    entries = sorted(navigation, key=lambda entry: entry.order)
    environment = app.jinja_env
    environment.trim_blocks = environment.lstrip_blocks = True
    environment.globals.update(
        asset=assets.address,
        built=assets.built,
        icon=assets.icon,
        symbols=assets.symbols,
        nonce=security.nonce,
        site_name=settings().site_name,
        languages=LANGUAGES,
        navigation=lambda: [entry for entry in entries if (who := current_person()) and entry.is_for(who)],
        phone_bar=PHONE_BAR,
        place=place,
        mode=lambda: session.get("mode", ""),
        stream=streams.address,
        now=clock.now,
        settings=settings,
        hidden_token=hidden_token,
        role_title=lambda code: roles.title(code, language()) if roles.is_known(code) else code,
        due_mark=labels.due,
        tier_mark=labels.tier,
        task_address=labels.task_address,
        entry_address=lambda entry: url_for(entry.endpoint) if entry.endpoint in app.view_functions else "#",
    )
    _install_filters(app)


def hidden_token(rules: bool = False) -> Markup:
    """The field against forged forms; stands in every form that posts. `rules`: fields of this form have rules."""
    token = Markup('<input type="hidden" name="csrf_token" value="{}">').format(generate_csrf())
    return token + plain_forms.MARK if rules else token


def _install_filters(app: Flask) -> None:
    filters: dict[str, Any] = {
        "due": lambda at, urgent=False: words.time_left(at, clock.now(), language(), urgent),
        "moment": lambda at: words.moment(at, clock.now(), language()) if at else "",
        "written": lambda at: words.written(at) if at else "—",
        "clock_time": lambda at: words.clock_time(at) if at else "",
        "day": _day,
        "years": lambda born_on: words.years(born_on, clock.today(), language()),
        "number": words.number,
        "duration": lambda seconds: words.duration(int(seconds), language()),
        "masked_name": masking.name,
        "masked_phone": masking.phone,
        "masked_id_number": masking.id_number,
        "lines": lambda text: Markup("<br>").join(escape(line) for line in str(text or "").splitlines()),
        "machine": lambda at: at.isoformat() if at else "",
    }
    app.jinja_env.filters.update(filters)
    app.jinja_env.globals.update(rate=words.rate, weekday=lambda day: words.weekday(day, language()))


def _day(value: date | datetime | None) -> str:
    if value is None:
        return ""
    day = clock.local(value).date() if isinstance(value, datetime) else value
    return words.calendar_day(day, clock.today(), language())
