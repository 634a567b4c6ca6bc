"""The machine: is the disk fast enough, and is there room."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy.engine import make_url

from engine import db
from engine.settings import settings
from web.doctor.findings import BAD, OK, WARN, Finding, bad, graded, ok, warn

SLOW_FLUSHES, FEW_FLUSHES = 300, 50
"""Flushes a second: below the first a busy city waits for the disk, below the second everybody does."""
LITTLE_SPACE, NO_SPACE = 5 * 1024**3, 1024**3


def disk_flush() -> Iterator[Finding]:
    """How often the disk keeps what it is told to keep."""
    folder = data_folder()
    rate = flushes_per_second(folder)
    zh, en = f"每秒落盘 {rate} 次", f"{rate} flushes a second"
    if rate < FEW_FLUSHES:
        yield bad(
            "disk_flush",
            f"{zh}，太慢，请换 SSD 或带掉电保护的盘",
            f"{en}: too slow, use an SSD with protected cache",
        )
    elif rate < SLOW_FLUSHES:
        yield warn("disk_flush", f"{zh}，忙时会等盘", f"{en}: busy hours will wait for the disk")
    else:
        yield ok("disk_flush", zh, en)


def flushes_per_second(folder: Path, seconds: float = 0.5) -> int:
    """How often 4 kB are safely on the disk of this folder in a second."""
    path = folder / f".doctor-{os.getpid()}"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        count, began = 0, time.perf_counter()
        while time.perf_counter() - began < seconds:
            os.pwrite(descriptor, os.urandom(4096), 0)
            os.fdatasync(descriptor)
            count += 1
        return round(count / (time.perf_counter() - began))
    finally:
        os.close(descriptor)
        path.unlink()


def free_disk() -> Iterator[Finding]:
    """Room for the database."""
    free = shutil.disk_usage(data_folder()).free
    zh, en = f"剩余 {free / 1024**3:.1f} GB", f"{free / 1024**3:.1f} GB free"
    level = BAD if free < NO_SPACE else WARN if free < LITTLE_SPACE else OK
    yield graded(level, "free_disk", zh, en, "请清理或扩容", "make room")


def data_folder() -> Path:
    """Where the data lie that must not be lost."""
    if db.database().is_sqlite:
        return Path(make_url(db.database().url).database or ".").resolve().parent
    settings().home.mkdir(parents=True, exist_ok=True)
    return settings().home
