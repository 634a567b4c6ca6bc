"""Read tokens into nodes: one method per rank of signs, from `or` down to a single value.

Nesting is bounded (20), so neither reading nor evaluating can run out of stack.
"""

from __future__ import annotations

from collections.abc import Callable

from engine.expressions import nodes
from engine.expressions.kinds import Kinds
from engine.expressions.singles import Singles

_COMPARING = frozenset(("=", "!=", "<", "<=", ">", ">="))


class Parser(Singles, Kinds):
    """Reads one text."""

    # --- whole texts ---

    def whole_expression(self) -> nodes.Node:
        """The text as one expression."""
        result = self.expression()
        self._end()
        asked = next((each for each in self.tokens if each.kind == "sign" and each.text == "?"), None)
        if asked is not None:
            raise self._refused("? 只能用在决策表的条件格里", "? stands for the input of a decision cell only", asked)
        return result

    def whole_tests(self) -> tuple[nodes.Node, ...]:
        """The text as a decision cell; nothing and `-` accept any value."""
        if self._sees("end") or (self._sees("sign", "-") and self.tokens[1].kind == "end"):
            return (nodes.AnyValue(),)
        result = self._tests()
        self._end()
        return result

    # --- expressions, from the loosest sign to the tightest ---

    def expression(self) -> nodes.Node:
        self._deeper()
        outer, self.at_span_end = self.at_span_end, False
        if self._takes("name", "if"):
            result = self._if()
        elif self._sees("name") and self.here.text in ("for", "some", "every") and self._sees("name", None, 1):
            result = self._each()
        else:
            result = self._any_of()
        self.at_span_end = outer
        self.depth -= 1
        return result

    def _if(self) -> nodes.Node:
        condition = self.expression()
        self._needs("name", "then")
        then = self.expression()
        self._needs("name", "else")
        return nodes.If(condition, then, self.expression())

    def _each(self) -> nodes.Node:
        word = self.here.text
        self.at += 1
        over = [self._binding()]
        while self._takes("sign", ","):
            over.append(self._binding())
        self._needs("name", "return" if word == "for" else "satisfies")
        return nodes.Each(word, tuple(over), self.expression())

    def _binding(self) -> tuple[str, nodes.Node, nodes.Node | None]:
        name = self._new_name()
        self._needs("name", "in")
        low = self.expression()
        return name, low, self.expression() if self._takes("sign", "..") else None

    def _any_of(self) -> nodes.Node:
        parts = [self._all_of()]
        while self._takes("name", "or"):
            parts.append(self._all_of())
        return parts[0] if len(parts) == 1 else nodes.Or(tuple(parts))

    def _all_of(self) -> nodes.Node:
        parts = [self._comparison()]
        while self._takes("name", "and"):
            parts.append(self._comparison())
        return parts[0] if len(parts) == 1 else nodes.And(tuple(parts))

    def _comparison(self) -> nodes.Node:
        left = self.total()
        if self._sees("sign") and self.here.text in _COMPARING:
            sign = self.here.text
            self.at += 1
            left = nodes.Compare(sign, left, self.total())
            if self._sees("sign") and self.here.text in _COMPARING:
                raise self._refused("比较不能连写，请用 and", "comparisons cannot be chained; use and")
        elif self._takes("name", "between"):
            low = self.total()
            self._needs("name", "and")
            left = nodes.Between(left, low, self.total())
        elif self._takes("name", "in"):
            left = nodes.In(left, self._in_tests())
        elif self._sees("name", "instance") and self._sees("name", "of", 1):
            self.at += 2
            left = nodes.InstanceOf(left, self.kind_name())
        return left

    def total(self) -> nodes.Node:
        return self._chain(("+", "-"), self._product)

    def _product(self) -> nodes.Node:
        return self._chain(("*", "/"), self._power)

    def _power(self) -> nodes.Node:
        return self._chain(("**",), self._signed)

    def _chain(self, signs: tuple[str, ...], part: Callable[[], nodes.Node]) -> nodes.Node:
        first = part()
        rest: list[tuple[str, nodes.Node]] = []
        while self._sees("sign") and self.here.text in signs:
            sign = self.here.text
            self.at += 1
            rest.append((sign, part()))
        return nodes.Reckoning(first, tuple(rest)) if rest else first

    def _signed(self) -> nodes.Node:
        if not self._takes("sign", "-"):
            return self.with_steps()
        self._deeper()
        value = self._signed()
        self.depth -= 1
        if isinstance(value, nodes.Constant) and type(value.value) in (int, float):
            return nodes.Constant(-value.value)
        return nodes.Negate(value)

    # --- tests: decision cells, and what follows `in` ---

    def _tests(self) -> tuple[nodes.Node, ...]:
        found = [self._test()]
        while self._takes("sign", ","):
            found.append(self._test())
        return tuple(found)

    def _test(self) -> nodes.Node:
        if self._sees("sign") and self.here.text in _COMPARING:
            sign = self.here.text
            self.at += 1
            return nodes.SignTest(sign, self.total())
        if self._sees("name", "not") and self._sees("sign", "(", 1):
            start = self.at
            inside = self._not_test()
            if self._sees("end") or (self._sees("sign") and self.here.text in (",", ")")):
                return inside
            self.at = start
        return nodes.ValueTest(self.expression())

    def _not_test(self) -> nodes.Node:
        self._deeper()
        self.at += 2
        inside = self._tests()
        self._needs("sign", ")")
        self.depth -= 1
        return nodes.NotTest(inside)

    def _in_tests(self) -> tuple[nodes.Node, ...]:
        if self._sees("sign") and self.here.text in _COMPARING:
            return (self._test(),)
        if self._sees("name", "not") and self._sees("sign", "(", 1):
            return (self._not_test(),)
        if not self._sees("sign", "("):
            return (nodes.ValueTest(self.total()),)
        opening = self.here
        self.at += 1
        found = [self._test()]
        first = found[0]
        if isinstance(first, nodes.ValueTest) and self._takes("sign", ".."):
            return (nodes.ValueTest(self._span(opening, first.value)),)
        while self._takes("sign", ","):
            found.append(self._test())
        self._needs("sign", ")")
        return tuple(found)
