"""Read single values: constants, names and their steps, calls, lists, contexts, ranges, what stands in parentheses."""

from __future__ import annotations

from abc import abstractmethod
from decimal import Decimal

from engine.expressions import nodes, reckoning
from engine.expressions.cursor import DEEPEST, Cursor
from engine.expressions.faults import ExpressionFault
from engine.expressions.functions import FUNCTIONS, LONG_NAMES, Function, placed
from engine.expressions.patterns import PatternRefused, compile_pattern
from engine.expressions.times import parse_temporal
from engine.expressions.tokens import Token
from engine.expressions.values import Range, ordered

_WORDS = frozenset(
    (
        *("and", "or", "not", "between", "in", "if", "then", "else", "for", "some", "every"),
        *("return", "satisfies", "instance", "function", "external"),
    )
)
_WITH_PATTERN = frozenset(("matches", "replace", "extract", "split"))
_RAYS = frozenset(("<", "<=", ">", ">=", "="))
_LONG_PARTS = (("start", "included"), ("end", "included"), ("time", "offset"))
_CONSTANTS = {"null": None, "true": True, "false": False}


class Singles(Cursor):
    """The part of the parser below all signs."""

    @abstractmethod
    def expression(self) -> nodes.Node:
        """Any expression."""

    @abstractmethod
    def total(self) -> nodes.Node:
        """An expression without comparisons."""

    def _plain_name(self) -> str:
        if not self._sees("name") or self.here.text in _WORDS or self.here.text in _CONSTANTS:
            raise self._refused("这里应为名称", "a name is expected here")
        self.at += 1
        return self.tokens[self.at - 1].text

    def _new_name(self) -> str:
        """A name that is bound here; it may have several words."""
        words = [self._plain_name()]
        while self._sees("name") and self.here.text not in _WORDS:
            words.append(self._plain_name())
        self._declare(words)
        return " ".join(words)

    def with_steps(self) -> nodes.Node:
        value = self._single()
        filters = 0
        while True:
            if self._takes("sign", "."):
                step = self._step()
                if isinstance(value, nodes.Path):
                    value = nodes.Path(value.start, (*value.steps, step))
                else:
                    value = nodes.Path(value, (step,))
            elif self._sees("sign", "[") and not self.at_span_end:
                filters += 1
                if filters > DEEPEST:
                    raise self._refused(f"筛选超过 {DEEPEST} 层", f"more than {DEEPEST} filters")
                self.at += 1
                value = nodes.Filter(value, self.expression())
                self._needs("sign", "]")
            else:
                return value

    def _step(self) -> str:
        long = self._long_name()
        if long is not None:
            return long
        for words in _LONG_PARTS:
            if tuple(each.text for each in self.tokens[self.at : self.at + 2]) == words:
                self.at += 2
                return " ".join(words)
        if not self._sees("name"):
            raise self._refused("点号后应为名称", "a name is expected after the dot")
        self.at += 1
        return self.tokens[self.at - 1].text

    def _single(self) -> nodes.Node:
        token = self.here
        if token.kind == "name":
            return self._named()
        self.at += 1
        if token.kind == "number":
            return self._number(token)
        if token.kind == "string":
            return nodes.Constant(token.text)
        if token.kind == "at":
            return self._at_literal(token)
        if token.kind == "sign":
            if token.text == "?":
                return nodes.Input()
            if token.text == "{":
                return self._entries()
            if token.text in ("[", "(", "]"):
                return self._bracketed(token)
        self.at -= 1
        raise self._refused("这里应为一个值", "a value is expected here")

    def _number(self, token: Token) -> nodes.Node:
        try:
            return nodes.Constant(reckoning.number(Decimal(token.text)))
        except (ExpressionFault, ArithmeticError):
            raise self._refused("数值过大", "the number is too large", token) from None

    def _at_literal(self, token: Token) -> nodes.Node:
        value = parse_temporal(token.text)
        if value is None:
            raise self._refused("不是日期、时间或时长", "neither date, time nor duration", token)
        return nodes.Constant(value)

    def _entries(self) -> nodes.Node:
        found: dict[str, nodes.Node] = {}
        while not self._takes("sign", "}"):
            if found:
                self._needs("sign", ",")
            token = self.here
            words: list[str] = []
            while self._sees("name") or (self._sees("string") and not words):
                words.append(self.here.text)
                self.at += 1
            if not words or " ".join(words) in found:
                raise self._refused("这里应为新的键名", "a new key is expected here", token)
            self._needs("sign", ":")
            found[" ".join(words)] = self.expression()
            self._declare(" ".join(words).split())
        return nodes.Entries(tuple(found.items()))

    def _bracketed(self, opening: Token) -> nodes.Node:
        """A list, a range, or an expression in parentheses."""
        if opening.text == "[" and self._takes("sign", "]"):
            return nodes.Items(())
        if opening.text == "(" and self._sees("sign") and self.here.text in _RAYS:
            return self._ray()
        first = self.expression()
        if self._takes("sign", ".."):
            return self._span(opening, first)
        if opening.text == "(":
            self._needs("sign", ")")
            return first
        if opening.text == "]":
            raise self._refused("区间缺少 ..", "the range has no ..")
        items = [first]
        while self._takes("sign", ","):
            items.append(self.expression())
        self._needs("sign", "]")
        return nodes.Items(tuple(items))

    def _span(self, opening: Token, low: nodes.Node) -> nodes.Node:
        outer, self.at_span_end = self.at_span_end, True
        high = self.total()
        self.at_span_end = outer
        if not (self._sees("sign") and self.here.text in ("]", ")", "[")):
            raise self._refused("区间没有结束", "the range is not closed")
        closing = self.here.text
        self.at += 1
        closed = opening.text == "[", closing == "]"
        if not isinstance(low, nodes.Constant) or not isinstance(high, nodes.Constant):
            return nodes.Span(low, high, *closed)
        if ordered(low.value, high.value) is None:
            raise self._refused("区间两端的类型不一致", "the ends of the range have no common order", opening)
        return nodes.Constant(Range(low.value, high.value, *closed))

    def _ray(self) -> nodes.Node:
        """A range with one end only, such as `(>= 5)`."""
        sign = self.here.text
        self.at += 1
        end = self.total()
        self._needs("sign", ")")
        closed = sign.endswith("=")
        if sign == "=":
            return nodes.Span(end, end, True, True)
        return nodes.Span(None, end, False, closed) if sign[0] == "<" else nodes.Span(end, None, closed, False)

    def _named(self) -> nodes.Node:
        """A constant, a call, or a name."""
        token = self.here
        if token.text in _CONSTANTS:
            self.at += 1
            return nodes.Constant(_CONSTANTS[token.text])
        if token.text == "not" and self._sees("sign", "(", 1):
            self.at += 2
            value = self.expression()
            self._needs("sign", ")")
            return nodes.Not(value)
        called = self._called()
        if called is not None:
            return called
        long = self._long_name()
        return nodes.Name(long if long is not None else self._plain_name())

    def _called(self) -> nodes.Node | None:
        token = self.here
        for words in (*LONG_NAMES.get(token.text, ()), (token.text,)):
            there = tuple(each.text for each in self.tokens[self.at : self.at + len(words)])
            if there == words and self._sees("sign", "(", len(words)) and token.text not in _WORDS:
                self.at += len(words) + 1
                return self._call(" ".join(words), token)
        return None

    def _call(self, name: str, token: Token) -> nodes.Node:
        if name not in FUNCTIONS:
            raise self._refused(f"没有函数 {name}", f"there is no function {name!r}", token)
        arguments: list[nodes.Node] = []
        names: list[str] = []
        while not self._takes("sign", ")"):
            if arguments:
                self._needs("sign", ",")
            if (name_given := self._argument_name()) is not None:
                names.append(name_given)
            arguments.append(self._lambda() if self._takes("name", "function") else self.expression())
        called = FUNCTIONS[name]
        if names:
            arguments = self._placed(called, names, arguments, token)
        if len(arguments) < called.least or (called.most is not None and len(arguments) > called.most):
            raise self._refused(f"函数 {name} 的参数个数不对", f"wrong number of arguments for {name!r}", token)
        self._check_pattern(name, arguments, token)
        return nodes.Call(name, tuple(arguments))

    def _check_pattern(self, name: str, arguments: list[nodes.Node], token: Token) -> None:
        """A pattern that stands in the text is refused with it, not when it is used."""
        pattern = arguments[1] if name in _WITH_PATTERN else None
        if not isinstance(pattern, nodes.Constant) or type(pattern.value) is not str:
            return
        try:
            compile_pattern(pattern.value)
        except PatternRefused as fault:
            raise self._refused(fault.zh, fault.en, token) from None

    def _argument_name(self) -> str | None:
        """The words before a colon, when an argument is named."""
        end = self.at
        while self.tokens[end].kind == "name":
            end += 1
        if end == self.at or self.tokens[end][:2] != ("sign", ":"):
            return None
        words = [each.text for each in self.tokens[self.at : end]]
        self.at = end + 1
        return " ".join(words)

    def _placed(
        self, called: Function, names: list[str], arguments: list[nodes.Node], token: Token
    ) -> list[nodes.Node]:
        given = dict(zip(names, arguments, strict=False))
        found = placed(called, given, nodes.Constant(None)) if len(given) == len(arguments) else None
        if found is None:
            ways = " / ".join(", ".join(each) for each in called.signatures)
            raise self._refused(
                f"函数 {called.name} 的参数名应为：{ways}", f"the parameters of {called.name!r} are: {ways}", token
            )
        return found

    def _lambda(self) -> nodes.Node:
        self._needs("sign", "(")
        names = [self._plain_name()]
        while self._takes("sign", ","):
            names.append(self._plain_name())
        self._needs("sign", ")")
        return nodes.Lambda(tuple(names), self.expression())
