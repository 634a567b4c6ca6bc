"""What pages show of names and numbers to people who do not need them whole."""

from __future__ import annotations


def mask_name(name: str) -> str:
    """王淑兰 → 王*兰, 王兰 → 王*; a name of one sign stays hidden."""
    if len(name) <= 1:
        return "*" * len(name)
    if len(name) == 2:
        return name[0] + "*"
    return name[0] + "*" * (len(name) - 2) + name[-1]


def mask_phone(phone: str) -> str:
    """13812345678 → 138****5678; a short number keeps only its last two digits."""
    digits = phone.strip()
    if len(digits) >= 8:
        return f"{digits[:3]}****{digits[-4:]}"
    return "****" + digits[-2:] if digits else ""


def mask_id_number(number: str) -> str:
    """150203194206121234 → 1502**********1234."""
    text = number.strip()
    if len(text) <= 8:
        return "*" * len(text)
    return text[:4] + "*" * (len(text) - 8) + text[-4:]
