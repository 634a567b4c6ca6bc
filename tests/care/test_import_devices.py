"""Device and platform lists: everything or nothing, and every fault with its line."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from care import consents, devices, imports
from care.devices import Device, Platform
from care.imports import RowsRefused
from tests.builders import a_city, an_elder

KEY = "0f" * 32


@pytest.fixture
def session(database, monday):
    with database.writing() as opened:
        yield opened


@pytest.fixture
def elder(session):
    return an_elder(session, a_city(session))


def table(*rows, head="device,key,kind,elder,model"):
    return "\n".join([head, *rows]).encode()


def test_devices_are_registered_and_placed(session, elder):
    report = imports.run(
        session, imports.KINDS["devices"], table(f"x-1,{KEY},bracelet,{elder.number},W2", f"x-2,{KEY},smoke,,S3")
    )

    assert (report.added, report.notes) == (2, [])
    assert devices.owner(session, devices.find(session, "x-1")) is elder
    assert devices.owner(session, devices.find(session, "x-2")) is None
    assert devices.secret_of(session, "x-1") == bytes.fromhex(KEY)


def test_the_same_file_again_changes_nothing(session, elder):
    rows = table(f"x-1,{KEY},bracelet,{elder.number},W2")
    imports.run(session, imports.KINDS["devices"], rows)

    report = imports.run(session, imports.KINDS["devices"], rows)

    assert (report.added, report.changed, report.same) == (0, 0, 1)


def test_one_bad_row_keeps_all_out_and_every_fault_has_its_line(session, elder):
    rows = table(
        f"x-1,{KEY},bracelet,{elder.number},W2",
        f"x/2,{KEY},smoke,,S3",
        "x-3,zz,smoke,E999999,S3",
        f"x-1,{KEY},smoke,,S3",
        f"x-4,{KEY},,,",
    )

    with pytest.raises(RowsRefused) as refused:
        imports.run(session, imports.KINDS["devices"], rows)

    lines = [fault.partition("：")[0] for fault in refused.value.faults]
    assert lines == ["第3行", "第4行", "第4行", "第5行", "第6行"]
    assert session.scalar(select(func.count()).select_from(Device)) == 0


@pytest.mark.parametrize(
    "content", [b"", b"device,key\n1,2", "设备,密钥\n1,2".encode("gb18030"), b"\xff\xfe\x00\xd8\xff\xff", table()]
)
def test_a_file_that_is_no_such_table_is_refused(session, content):
    with pytest.raises(RowsRefused):
        imports.run(session, imports.KINDS["devices"], content)


def test_a_file_saved_by_a_spreadsheet_is_read(session, elder):
    content = table(f"x-1,{KEY},bracelet,{elder.number},手环").decode()

    imports.run(session, imports.KINDS["devices"], content.encode("utf-8-sig"))
    imports.run(session, imports.KINDS["devices"], content.replace("x-1", "x-2").encode("gb18030"))

    assert {device.model for device in session.scalars(select(Device))} == {"手环"}


def test_a_device_without_consent_is_imported_with_a_note(session, elder):
    consents.withdraw(session, elder, "device_monitoring")

    report = imports.run(session, imports.KINDS["devices"], table(f"x-1,{KEY},bracelet,{elder.number},W2"))

    assert report.added == 1 and "未同意" in report.notes[0]


def test_platforms_are_imported_and_keys_rotated(session):
    head = "kid,key,name,devices"
    imports.run(session, imports.KINDS["platforms"], table(f"ct,{KEY},电信平台,ct-", head=head))

    report = imports.run(session, imports.KINDS["platforms"], table(f"ct,{'ee' * 32},电信平台,*", head=head))

    assert report.changed == 1
    platform = session.get(Platform, "ct")
    assert (platform.key, platform.devices) == ("ee" * 32, "*")


def test_bad_platform_rows_are_refused(session):
    with pytest.raises(RowsRefused) as refused:
        imports.run(
            session, imports.KINDS["platforms"], table("a b,k,x,", "ok,12345678,x,*", head="kid,key,name,devices")
        )

    assert len(refused.value.faults) == 3
    assert session.scalar(select(func.count()).select_from(Platform)) == 0
