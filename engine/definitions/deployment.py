"""Deploy a bundle: check it, give it a version, pin what it calls, store it compressed."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import zstandard
from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

from engine import checks, clock, decisions, diagrams, forms, operations
from engine.checks import Finding, Known, Signature
from engine.definitions.lookup import current, every, newest, of_bundle
from engine.definitions.lookup import files as files_of
from engine.definitions.specifications import Specification, build, specification
from engine.definitions.tables import (
    Definition,
    Deployed,
    Refused,
    bundle,
    bundle_call,
    bundle_file,
    definition,
    definition_start,
    form_version,
)
from engine.diagrams import elements
from engine.diagrams.reading import BPMN
from engine.spiff import NotExecutable

ERROR = "error"


def deploy(
    session: Session,
    files: Mapping[str, bytes],
    by: int | None,
    forms: Mapping[str, bytes] | None = None,
    revive: bool = True,
) -> Deployed:
    """Store a bundle as the current version of its processes; raises Refused with the findings.

    `files` are diagrams and tables by path, `forms` form files by path or key. The same content again is the same
    version; with `revive` it becomes current again if other versions were deployed since (the way back from a bad
    one), without it nothing is written.
    """
    carried = {_form_path(path): text for path, text in (forms or {}).items()}
    content = dict(files) | carried
    known = _known_bundle(session, _hash(content))
    if known is not None:
        if revive:
            _make_current(session, known.bundle_id)
        return known
    findings = check(session, files, carried)
    if any(each.is_error for each in findings):
        raise Refused(findings)
    calls = _calls(session, files)
    made = _compile(session, content, {name: version.bundle_id for name, version in calls.items()})
    bundle_id = _write_bundle(session, content, by)
    if calls:
        rows = [
            {"bundle_id": bundle_id, "process_id": name, "definition_id": version.id} for name, version in calls.items()
        ]
        session.connection().execute(insert(bundle_call), rows)
    _write_forms(session, carried)
    versions = _write_definitions(session, files, made, bundle_id, by)
    return Deployed(bundle_id, True, versions, tuple(findings))


def check(
    session: Session | None, files: Mapping[str, bytes], forms: Mapping[str, bytes] | None = None
) -> list[Finding]:
    """Everything that is wrong or doubtful; a deployment is refused when one of them is an error."""
    return checks.check(files, _known(session, forms or {})) + _form_findings(session, forms or {})


def _known(session: Session | None, carried: Mapping[str, bytes]) -> Known:
    deployed = every(session) if session is not None else []
    return Known(
        forms={_key(path) for path in carried} | set(forms.keys()),
        operations=Known.signatures(operations.OPERATIONS)
        | {name: Signature(each, frozenset()) for name, each in operations.CHANNELS.items()}
        or None,
        decisions=_decisions(session, deployed) if session is not None else None,
        roles=operations.known_roles(),
        processes={each.process_id for each in deployed} if session is not None else None,
    )


def _decisions(session: Session, deployed: list[Definition]) -> set[str]:
    """Ids of the decisions beside the current versions; the check adds those of the checked files."""
    found: set[str] = set()
    for bundle_id in {each.bundle_id for each in deployed}:
        for path, text in files_of(session, bundle_id).items():
            if path.endswith(".dmn"):
                found |= set(decisions.load(text).ids)
    return found


def _key(path: str) -> str:
    return path.rsplit("/", 1)[-1].removesuffix(".json")


def _form_path(path: str) -> str:
    return f"forms/{_key(path)}.json"


def _form_findings(session: Session | None, carried: Mapping[str, bytes]) -> list[Finding]:
    """Forms must be readable, and a version that was deployed never changes."""
    found = []
    for path, text in carried.items():
        try:
            read = forms.parse(text, path)
        except forms.FormRefused as fault:
            found.append(Finding(path, "", "form_is_readable", ERROR, str(fault), ""))
            continue
        stored = session and _stored_form(session, read.id, read.version)
        if stored is not None and stored != _digest(text):
            zh = f"表单「{read.id}」第 {read.version} 版已经部署过，内容不能再改，请升高版本号。"
            en = f"Version {read.version} of form {read.id!r} is deployed and cannot change; raise its version."
            found.append(Finding(path, "", "form_version_is_fixed", ERROR, zh, en))
    return found


def _stored_form(session: Session, key: str, version: int) -> bytes | None:
    query = select(form_version.c.content_hash)
    query = query.where(form_version.c.key == key, form_version.c.version == version)
    return session.connection().execute(query).scalar_one_or_none()


def _digest(text: bytes) -> bytes:
    return hashlib.sha256(text).digest()


def _hash(content: Mapping[str, bytes]) -> bytes:
    whole = hashlib.sha256()
    for path in sorted(content):
        whole.update(f"{path}\0".encode() + _digest(content[path]))
    return whole.digest()


def _known_bundle(session: Session, content_hash: bytes) -> Deployed | None:
    """The deployment that had this content."""
    connection = session.connection()
    bundle_id = connection.execute(
        select(bundle.c.id).where(bundle.c.content_hash == content_hash)
    ).scalar_one_or_none()
    if bundle_id is None:
        return None
    query = select(definition.c.process_id, definition.c.version).where(definition.c.bundle_id == bundle_id)
    return Deployed(bundle_id, False, {row.process_id: row.version for row in connection.execute(query)})


def _make_current(session: Session, bundle_id: int) -> None:
    """Put the versions of an older bundle in front again; those that are in front already stay as they are."""
    in_front = {each.id for each in every(session)}
    for each in of_bundle(session, bundle_id):
        if each.id not in in_front:
            moved = update(definition).where(definition.c.id == each.id).values(turn=newest(session) + 1)
            session.connection().execute(moved)


def _calls(session: Session, files: Mapping[str, bytes]) -> dict[str, Any]:
    """The current versions of processes that these diagrams call and do not contain."""
    parsed = [diagrams.parse(text, path) for path, text in files.items() if path.endswith(".bpmn")]
    own = {process.id for each in parsed for process in each.processes}
    called = {
        node.called_element
        for each in parsed
        for process in each.processes
        for node in process.nodes
        if node.called_element and node.called_element not in own
    }
    return {name: current(session, name) for name in sorted(called)}


def _compile(session: Session, content: Mapping[str, bytes], called: Mapping[str, int]) -> Specification:
    try:
        return build(dict(content), {name: specification(session, each) for name, each in called.items()})
    except NotExecutable as fault:
        raise Refused([_as_finding(each) for each in fault.findings]) from fault


def _as_finding(each: Any) -> Finding:
    if isinstance(each, Finding):
        return each
    zh, en = getattr(each, "zh", str(each)), getattr(each, "en", "")
    return Finding(getattr(each, "file", ""), getattr(each, "element", ""), "executable", ERROR, zh, en)


def _write_bundle(session: Session, content: Mapping[str, bytes], by: int | None) -> int:
    connection = session.connection()
    row = {"content_hash": _hash(content), "deployed_at": clock.now(), "deployed_by": by}
    bundle_id = int(connection.execute(insert(bundle).returning(bundle.c.id), row).scalar_one())
    pack = zstandard.ZstdCompressor(level=9).compress
    rows = [{"bundle_id": bundle_id, "path": path, "content": pack(text)} for path, text in content.items()]
    connection.execute(insert(bundle_file), rows)
    return bundle_id


def _write_forms(session: Session, carried: Mapping[str, bytes]) -> None:
    pack = zstandard.ZstdCompressor(level=9).compress
    for text in carried.values():
        read = forms.parse(text, "")
        if _stored_form(session, read.id, read.version) is None:
            row = {"key": read.id, "version": read.version, "content": pack(text), "content_hash": _digest(text)}
            session.connection().execute(insert(form_version), row)


def _write_definitions(
    session: Session, files: Mapping[str, bytes], made: Specification, bundle_id: int, by: int | None
) -> dict[str, int]:
    connection = session.connection()
    versions = {}
    for path, text in sorted(files.items()):
        if not path.endswith(".bpmn"):
            continue
        urgent = _urgent(text)
        for process in diagrams.parse(text, path).processes:
            if not process.executable:
                continue
            query = select(func.max(definition.c.version)).where(definition.c.process_id == process.id)
            versions[process.id] = (connection.execute(query).scalar_one() or 0) + 1
            row = {
                "process_id": process.id,
                "version": versions[process.id],
                "bundle_id": bundle_id,
                "name": process.name or process.id,
                "path": path,
                "urgent": process.id in urgent,
                "deployed_at": clock.now(),
                "deployed_by": by,
                "turn": newest(session) + 1,
            }
            new_id = connection.execute(insert(definition).returning(definition.c.id), row).scalar_one()
            names = {each.event.name for each in process.message_starts() if each.event and each.event.name}
            if names:
                starts = [{"definition_id": new_id, "name": name} for name in sorted(names)]
                connection.execute(insert(definition_start), starts)
    return versions


def _urgent(text: bytes) -> set[str]:
    """The processes of a file whose property `urgent` is true."""
    root = diagrams.read(text)
    return {
        str(each.get("id"))
        for each in root.iter(f"{{{BPMN}}}process")
        if elements.properties(each).get("urgent", "") == "true"
    }
