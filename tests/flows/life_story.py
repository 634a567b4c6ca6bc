"""His story as the pages tell it, read from the beginning when all is over."""

from __future__ import annotations

import re
from datetime import date, timedelta
from itertools import pairwise

from sqlalchemy import select

from engine import db
from engine.history import history
from tests.flows.life import Life

Line = tuple[date, str, str]  # day, matter, what was done and by whom
CHAPTERS = [  # in the order in which they stand on the pages; other lines may come between
    ("2026-08-03", "摸排建档", "采集基本情况，询问服务意愿，说明并签署同意书"),
    ("2026-08-05", "摸排建档", "审核建档，列入名册"),
    ("2026-08-06", "探访周期", "接探访单或转交，到户签到，五了解四协助三排查，老人确认"),
    ("2026-08-06", "隐患整改", "当场告知"),
    ("2026-08-11", "需求转介", "办理并填结果"),
    ("2026-08-13", "需求转介", "办理并填结果"),
    ("2026-08-16", "满意度回访", "满意度回访"),
    ("2026-09-08", "应急事件", "立案"),
    ("2026-09-08", "线上应急", "升为紧急"),
    ("2026-09-09", "线上应急", "反馈结果，已反馈"),
    ("2026-09-11", "线上应急", "上门复核，已上门复核"),
    ("2026-09-11", "重大变故", "核实变故，刚出过急事"),
    ("2026-09-18", "暂离登记", "核对是否回来"),
    ("2026-09-18", "提醒", "老人出院后请再次上门复核"),
    ("2026-10-02", "重大变故", "评判是否稳定，已稳定，恢复原来的探访频次"),
    ("2027-01-18", "退出", "批准退出，迁到新的嘎查村（社区）"),
    ("2027-01-18", "结对与专属探访责任人", "接受探访责任"),
    ("2027-02-15", "联系人确定", "登记赡养人和亲属"),
    ("2027-03-10", "重大变故", "核实变故，亲人去世"),
    ("2027-03-11", "提醒", "重大变故首访还剩4小时"),
    ("2027-03-11", "重大变故", "更新探访方案"),
    ("2027-04-15", "重大变故", "评判是否稳定，已稳定，恢复原来的探访频次"),
    ("2027-08-03", "知情同意与授权", "说明并签署同意书"),
    ("2027-09-20", "复评与动态调整", "确认下调，等级下调为一般"),
    ("2027-10-13", "退出", "批准退出，因去世退出"),
    ("2027-10-14", "设备离线·低电·拆除", "收回设备"),
]


def of_his_whole_life(life: Life) -> None:
    """In order, with nothing left out that somebody did for him, no fortnight without a word, and no code."""
    lines = read(life)
    days = [day for day, _, _ in lines]
    assert days == sorted(days)
    assert max(after - before for before, after in pairwise(days)) <= timedelta(days=14)
    assert [each for each in lines if re.search(r"[A-Za-z]{2,}|None|—", each[1] + each[2])] == []
    rest = iter(lines)
    for on, matter, words in CHAPTERS:
        told = (date.fromisoformat(on), matter)
        assert any(each[:2] == told and words in each[2] for each in rest), f"{on} {matter}: {words} is not told here"
    _nothing_is_left_out(life, lines)


def read(life: Life, role: str = "village_desk") -> list[Line]:
    """Each line of «全部经过», oldest first, page by page."""
    lines: list[Line] = []
    address = f"/elders/{life.elder_id}/story"
    while address:
        shown = life.page(role, address)
        for month in shown.xpath("//main//section"):
            year = month.xpath("./h2")[0].text_content()[:4]
            for each in month.xpath(".//li"):
                number, day = re.fullmatch(r"(\d+)月(\d+)日", each.xpath(".//time")[0].text_content()).groups()
                matter, words = (" ".join(each.xpath(f".//{name}")[0].text_content().split()) for name in ("b", "p"))
                lines.append((date(int(year), int(number), int(day)), matter, words))
        older = [link.get("href") for link in shown.xpath("//main//a") if link.text_content() == "看更早的"]
        address = older[0] if older else ""
    return lines[::-1]


def _nothing_is_left_out(life: Life, lines: list[Line]) -> None:
    """All that people completed about him stands there; but for the duty of support, whose file is closed (P19)."""
    c = history.c
    with db.reading() as session:
        asked = select(c.at, c.name, c.element).where(c.what == "completed", c.who.is_not(None))
        done = session.connection().execute(asked.where(c.subject_id == life.elder_id)).all()
    closed = {"verify", "urge", "check_urged", "record_grave", "joint_education", "check_joint", "check_watch"}
    by_day: dict[date, str] = {}
    for day, _, words in lines:
        by_day[day] = by_day.get(day, "") + words
    assert len(done) > 200, len(done)
    missing = [
        (row.at, row.name)
        for row in done
        if (row.element not in closed) != (row.name.split(" ")[0] in by_day.get(life.local(row.at).date(), ""))
    ]
    assert missing == [], missing
