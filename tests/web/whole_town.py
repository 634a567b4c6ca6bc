"""A town with something to show at every address of the application: for walks over the whole address map."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from care import handovers, organisation, providers, releases, report_codes, task_links
from care.duties import DutyCase
from engine import bulk, db, definitions, jobs
from tests import builders
from tests.web import papers_of_others
from tests.web.conftest import a_task
from tests.web.desks import Desks
from tests.web.test_instances import an_incident
from tests.web.test_nobody_reads_across import a_campaign, a_choice, a_report
from web import task_verbs, trip


class WholeTown:
    """`users` by role, and `values`: what stands for each argument of an address ([]: only data or files have it)."""

    def __init__(self) -> None:
        desks = Desks()
        self.town, self.users = desks.town, desks.users
        self.who = self.town.staff
        duties = [self.an_urged_duty(), self.a_transferred_duty()]
        visit, ahead = self.an_ordered_visit()
        release = self.a_release()
        case = desks.alarm()
        found = self.town.case().instance_id
        assert found is not None
        run = self.a_run(found)
        call = self.town.open()["call_family"]
        an_incident(found, self.town.city.village.path)
        with db.writing() as session:
            mine, theirs = self.plain_tasks(session)
            unit = self.town.city.village
            code = report_codes.make(session, unit, "5号楼门厅", self.who["village_desk"])
            link = task_links.make_for_contact(session, call, None)
            assert link is not None
            self.values: dict[str, list[Any]] = {
                "elder_id": [self.town.elder.id], "number": [self.town.elder.number], "case_id": [case],
                "task_id": [mine, theirs, visit, call.id], "instance_id": [found],
                "what": ["missed", "late", "elders"], "verb": list(task_verbs.PAGES), "element": [ahead],
                "action": ["suspend", "cancel", "move", "edit", "migrate", "undo"], "ledger_id": ["visits"],
                "code": [trip.code(self.town.elder), "K03"], "duty_id": duties,
                "choice_id": [a_choice(session, self.town)], "report_id": [a_report(session, self.town)],
                "code_id": [code.id], "process_id": ["home_visit"],
                "run_id": [run], "release_id": [release], "campaign_id": [a_campaign(session, self.town)],
                "provider_id": self.some_providers(session), "tag": ["online", "m5", "p4"],
                "batch_id": [papers_of_others.some_cards(session, self.town)],
                "staff_id": [papers_of_others.a_visitor_with_photo(session, self.town)],
                "order_id": [papers_of_others.an_order(session, self.town)],
                "handover_id": [handovers.begin(session, self.who["visitor_b"], "absent", None).id],
                "token": [code.token, task_links.token(link)], "definition_id": [], "kind_id": [],
            }  # fmt: skip

    def another_elder(self, name: str) -> int:
        with jobs.transaction() as session:
            return builders.an_elder(session, self.town.city, name=name).id

    def suspected(self, name: str, kind: str) -> tuple[int, int]:
        """A file of duty about another elder: (elder, file)."""
        elder = self.another_elder(name)
        self.town.message("duty.suspected", str(elder), elder_id=elder, kind=kind)
        with db.reading() as session:
            file = session.scalars(select(DutyCase.id).where(DutyCase.elder_id == elder)).one()
        return elder, file

    def an_urged_duty(self) -> int:
        _, file = self.suspected("高秀英", "care")
        self.town.does(
            "verify", elder_words="没人管", finding="邻里也这么说", founded=True, kind="care", elder_wish="go_on",
            way="urge",
        )  # fmt: skip
        self.town.does(
            "urge", supporter="高大勇", duties=["care", "comfort"], must_change="每周探望一次", received_how="letter"
        )
        return file

    def a_transferred_duty(self) -> int:
        _, file = self.suspected("吴桂兰", "abuse")
        self.town.does("assess_crime", suspected=True, finding="身上有伤")
        self.town.does("make_transfer", facts="多次殴打老人", papers="伤情照片\n邻居证言", receiver="public_security")
        return file

    def an_ordered_visit(self) -> tuple[UUID, str]:
        """A visit that was ordered, and a later step of it that may be filled in ahead: (task, element)."""
        elder = self.another_elder("赵玉珍")
        before = set(self.town.open())
        self.town.message("visit.ordered", "1", elder_id=elder, kind="targeted")
        (element,) = set(self.town.open()) - before
        return self.town.open()[element].id, "visit_form"

    def a_release(self) -> int:
        """A diagram handed in by a designer."""
        with jobs.transaction() as session:
            xml = definitions.xml(session, definitions.current(session, "consent").id)
            changed = xml.replace(b"<bpmn:documentation>", "<bpmn:documentation>第二稿：".encode(), 1)
            row = releases.propose(session, "consent", changed, "名称更清楚", self.who["designer"])
            found = row.id
        jobs.drain()
        return found

    def a_run(self, instance_id: UUID) -> UUID:
        """Many at once, refused: the process is not suspended."""
        with jobs.transaction() as session:
            run = bulk.begin(session, "resume", [instance_id], ["/"], "演练", self.who["admin"])
        jobs.drain()
        return run

    def plain_tasks(self, session: Session) -> tuple[UUID, UUID]:
        """Urgent, late and coming tasks for everybody; a visit of the visitor's and a task of the township's desk."""
        path, elder = self.town.city.village.path, self.town.elder.id
        for role, staff in self.who.items():
            for name, due, priority in (("上门查看", 0, "urgent"), ("隐患复查", -30, None), ("电话探访", 90, None)):
                a_task(
                    session, role, path, elder, assignee=staff, name=name, priority=priority,
                    due=timedelta(hours=due, minutes=9),
                )  # fmt: skip
        visit = a_task(session, "visitor", path, elder, assignee=self.who["visitor"], form="visit")
        return visit, a_task(session, "township_desk", path, elder, assignee=self.who["township_desk"])

    def some_providers(self, session: Session) -> list[int]:
        """Three of the village, with all that a row shows."""
        unit = organisation.by_path(session, self.town.city.village.path)
        assert unit is not None
        rows = [
            providers.add(
                session, unit, kind, f"{at}号为老服务中心第一分站", sorted(providers.SERVICES),
                address="青山街道建设路一百二十号综合楼一层东侧", phone="0472-0000000",
            )
            for at, kind in enumerate(sorted(providers.KINDS)[:3], start=1)
        ]  # fmt: skip
        return [rows[0].id]
