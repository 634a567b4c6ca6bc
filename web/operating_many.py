"""Operate many instances at once: what would become of each, the question why, how far the run is, each one's verdict.

Chosen are ticked instances, or all of a process in a state. A preview looks at a page of them at a time; the run checks
each again when its turn comes. Without a script every page works the same.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import Blueprint, abort, redirect, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from engine import bulk, db, definitions, instances, jobs, migration, run
from engine.bulk import Verdict
from engine.errors import NotPossible
from engine.instances import UNDER_WAY, Instance
from web.diagram_state import element_names
from web.language import gettext, language
from web.operators import ACTIONS, MANY, is_within, json_value, title, units
from web.pages import page
from web.signed_in import me

LOOKED_AT = 50
VERSIONS_LOOKED_AT = 2_000
SHOWN = 100
bp = Blueprint("many", __name__, url_prefix="/instances")


@dataclass(frozen=True)
class Choice:
    """Ticked instances, or (`process`) all of a process that are in a state."""

    ids: list[UUID]
    process: str
    state: str

    @classmethod
    def sent(cls) -> Choice:
        every = request.form.get("every") == "1"
        process, state = request.form.get("process", ""), request.form.get("state", "")
        ids = sorted(set(request.form.getlist("id", type=UUID)))
        return cls([], process, state) if every and process and state in UNDER_WAY else cls(ids, "", "")

    def page(self, session: Session, paths: list[str], after: UUID | None) -> list[UUID]:
        """The next LOOKED_AT and one more."""
        if self.process:
            return instances.ids(session, self.process, (self.state,), paths, after=after, limit=LOOKED_AT + 1)
        return [each for each in self.ids if after is None or each > after][: LOOKED_AT + 1]

    def every(self, session: Session, paths: list[str]) -> list[UUID]:
        if self.process:
            return instances.ids(session, self.process, (self.state,), paths, limit=bulk.MOST + 1)
        return self.ids

    def total(self, session: Session, paths: list[str]) -> int:
        if self.process:
            return sum(instances.counts(session, path, self.state).get(self.process, 0) for path in paths)
        return len(self.ids)


@bp.get("/many")
def runs() -> ResponseReturnValue:
    """The last runs: one's own, or everybody's for whoever may operate everywhere."""
    if not units(me(), "retry"):
        abort(403)
    with db.reading() as session:
        found = bulk.recent(session, None if _everywhere("edit") else me().id, 50)
    return page("instances/runs.html", runs=[(each, title(each.kind)) for each in found])


@bp.post("/many")
def choose() -> ResponseReturnValue:
    """What would become of the chosen instances, and the question why; with a reason the run begins."""
    kind, choice = request.form.get("kind", ""), Choice.sent()
    if kind not in MANY or not (choice.ids or choice.process):
        return redirect(url_for("instances.index"))
    paths = units(me(), kind)
    if not paths:
        abort(403)
    if "reason" not in request.form:
        return _asking(kind, choice, paths)
    try:
        with db.reading() as session:
            chosen = choice.every(session, paths)
        return _begun(kind, chosen, paths, request.form["reason"], _detail(kind))
    except NotPossible as fault:
        return _asking(kind, choice, paths, _sentence(fault), 422)


def _asking(kind: str, choice: Choice, paths: list[str], refusal: str = "", status: int = 200) -> ResponseReturnValue:
    after = request.form.get("after", type=UUID)
    with db.reading() as session:
        some = choice.page(session, paths, after)
        more, some = some[LOOKED_AT:], some[:LOOKED_AT]
        total = choice.total(session, paths)
        known = {each: read for each, read in instances.read_many(session, some).items() if is_within(read[0], paths)}
        stands = _where_they_stand(session, known) if kind == "move" else {}
        seen: list[Verdict] = []
        try:
            if _is_said(kind):
                seen = bulk.preview(session, kind, some, paths, **_detail(kind))
        except NotPossible as fault:
            refusal, status = refusal or _sentence(fault), 422
        names = element_names(session, {row.process_id for row, _ in known.values()})
    return page(
        "instances/many.html",
        status,
        kind=kind,
        title=title(kind),
        sentence=gettext(ACTIONS[kind][1]),
        choice=choice,
        total=total,
        stands=stands,
        given=request.form,
        seen=[(each, words(each)) for each in seen],
        would=sum(each.state == bulk.WOULD for each in seen),
        more=some[-1] if more else None,
        keys={row.id: row.key for row, _ in known.values()},
        names={element: name for (_, element), name in names.items()},
        refusal=refusal,
    )


def words(each: Verdict) -> str:
    """A verdict in the reader's language."""
    return (each.en if language() == "en" else each.zh) or ""


def _is_said(kind: str) -> bool:
    """Whether everything that a preview of this kind needs has been filled in."""
    asked = {"edit": "name", "move": "from"}.get(kind)
    return asked is None or bool(request.form.get(asked))


def _detail(kind: str) -> dict[str, Any]:
    form = request.form
    if kind == "edit":
        return {"values": {form.get("name", "").strip(): json_value(form.get("value", ""))}}
    if kind == "move":
        return {"from": form.get("from", ""), "to": form.get("to") or None}
    return {}


def _where_they_stand(session: Session, known: dict[UUID, tuple[Instance, bytes]]) -> dict[str, tuple[int, list[str]]]:
    """Element → how many of these instances stand there, and the elements that they may be moved to."""
    counted: Counter[str] = Counter()
    targets: dict[str, set[str]] = {}
    for row, blob in known.values():
        if row.state not in UNDER_WAY:
            continue
        for token, reached in run.tokens_in(session, row, blob):
            counted[token.element_id] += 1
            targets.setdefault(token.element_id, set()).update(reached)
    return {element: (number, sorted(targets[element])) for element, number in counted.most_common()}


def _sentence(fault: NotPossible) -> str:
    return fault.en if language() == "en" else fault.zh


def _begun(kind: str, ids: list[UUID], paths: list[str], reason: str, detail: dict[str, Any]) -> ResponseReturnValue:
    """Raises NotPossible."""
    with jobs.transaction() as session:
        run_id = bulk.begin(session, kind, ids, paths, reason, me().id, **detail)
    return redirect(url_for("many.show_run", run_id=run_id))


def _everywhere(kind: str) -> bool:
    return "/" in units(me(), kind)


@bp.get("/many/<uuid:run_id>")
def show_run(run_id: UUID) -> ResponseReturnValue:
    """How far a run is, those that were refused by reason, and the verdict of each instance."""
    state = request.args.get("state", "")
    wanted = state if state in (bulk.WAITING, bulk.DONE, bulk.REFUSED, bulk.FAILED) else None
    with db.reading() as session:
        try:
            asked = bulk.get(session, run_id)
        except bulk.NoSuchRun:
            abort(404)
        if asked.by != me().id and not _everywhere(asked.kind):
            abort(404)
        counted = bulk.progress(session, run_id)
        left = bulk.verdicts(session, run_id, bulk.REFUSED) + bulk.verdicts(session, run_id, bulk.FAILED)
        listed = bulk.verdicts(session, run_id, wanted, SHOWN + 1, request.args.get("after", type=UUID))
    return page(
        "instances/run.html",
        run=asked,
        title=title(asked.kind),
        counted=counted,
        reasons=Counter(words(each) for each in left).most_common(),
        listed=[(each, words(each)) for each in listed[:SHOWN]],
        more=listed[SHOWN - 1].instance_id if len(listed) > SHOWN else None,
        state=state,
    )


@bp.route("/versions/<process_id>", methods=["GET", "POST"])
def versions(process_id: str, refusal: str = "", status: int = 200) -> ResponseReturnValue:
    """Which instances can go to a version, the others by reason; with a reason those that can are moved."""
    paths = units(me(), "migrate")
    if not paths:
        abort(403)
    wanted = request.values.get("to", type=int)
    with db.reading() as session:
        known = definitions.versions(session, process_id)
        if not known:
            abort(404)
        target = next((each for each in known if each.version == wanted), known[0])
    if request.method == "POST":
        try:
            with db.reading() as session:
                ids = migration.candidates(session, target.id, paths)
            return _begun("migrate", ids, paths, request.form.get("reason", ""), {"definition": target.id})
        except NotPossible as fault:
            refusal, status = _sentence(fault), 422
    after = request.args.get("after", type=UUID)
    with db.reading() as session:
        seen = migration.preview_all(session, target.id, paths, VERSIONS_LOOKED_AT, after)
    return page(
        "instances/versions.html",
        status,
        process_id=process_id,
        versions=known,
        target=target,
        seen=seen,
        after=after,
        refusal=refusal,
    )
