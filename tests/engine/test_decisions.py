"""Decision files: hit policies, types, graphs, and what is refused."""

from __future__ import annotations

import pytest

from engine.decisions import DecisionFault, DecisionsRefused, Fired, UnknownDecision, load
from tests.engine.dmn import HEAD, decision, file_of, input_data, literal, one, table_of

AGES = [("< 60", '"none"'), ("[60..80)", '"key"'), (">= 80", '"high"')]
OVERLAP = [("> 10", "1"), ("> 20", "2"), ("> 30", "3")]


@pytest.mark.parametrize(("age", "tier"), [(59, "none"), (60, "key"), (79, "key"), (80, "high")])
def test_a_unique_table_gives_the_value_of_its_one_rule(age, tier):
    assert one("UNIQUE", ["age"], ["tier"], AGES).evaluate("d1", {"age": age}) == tier


def test_a_table_without_policy_is_unique():
    decisions = load(
        file_of(decision("d1", table_of("UNIQUE", ["a"], ["b"], OVERLAP).replace(' hitPolicy="UNIQUE"', "")))
    )

    with pytest.raises(DecisionFault) as fault:
        decisions.evaluate("d1", {"a": 25})

    assert fault.value.rules == ("r1", "r2")
    assert "r1" in fault.value.zh and "r2" in fault.value.en


def test_no_rule_is_reported_unless_the_table_has_a_default():
    with pytest.raises(DecisionFault):
        one("UNIQUE", ["age"], ["tier"], AGES).evaluate("d1", {})

    assert one("UNIQUE", ["age"], [("tier", "", '"asked"')], AGES).evaluate("d1", {}) == "asked"
    assert one("UNIQUE", ["age"], [("tier", "", "null")], AGES).evaluate("d1", {}) is None


@pytest.mark.parametrize(
    ("policy", "attributes", "value", "result"),
    [
        ("FIRST", "", 25, 1),
        ("RULE ORDER", "", 25, [1, 2]),
        ("RULE ORDER", "", 5, []),
        ("COLLECT", "", 35, [1, 2, 3]),
        ("COLLECT", "", 5, []),
        ("COLLECT", ' aggregation="SUM"', 35, 6),
        ("COLLECT", ' aggregation="MIN"', 35, 1),
        ("COLLECT", ' aggregation="MAX"', 35, 3),
        ("COLLECT", ' aggregation="COUNT"', 35, 3),
        ("COLLECT", ' aggregation="COUNT"', 5, 0),
        ("COLLECT", ' aggregation="SUM"', 5, None),
    ],
)
def test_each_hit_policy_does_what_its_name_says(policy, attributes, value, result):
    assert one(policy, ["a"], ["b"], OVERLAP, attributes).evaluate("d1", {"a": value}) == result


def test_priority_and_output_order_follow_the_listed_values():
    rules = [("> 10", '"low"'), ("> 20", '"high"'), ("> 30", '"mid"')]
    outputs = [("b", '"high","mid","low"', "")]

    assert one("PRIORITY", ["a"], outputs, rules).evaluate("d1", {"a": 25}) == "high"
    assert one("OUTPUT ORDER", ["a"], outputs, rules).evaluate("d1", {"a": 35}) == ["high", "mid", "low"]


def test_any_takes_equal_results_and_reports_different_ones():
    same = [("> 10", "1"), ("> 20", "1"), ("> 30", "2")]

    assert one("ANY", ["a"], ["b"], same).evaluate("d1", {"a": 25}) == 1
    with pytest.raises(DecisionFault):
        one("ANY", ["a"], ["b"], same).evaluate("d1", {"a": 35})


def test_several_columns_give_a_context():
    decisions = one("UNIQUE", ["a", "b"], ["x", "y"], [("1", "-", "b + 1", '"s"'), ("2", "null", "null", "[1]")])

    assert decisions.evaluate("d1", {"a": 1, "b": 4}) == {"x": 5, "y": "s"}
    assert decisions.evaluate("d1", {"a": 2}) == {"x": None, "y": [1]}


def test_a_collecting_table_of_several_columns_gives_a_list_of_contexts():
    decisions = one("COLLECT", ["a"], ["x", "y"], [("> 1", "1", "2"), ("> 2", "3", "4")])

    assert decisions.evaluate("d1", {"a": 3}) == [{"x": 1, "y": 2}, {"x": 3, "y": 4}]


def test_the_rules_that_fired_are_told():
    fired: list[Fired] = []

    one("COLLECT", ["a"], ["b"], OVERLAP).evaluate("d1", {"a": 25}, fired)

    assert [(each.decision, each.rule) for each in fired] == [("d1", "r1"), ("d1", "r2")]


def test_required_decisions_are_made_first_and_once():
    decisions = load(
        file_of(
            input_data("i1", "Monthly Income", "number"),
            decision("c", literal("Risk Class + string(Base)"), requires=["b", "a"]),
            decision(
                "b",
                table_of("UNIQUE", ["Base"], ["out"], [("> 10", '"A"'), ("<= 10", '"B"')]),
                requires=["a"],
                name="Risk Class",
            ),
            decision("a", literal("Monthly Income / 2"), inputs=["i1"], name="Base"),
        )
    )

    assert decisions.evaluate("c", {"Monthly Income": 30}) == "A15"
    assert decisions.evaluate("Risk Class", {"Monthly Income": 10}) == "B"


def test_a_context_builds_on_its_own_entries():
    logic = (
        f'<context><contextEntry><variable name="base"/>{literal("a * 2")}</contextEntry>'
        f'<contextEntry><variable name="more"/>{literal("base + 1")}</contextEntry>%s</context>'
    )
    as_context = load(file_of(decision("d1", logic % "")))
    as_result = load(file_of(decision("d1", logic % f"<contextEntry>{literal('more * 10')}</contextEntry>")))

    assert as_context.evaluate("d1", {"a": 2}) == {"base": 4, "more": 5}
    assert as_result.evaluate("d1", {"a": 2}) == 50


@pytest.mark.parametrize(
    ("type_", "given", "text", "result"),
    [
        ("date", "2026-08-03", 'x + duration("P1D")', "2026-08-04"),
        ("dateTime", "2026-08-03T09:00:00+08:00", 'x + duration("PT1H")', "2026-08-03T10:00:00+08:00"),
        ("time", "09:00:00", 'x + duration("PT1H")', "10:00:00"),
        ("dayTimeDuration", "PT24H", "x * 2", "P2D"),
        ("yearMonthDuration", "P1Y", "x * 2", "P2Y"),
        ("number", 3, "x + 1", 4),
        ("string", "2026-08-03", "x", "2026-08-03"),
        ("boolean", True, "not(x)", False),
        ("Any", [1], "x", [1]),
        ("number", None, "x", None),
    ],
)
def test_inputs_are_converted_to_their_declared_type(type_, given, text, result):
    decisions = load(file_of(input_data("i", "x", type_), decision("d1", literal(text), inputs=["i"])))

    assert decisions.evaluate("d1", {"x": given}) == result


@pytest.mark.parametrize(
    ("type_", "given"),
    [("number", "3"), ("number", True), ("boolean", 1), ("date", "soon"), ("string", 5), ("dayTimeDuration", "P1M")],
)
def test_an_input_of_the_wrong_type_is_reported(type_, given):
    decisions = load(file_of(input_data("i", "x", type_), decision("d1", literal("x"), inputs=["i"])))

    with pytest.raises(DecisionFault, match="x"):
        decisions.evaluate("d1", {"x": given})


def test_a_column_converts_by_its_own_type():
    decisions = one(
        "UNIQUE", [("due", "date")], ["late"], [('< date("2026-08-03")', "true"), ('>= date("2026-08-03")', "false")]
    )

    assert decisions.evaluate("d1", {"due": "2026-08-02"}) is True


def test_item_definitions_give_structure_lists_and_allowed_values():
    types = (
        '<itemDefinition name="tPerson"><itemComponent name="born"><typeRef>date</typeRef></itemComponent>'
        "</itemDefinition>"
        '<itemDefinition name="tPeople" isCollection="true"><typeRef>tPerson</typeRef></itemDefinition>'
        '<itemDefinition name="tTier"><typeRef>string</typeRef>'
        '<allowedValues><text>"high","key"</text></allowedValues></itemDefinition>'
    )
    decisions = load(
        file_of(
            types,
            input_data("i1", "people", "tPeople"),
            input_data("i2", "tier", "tTier"),
            decision("d1", literal("people.born[1].year"), inputs=["i1", "i2"]),
        )
    )

    assert decisions.evaluate("d1", {"people": [{"born": "1940-02-29"}], "tier": "key"}) == 1940
    with pytest.raises(DecisionFault):
        decisions.evaluate("d1", {"people": [], "tier": "other"})


def refused(xml):
    with pytest.raises(DecisionsRefused) as fault:
        load(xml)
    return {each.element for each in fault.value.refusals}


@pytest.mark.parametrize(
    ("xml", "element"),
    [
        (b"<nonsense", "definitions"),
        (b"<a/>", "definitions"),
        (file_of(namespace="urn:other"), "definitions"),
        (b'<!DOCTYPE a [<!ENTITY x "y">]>' + file_of()[len(HEAD) :], "definitions"),
        (file_of(), "d"),
        (file_of('<businessKnowledgeModel id="bkm"/>', decision("a", literal("1"))), "bkm"),
        (file_of('<import id="imp" importType="x"/>', decision("a", literal("1"))), "imp"),
        (file_of('<decisionService id="ds"/>', decision("a", literal("1"))), "ds"),
        (file_of(decision("a", '<invocation id="inv"/>')), "inv"),
        (file_of(decision("a", '<functionDefinition id="f"/>')), "f"),
        (file_of(decision("a", '<knowledgeRequirement id="kr"/>' + literal("1"))), "kr"),
        (file_of(decision("a", "")), "a"),
        (file_of(decision("a", literal("1 +"))), "a"),
        (
            file_of(
                decision(
                    "a",
                    literal("1")
                    .replace("<lit", "<lit", 1)
                    .replace("sion>", 'sion id="le" expressionLanguage="python">', 1),
                )
            ),
            "le",
        ),
        (file_of(decision("a", literal("1"), requires=["b"]), decision("b", literal("1"), requires=["a"])), "a"),
        (file_of(decision("a", literal("1"), requires=["missing"])), "a"),
        (file_of(decision("a", literal("1")), decision("a", literal("2"))), "a"),
        (file_of(decision("a", literal("1"))).replace(b' id="d"', b' id="d" expressionLanguage="python"'), "d"),
        (
            file_of(
                *(decision(each, literal("1"), name="x") for each in ("a", "b")),
                decision("c", literal("x"), requires=["a", "b"]),
            ),
            "c",
        ),
        (
            file_of(
                input_data("i", "x"),
                decision("b", literal("1"), name="x"),
                decision("c", literal("x"), requires=["b"], inputs=["i"]),
            ),
            "c",
        ),
        (file_of(decision("a", table_of("UNIQUE", ["x"], [("y", '"high","low"', "")], [("1", '"hihg"')]))), "r1"),
        (file_of(decision("a", table_of("UNIQUE", [""], ["y"], [("1", "1")]))), "t"),
        (file_of(decision("a", table_of("BEST", ["x"], ["y"], [("1", "1")]))), "t"),
        (file_of(decision("a", table_of("PRIORITY", ["x"], ["y"], [("1", "1")]))), "t"),
        (file_of(decision("a", table_of("UNIQUE", ["x"], ["y"], [("1", "1")], ' aggregation="SUM"'))), "t"),
        (file_of(decision("a", table_of("COLLECT", ["x"], ["y", "z"], [("1", "1", "2")], ' aggregation="SUM"'))), "t"),
        (file_of(decision("a", table_of("UNIQUE", ["x"], [], [("1",)]))), "t"),
        (file_of(decision("a", table_of("UNIQUE", ["x"], ["y"], [("> > 1", "1")]))), "r1"),
        (file_of(decision("a", table_of("UNIQUE", ["x"], ["y"], [("1", 'open("f")')]))), "r1"),
        (file_of(decision("a", table_of("UNIQUE", [("x", "tUnknown")], ["y"], [("1", "1")]))), "t"),
        (
            file_of(
                decision(
                    "a",
                    table_of("UNIQUE", ["x"], ["y"], [("1", "1")]).replace(
                        "<outputEntry><text>1</text></outputEntry>", ""
                    ),
                )
            ),
            "r1",
        ),
    ],
)
def test_what_is_not_carried_is_refused_with_its_element(xml, element):
    assert element in refused(xml)


def test_all_refusals_of_a_file_come_at_once():
    xml = file_of(decision("a", table_of("BEST", ["x"], ["y"], [("> >", "1"), ("1", "(")])), '<import id="i"/>')

    assert refused(xml) == {"i", "t", "r1", "r2"}


def test_an_unknown_decision_is_said():
    with pytest.raises(UnknownDecision):
        load(file_of(decision("a", literal("1")))).evaluate("b", {})


@pytest.mark.parametrize(
    "namespace", ["http://www.omg.org/spec/DMN/20180521/MODEL/", "https://www.omg.org/spec/DMN/20230324/MODEL/"]
)
def test_other_editions_of_the_standard_are_read(namespace):
    assert load(file_of(decision("a", literal("1")), namespace=namespace)).evaluate("a", {}) == 1


def test_lists_and_relations_are_made_of_their_expressions():
    columns = '<column name="name"/><column name="first call"/>'
    cells = [literal(each) for each in ('"a"', "n + 1", '"b"', "null")]
    rows = f"<row>{cells[0]}{cells[1]}</row><row>{cells[2]}{cells[3]}</row>"
    relation = load(file_of(decision("d1", f"<relation>{columns}{rows}</relation>")))
    items = load(file_of(decision("d1", f"<list>{literal('n')}{literal('[n]')}</list>")))

    assert relation.evaluate("d1", {"n": 1}) == [{"name": "a", "first call": 2}, {"name": "b", "first call": None}]
    assert items.evaluate("d1", {"n": 1}) == [1, [1]]


def test_a_value_outside_the_listed_input_values_is_reported():
    logic = table_of("FIRST", ["a"], ["x"], [("-", "1")]).replace(
        "</input>", '<inputValues><text>"high","key"</text></inputValues></input>'
    )
    decisions = load(file_of(decision("d1", logic)))

    assert decisions.evaluate("d1", {"a": "key"}) == decisions.evaluate("d1", {}) == 1
    with pytest.raises(DecisionFault, match="high"):
        decisions.evaluate("d1", {"a": "kee"})


TYPES = (
    '<itemDefinition name="tTiers" isCollection="true"><typeRef>tTier</typeRef>'
    "<typeConstraint><text>count(?) &lt; 3</text></typeConstraint></itemDefinition>"
    '<itemDefinition name="tTier"><typeRef>string</typeRef><allowedValues><text>"high","key"</text></allowedValues>'
    "</itemDefinition>"
    '<itemDefinition name="tVisit"><itemComponent name="tiers"><typeRef>tTiers</typeRef></itemComponent>'
    '<itemComponent name="on"><typeRef>date</typeRef></itemComponent></itemDefinition>'
)


@pytest.mark.parametrize(
    ("given", "taken"),
    [
        ({"tiers": ["high", "key"], "on": "2026-08-03"}, True),
        ({"tiers": "high"}, True),  # one value counts as a list of one
        ({"tiers": ["high", "low"]}, False),
        ({"tiers": ["high", "key", "key"]}, False),
        ({"tiers": [5]}, False),
        ({"on": "soon"}, False),
        ({}, True),
        ([1], False),
    ],
)
def test_allowed_values_hold_inside_collections_and_components(given, taken):
    decisions = load(file_of(TYPES, input_data("i", "v", "tVisit"), decision("d1", literal("true"), inputs=["i"])))

    if taken:
        assert decisions.evaluate("d1", {"v": given}) is True
    else:
        with pytest.raises(DecisionFault):
            decisions.evaluate("d1", {"v": given})


def test_a_type_that_is_defined_by_itself_is_refused():
    types = (
        '<itemDefinition id="t1" name="a"><typeRef>b</typeRef></itemDefinition>'
        '<itemDefinition id="t2" name="b"><itemComponent name="c"><typeRef>a</typeRef></itemComponent></itemDefinition>'
    )

    assert refused(file_of(types, decision("d1", literal("1")))) == {"t1", "t2"}


@pytest.mark.parametrize(
    ("aggregation", "results"), [("SUM", ['"a"', '"b"']), ("SUM", ["1", "null"]), ("MAX", ["1", '"b"'])]
)
def test_results_that_cannot_be_aggregated_are_reported(aggregation, results):
    decisions = one("COLLECT", ["x"], ["y"], [("-", each) for each in results], f' aggregation="{aggregation}"')

    with pytest.raises(DecisionFault, match="aggregated"):
        decisions.evaluate("d1", {"x": 1})
