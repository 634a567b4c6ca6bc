"""The designer: open a deployed diagram, change it, see the findings at its elements, deploy a version.

Where releases are made by two (`VISITFLOW_RELEASE_BY_TWO`, the rule outside a demonstration) nothing is deployed from
here: the draft is kept and leads to the hand-in of P45. A deployment is the whole set of current diagrams with the
changed one in its place, so that callers of a changed diagram call the new one. Running instances stay on the version
they began with.
"""

from __future__ import annotations

from functools import wraps
from typing import Any

from flask import Blueprint, Response, abort, jsonify, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

import care.diagram_operations  # noqa: F401  (registers what diagrams may call)
from care import releases, roles
from engine import definitions, forms, instances, jobs
from engine.checks import Finding
from engine.db import reading
from engine.diagrams import NotADiagram
from engine.layout import LayoutRefused, layout
from engine.operations import OPERATIONS
from engine.settings import settings
from web import drafts
from web.errors import refuse
from web.language import N_, gettext, language
from web.pages import Entry, page
from web.security import allow_inline_styles
from web.signed_in import me

bp = Blueprint("designer", __name__, url_prefix="/designer")
navigation = [Entry("designer.index", N_("流程设计"), "pen", 70, frozenset(("design",)), below=("designer.",))]

LARGEST = 1024 * 1024


def _designers_only(view: Any) -> Any:
    @wraps(view)
    def guarded(*args: Any, **values: Any) -> ResponseReturnValue:
        if not me().has_right("design"):
            return refuse(403)
        try:
            answer: ResponseReturnValue = view(*args, **values)
        except definitions.NotDeployed:
            return refuse(404)
        return answer

    return guarded


@bp.get("/")
@_designers_only
def index() -> ResponseReturnValue:
    """Every process with its version, its running instances and whether somebody left a draft."""
    with reading() as session:
        every = definitions.every(session)
        running = instances.counts(session)
        saved = drafts.saved(session)
    return page("designer/list.html", definitions=every, running=running, saved=saved)


@bp.get("/<process_id>")
@_designers_only
def edit(process_id: str) -> ResponseReturnValue:
    """The modeler on the draft, or on the current version."""
    allow_inline_styles()
    with reading() as session:
        current = definitions.current(session, process_id)
        versions = definitions.versions(session, process_id)
        draft = drafts.of(session, process_id)
        running = instances.counts(session).get(process_id, 0)
        known = _known(session)
    return page(
        "designer/edit.html",
        current=current,
        versions=versions,
        draft=draft,
        running=running,
        direct=settings().deploys_directly,
        facts={
            "diagram": url_for("designer.diagram", process_id=process_id),
            "check": url_for("designer.check", process_id=process_id),
            "save": url_for("designer.save", process_id=process_id),
            "deploy": url_for("designer.deploy", process_id=process_id),
            "layout": url_for("designer.arrange", process_id=process_id),
            "known": known,
        },
    )


@bp.get("/<process_id>/diagram.bpmn")
@_designers_only
def diagram(process_id: str) -> ResponseReturnValue:
    with reading() as session:
        draft = drafts.of(session, process_id)
        text = draft.xml if draft else definitions.xml(session, definitions.current(session, process_id).id)
    return Response(text, mimetype="application/xml")


@bp.post("/<process_id>/check")
@_designers_only
def check(process_id: str) -> ResponseReturnValue:
    """What is wrong with the diagram as it stands on the screen."""
    xml = _sent()
    with reading() as session:
        return jsonify(findings=_findings(session, process_id, xml))


@bp.post("/<process_id>/save")
@_designers_only
def save(process_id: str) -> ResponseReturnValue:
    """Keep the draft whatever its faults, and say them."""
    xml = _sent()
    with jobs.transaction() as session:
        based_on = definitions.current(session, process_id).version
        drafts.save(session, process_id, xml, based_on, me().id)
        found = _findings(session, process_id, xml)
    return jsonify(findings=found, message=gettext("草稿已保存，运行中的流程没有变。"))


@bp.post("/<process_id>/deploy")
@_designers_only
def deploy(process_id: str) -> ResponseReturnValue:
    """Deploy the whole current set with this diagram in its place; refused with the findings when it has faults.

    By two: kept as a draft, and the answer's `go` is where it is handed in for a second person to approve.
    """
    xml = _sent()
    if not settings().deploys_directly:
        return _to_be_handed_in(process_id, xml)
    try:
        with jobs.transaction() as session:
            files, carried = releases.whole(session, process_id, xml)
            deployed = definitions.deploy(session, files, me().id, carried, apart=True)
            drafts.drop(session, process_id)
    except definitions.Refused as fault:
        sentence = gettext("没有部署：先改好标红的地方。")
        return jsonify(findings=[_line(each) for each in fault.findings], message=sentence), 422
    version = deployed.versions.get(process_id, deployed.version)
    if not deployed.new:
        return jsonify(version=version, message=gettext("内容没有变，仍是第 %(n)s 版。", n=version))
    words = gettext("已部署第 %(n)s 版。新发起的流程用它，运行中的留在原来的版本。", n=version)
    return jsonify(version=version, findings=[_line(each) for each in deployed.findings], message=words)


def _to_be_handed_in(process_id: str, xml: bytes) -> ResponseReturnValue:
    with jobs.transaction() as session:
        current = definitions.current(session, process_id)
        if xml == definitions.xml(session, current.id):
            return jsonify(message=gettext("内容没有变，仍是第 %(n)s 版。", n=current.version), version=current.version)
        found = _findings(session, process_id, xml)
        drafts.save(session, process_id, xml, current.version, me().id)
    if any(each["level"] == "error" for each in found):
        return jsonify(findings=found, message=gettext("草稿已保存，还不能交稿：先改好标红的地方。")), 422
    words = gettext("草稿已保存。写明改了什么再交稿，由另一人批准后发布。")
    return jsonify(findings=found, message=words, go=url_for("releases.index", _anchor=f"note-{process_id}"))


@bp.post("/<process_id>/layout")
@_designers_only
def arrange(process_id: str) -> ResponseReturnValue:
    """The same diagram drawn anew; refused when something drawn would be lost."""
    try:
        return jsonify(xml=layout(_sent()).decode())
    except (LayoutRefused, NotADiagram) as fault:
        return jsonify(message=str(fault)), 422


def _sent() -> bytes:
    body = request.get_json(silent=True)
    xml = body.get("xml") if isinstance(body, dict) else None
    if not isinstance(xml, str) or not xml:
        abort(400)
    content = xml.encode()
    if len(content) > LARGEST:
        abort(413)
    return content


def _findings(session: Session, process_id: str, xml: bytes) -> list[dict[str, str]]:
    return [_line(each) for each in releases.findings(session, process_id, xml)]


def _line(finding: Finding) -> dict[str, str]:
    words = finding.en if language() == "en" else finding.zh
    return {"element": finding.element, "level": finding.level, "rule": finding.rule, "message": words}


def _known(session: Session) -> dict[str, Any]:
    """What the panel offers: roles and forms with their titles, operations with their parameters, decisions."""
    spoken = language()
    return {
        "roles": {code: roles.title(code, spoken) for code in roles.ROLES},
        "forms": {key: _form_title(key, spoken) for key in sorted(forms.keys())},
        "operations": {name: sorted(each.parameters) for name, each in sorted(OPERATIONS.items())},
        "decisions": _decisions(session),
    }


def _form_title(key: str, spoken: str) -> str:
    title = forms.form(key).title
    return title.get(spoken) or title.get("zh") or key


def _decisions(session: Session) -> list[str]:
    found: set[str] = set()
    for bundle_id in {each.bundle_id for each in definitions.every(session)}:
        names = definitions.files(session, bundle_id)
        found |= {name.rsplit("/", 1)[-1].removesuffix(".dmn") for name in names if name.endswith(".dmn")}
    return sorted(found)
