"""Encrypted fields and their blind indexes; the keys live outside the database.

A stored value is one byte of key number, one byte of algorithm, 12 bytes nonce, then AES-256-GCM ciphertext.
A blind index is the first 16 bytes of HMAC-SHA256 over purpose and normalised value: exact search without reading.
The key is VISITFLOW_DATA_KEY or the file `keys/data.key` in the home folder, made once with mode 0600. Whoever
loses it loses these fields: back it up apart from the database.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from functools import cache
from pathlib import Path
from typing import Any

import orjson
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import LargeBinary
from sqlalchemy.types import TypeDecorator

from engine.errors import EngineError
from engine.settings import settings

AES_256_GCM = 1
_KEY_NUMBER = 1


class CannotDecrypt(EngineError):
    """A stored field cannot be read with the present key; restore the key file that belongs to this database."""


def encrypt(text: bytes) -> bytes:
    nonce = os.urandom(12)
    head = bytes((_KEY_NUMBER, AES_256_GCM))
    return head + nonce + AESGCM(_keys()[0]).encrypt(nonce, text, head)


def decrypt(stored: bytes) -> bytes:
    try:
        return AESGCM(_keys()[0]).decrypt(stored[2:14], stored[14:], stored[:2])
    except Exception as fault:
        raise CannotDecrypt(str(CannotDecrypt.__doc__)) from fault


def blind_index(purpose: str, value: str) -> bytes:
    """16 bytes by which an encrypted value can be found again; `purpose` keeps columns apart."""
    normal = "".join(value.split()).upper()
    return hmac.new(_keys()[1], f"{purpose}\0{normal}".encode(), hashlib.sha256).digest()[:16]


def secret_file(name: str, size: int = 32) -> bytes:
    """A secret of this installation: made once with mode 0600, then read."""
    path: Path = settings().home / "keys" / name
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not path.exists():
        beside = path.with_name(f"{name}.{os.getpid()}.{secrets.token_hex(4)}")
        beside.write_text(secrets.token_hex(size))
        beside.chmod(0o600)
        try:
            os.link(beside, path)  # the first process wins, whoever else starts at the same moment
        except FileExistsError:
            pass
        finally:
            beside.unlink()
    return bytes.fromhex(path.read_text().strip())


@cache
def _keys() -> tuple[bytes, bytes]:
    master = bytes.fromhex(settings().data_key) if settings().data_key else secret_file("data.key")
    return tuple(hmac.new(master, use, hashlib.sha256).digest() for use in (b"fields", b"index"))  # type: ignore[return-value]


class Encrypted(TypeDecorator[str]):
    """A text column that is encrypted at rest."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Any) -> bytes | None:
        return None if value is None else encrypt(value.encode())

    def process_result_value(self, value: bytes | None, dialect: Any) -> str | None:
        return None if value is None else decrypt(value).decode()


class EncryptedDocument(TypeDecorator[Any]):
    """A JSON column that is encrypted at rest."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Any) -> bytes | None:
        return None if value is None else encrypt(orjson.dumps(value))

    def process_result_value(self, value: bytes | None, dialect: Any) -> Any:
        return None if value is None else orjson.loads(decrypt(value))
