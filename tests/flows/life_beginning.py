"""From the row of the survey to the register: P01, P02, P04, P05, P06, and the device."""

from __future__ import annotations

from pathlib import Path

from care import elders
from engine import db
from tests.flows import life_words as words
from tests.flows.life import Life
from tests.processes import answers as say

NAME, SPOUSE = "赵新登", "王玉兰"
WHOLE = "2026-08-24 23:59"  # 15 working days from Monday 3 August
HEAD = "姓名,出生日期,性别,网格,住址,电话,责任人A,责任人B,联系人,关系,联系电话"


def found_by_the_survey(life: Life, folder: Path) -> None:
    """The wife stands on a list that the village kept before; the husband is a row of the survey."""
    listed = folder / "elders.csv"
    visitors = f"{life.users['visitor']},{life.users['visitor_b']}"
    row = f"{SPOUSE},1951-05-01,女,第一区/青山街道/春光社区/第一网格,9号楼1单元201,13900000001,{visitors}"
    listed.write_text(f"{HEAD}\n{row},赵女儿,child,13700000001\n")
    life.types("import", "elders", str(listed))
    life.spouse_id = 1
    assert life.elder(life.spouse_id).name == SPOUSE

    a_row_of_the_survey(life, household_of="E000001")
    assert life.elder().household_id == life.elder(life.spouse_id).household_id is not None


def a_row_of_the_survey(life: Life, **household: str) -> None:
    life.says("survey.row", "hash-of-the-id-number", unit_path=life.village)
    life.says("survey.row", "hash-of-the-id-number", unit_path=life.village)  # the list is sent again: nothing twice
    life.does("village_desk", "collect_basic", say.basic(**household))
    with db.reading() as session:
        found = elders.by_id_number(session, "11010519491231002X")
    assert found is not None and (found.name, found.status, found.tier) == (NAME, "pending", "none")
    life.elder_id = found.id


def assessed_and_asked(life: Life) -> None:
    life.does("village_desk", "collect_willingness", {"willing": "yes", "wishes": ["visits", "meals"]}, due=WHOLE)
    assert {"explain_and_sign", "home_assessment"} <= life.open().keys()  # side by side
    life.does("village_desk", "explain_and_sign", say.consents("location"))
    life.does("village_desk", "home_assessment", words.couple())
    elder = life.elder()
    assert (elder.tier, elder.categories) == ("key", ["EMPTY_NEST"])
    life.does("village_desk", "care_plan", say.plan())
    life.does("township_desk", "approve_plan", {"answer": "yes"})


def with_a_visitor_and_contacts(life: Life) -> None:
    life.does("village_desk", "list_supporters", words.family())
    life.does("village_desk", "call_check", {"calls": [{"answered": True}, {"answered": True}]}, due="2026-08-10 23:59")
    assert [(each["template"], each["to"]) for each in life.sent()] == [("contact_agree", "13700000001")]
    life.does("village_desk", "contact_consents", {"way": "phone", "agrees": True}, due="2026-08-10 23:59")
    life.does("village_desk", "propose", {**say.proposal("", ""), "visitor": life.names["visitor"],
                                          "visitor_b": life.names["visitor_b"]})  # fmt: skip
    life.does("visitor", ["accept", "accept_assignment"][0], {"answer": "accept", "read": True})
    life.does("township_desk", "confirm", {"answer": "yes"}, due="2026-08-10 23:59")
    assert "liaison_card" in life.templates()


def on_the_register(life: Life) -> None:
    life.until("2026-08-05 10:00")
    life.does("township_desk", "township_confirm", {"answer": "yes"})
    elder = life.elder()
    assert (elder.status, str(elder.registered_on)) == ("in_register", "2026-08-05")
    assert life.live() == ["visit_cycle"]
