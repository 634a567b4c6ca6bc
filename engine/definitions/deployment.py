"""Deploy a bundle: check it, give it a version, pin what it calls, store it compressed."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping

import zstandard
from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

from engine import checks, clock, decisions, forms, operations
from engine.checks import Finding, Known, Signature
from engine.definitions import prepared
from engine.definitions.lookup import current, every, newest, of_bundle
from engine.definitions.lookup import files as files_of
from engine.definitions.prepared import Prepared
from engine.definitions.specifications import build, specification
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
from engine.spiff import NotExecutable

ERROR = "error"


def deploy(
    session: Session,
    files: Mapping[str, bytes],
    by: int | None,
    forms: Mapping[str, bytes] | None = None,
    revive: bool = True,
    apart: bool = False,
) -> Deployed:
    """Store a bundle as the current version of its processes; raises Refused with the findings.

    `files` are diagrams and tables by path, `forms` form files by path or key. The same content again is the same
    version; with `revive` it becomes current again if other versions were deployed since (the way back from a bad
    one), without it nothing is written. `apart`: a child process with limits does first whatever this one does with
    the files, compiling included, so that they cost this one no more than the child was allowed.
    """
    carried = {_form_path(path): text for path, text in (forms or {}).items()}
    content = dict(files) | carried
    known = _known_bundle(session, _hash(content))
    if known is not None:
        if revive:
            _make_current(session, known.bundle_id)
        return known
    findings = (check_apart if apart else check)(session, files, carried)
    if any(each.is_error for each in findings):
        raise Refused(findings)
    found = prepared.prepare(files)
    calls = {name: current(session, name) for name in found.called}
    _compile(session, content, {name: version.bundle_id for name, version in calls.items()})
    bundle_id = _write_bundle(session, content, by)
    if calls:
        rows = [
            {"bundle_id": bundle_id, "process_id": name, "definition_id": version.id} for name, version in calls.items()
        ]
        session.connection().execute(insert(bundle_call), rows)
    _write_forms(session, carried)
    versions = _write_definitions(session, found.processes, bundle_id, by)
    return Deployed(bundle_id, True, versions, tuple(findings))


def check(
    session: Session | None, files: Mapping[str, bytes], forms: Mapping[str, bytes] | None = None
) -> list[Finding]:
    """Everything that is wrong or doubtful; a deployment is refused when one of them is an error."""
    found = checks.check(files, _known(session, forms or {})) + checks.check_forms(forms or {})
    return found + _changed_forms(session, forms or {}, found)


def check_apart(
    session: Session | None,
    files: Mapping[str, bytes],
    forms: Mapping[str, bytes] | None = None,
    drawings_of: Collection[str] = (),
) -> list[Finding]:
    """As `check`, in a child process with limits: for files that came from outside. Drawings are judged when named."""
    found = checks.check_in_child(files, _known(session, forms or {}), drawings_of, forms, prepared.__name__)
    return found + _changed_forms(session, forms or {}, found)


def _known(session: Session | None, carried: Mapping[str, bytes]) -> Known:
    deployed = every(session) if session is not None else []
    return Known(
        forms={_key(path) for path in carried} | set(forms.keys()),
        operations=Known.signatures(operations.OPERATIONS)
        | {name: Signature(each, frozenset()) for name, each in operations.CHANNELS.items()}
        or None,
        channels=operations.CHANNELS.keys() if operations.OPERATIONS or operations.CHANNELS else None,
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


def _changed_forms(session: Session | None, carried: Mapping[str, bytes], found: list[Finding]) -> list[Finding]:
    """A version of a form that was deployed never changes."""
    if session is None or any(each.is_error for each in found):
        return []
    changed = []
    for path, text in carried.items():
        read = forms.parse(text, path)
        stored = _stored_form(session, read.id, read.version)
        if stored is not None and stored != _digest(text):
            zh = f"表单「{read.id}」第 {read.version} 版已经部署过，内容不能再改，请升高版本号。"
            en = f"Version {read.version} of form {read.id!r} is deployed and cannot change; raise its version."
            changed.append(Finding(path, "", "form_version_is_fixed", ERROR, zh, en))
    return changed


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


def _compile(session: Session, content: Mapping[str, bytes], called: Mapping[str, int]) -> None:
    try:
        build(dict(content), {name: specification(session, each) for name, each in called.items()})
    except NotExecutable as fault:
        raise Refused(prepared.findings_of(fault)) from fault


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


def _write_definitions(session: Session, found: Iterable[Prepared], bundle_id: int, by: int | None) -> dict[str, int]:
    connection = session.connection()
    versions = {}
    for each in found:
        query = select(func.max(definition.c.version)).where(definition.c.process_id == each.process_id)
        versions[each.process_id] = (connection.execute(query).scalar_one() or 0) + 1
        row = {
            "process_id": each.process_id,
            "version": versions[each.process_id],
            "bundle_id": bundle_id,
            "name": each.name,
            "path": each.path,
            "urgent": each.urgent,
            "deployed_at": clock.now(),
            "deployed_by": by,
            "turn": newest(session) + 1,
        }
        new_id = connection.execute(insert(definition).returning(definition.c.id), row).scalar_one()
        if each.begun_by:
            starts = [{"definition_id": new_id, "name": name} for name in each.begun_by]
            connection.execute(insert(definition_start), starts)
    return versions
