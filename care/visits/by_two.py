"""Visits by two (双人入户): where a visitor does not go in alone, and what is refused without a companion.

Two go where the file says so (a dangerous dog, violence, a risky way), and while somebody of the family is suspected of
abuse; the sentence never says which of the two it is. Source: R-USR-05, R-USR-10; processes P08 T1.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from care.contacts import Supporter
from care.elders import Elder
from care.objections import Objections, objects
from care.visits.tables import Visit
from engine.tasks import TaskRow

_ALONE = {
    "zh": "这位老人要两人同去：写上同去的人；一个人先别上门，方式改电话，或等同伴到了再签到",
    "en": "This elder is visited by two: name who is with you; if you are alone, call instead or wait for a companion",
}
_NOT_BY_TWO = {
    "zh": "这位老人要两人同去，签到时不是两人上门：方式改电话或视频",
    "en": "This elder is visited by two, and you did not check in at the door by two: choose phone or video",
}


def two_needed(session: Session, elder: Elder) -> bool:
    """Whether nobody goes into this home alone now."""
    if elder.two_visitors or elder.protective_hold:
        return True
    alleged = select(Supporter.id).where(Supporter.elder_id == elder.id, Supporter.alleged_abuser)
    return session.scalar(alleged.limit(1)) is not None


@objects("check_in", "visit")
def objections(session: Session, task: TaskRow, answers: Mapping[str, Any]) -> Objections:
    """A check-in at the door by one where two are wanted; a home visit recorded after a check-in by telephone.

    What was begun before anybody knew that two are wanted is taken as it is.
    """
    if task.subject_id is None or answers.get("mode") != "home":
        return {}
    if str(answers.get("second_visitor") or "").strip() or not two_needed(
        session, session.get_one(Elder, task.subject_id)
    ):
        return {}
    if task.form_key == "check_in":
        return {"second_visitor": _ALONE}
    asked = select(Visit).where(Visit.instance_id == task.instance_id, Visit.arrived_at.is_not(None))
    visit = session.scalar(asked.order_by(Visit.arrived_at.desc(), Visit.id.desc()).limit(1))
    return {} if visit is None or visit.mode == "home" else {"mode": _NOT_BY_TWO}
