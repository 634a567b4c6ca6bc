"""Invented names, telephones and id numbers: plausible to read, nobody's own.

Id numbers carry the county code 150299, which no county has, and a right checksum. Telephones lie in 1990000xxxx and
up, counted, so that no two are alike.
"""

from __future__ import annotations

from datetime import date
from itertools import count
from random import Random

_SURNAMES = "王w李l张z刘l陈c杨y赵z黄h周z吴w徐x孙s胡h朱z高g林l何h郭g马m罗l梁l宋s郑z谢x韩h唐t冯f于y董d萧x程c曹c"
_WOMEN = "秀x兰l英y桂g芳f玉y珍z梅m凤f淑s琴q莲l香x霞x云y娥e翠c素s菊j花h"
_MEN = "国g建j德d明m文w福f贵g山s林l军j生s志z强q永y海h成c富f祥x喜x田t"
_YOUNG_WOMEN = "丽l静j敏m燕y娟j艳y婷t雪x红h慧h"
_YOUNG_MEN = "伟w勇y磊l涛t鹏p超c波b斌b刚g峰f"
_MONGOLIAN_WOMEN = [
    "乌兰wl",
    "其其格qqg",
    "萨仁sr",
    "娜仁nr",
    "斯琴sq",
    "敖登ad",
    "图雅ty",
    "高娃gw",
    "托娅ty",
    "通拉嘎tlg",
]
_MONGOLIAN_MEN = [
    "巴特尔bte",
    "宝音by",
    "朝鲁cl",
    "那顺ns",
    "格日勒grl",
    "苏和sh",
    "巴图bt",
    "达来dl",
    "额尔敦eed",
    "孟和mh",
]
_CHECK = "10X98765432"
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def _pairs(text: str) -> list[tuple[str, str]]:
    return list(zip(text[::2], text[1::2], strict=True))


class Names:
    """A source of invented people; the same seed gives the same people."""

    def __init__(self, chance: Random) -> None:
        self.chance = chance
        self._phones = count(19900000001)
        self._orders = count(1)

    def elder(self, sex: str, mongolian: bool = False) -> tuple[str, str]:
        """(name, initials) of somebody old."""
        if mongolian:
            word = self.chance.choice(_MONGOLIAN_WOMEN if sex == "f" else _MONGOLIAN_MEN)
            name = "".join(letter for letter in word if not letter.isascii())
            return name, word[len(name) :]
        return self._name(_WOMEN if sex == "f" else _MEN)

    def worker(self, sex: str) -> tuple[str, str]:
        """(name, initials) of somebody of working age."""
        return self._name(_YOUNG_WOMEN if sex == "f" else _YOUNG_MEN)

    def child(self, parent: str, sex: str) -> str:
        """A grown child's name; the surname is the parent's unless that is a Mongolian name."""
        name, _ = self.worker(sex)
        return parent[0] + name[1:] if any(parent[0] == letter for letter, _ in _pairs(_SURNAMES)) else name

    def _name(self, given: str) -> tuple[str, str]:
        letters = [self.chance.choice(_pairs(_SURNAMES))]
        letters += self.chance.sample(_pairs(given), self.chance.choice((1, 2, 2)))
        return "".join(letter for letter, _ in letters), "".join(first for _, first in letters)

    def phone(self) -> str:
        return str(next(self._phones))

    def id_number(self, born_on: date, sex: str) -> str:
        """18 digits with the right checksum; the last but one is odd for men."""
        order = next(self._orders) % 499 * 2 + (1 if sex == "m" else 0)
        body = f"150299{born_on:%Y%m%d}{order:03d}"
        return body + _CHECK[sum(int(digit) * weight for digit, weight in zip(body, _WEIGHTS, strict=True)) % 11]
