"""Decision files written out for tests."""

from __future__ import annotations

from xml.sax.saxutils import escape, quoteattr

from engine.decisions import load

HEAD = '<?xml version="1.0" encoding="UTF-8"?>'
DMN = "https://www.omg.org/spec/DMN/20191111/MODEL/"


def file_of(*parts, namespace=DMN):
    return (
        f'{HEAD}<definitions xmlns="{namespace}" id="d" name="d" namespace="t">{"".join(parts)}</definitions>'.encode()
    )


def decision(id_, logic, *, requires=(), inputs=(), name=None):
    needed = "".join(
        [f'<informationRequirement><requiredDecision href="#{each}"/></informationRequirement>' for each in requires]
        + [f'<informationRequirement><requiredInput href="#{each}"/></informationRequirement>' for each in inputs]
    )
    return f'<decision id="{id_}" name={quoteattr(name or id_)}>{needed}{logic}</decision>'


def input_data(id_, name, type_=""):
    reference = f' typeRef="{type_}"' if type_ else ""
    return f'<inputData id="{id_}" name="{name}"><variable name="{name}"{reference}/></inputData>'


def literal(text):
    return f"<literalExpression><text>{escape(text)}</text></literalExpression>"


def table_of(policy, inputs, outputs, rules, attributes=""):
    """`inputs`: texts or (text, type); `outputs`: names or (name, values, default); `rules`: rows of cells."""
    columns = ""
    for each in inputs:
        text, type_ = each if isinstance(each, tuple) else (each, "")
        reference = f' typeRef="{type_}"' if type_ else ""
        columns += f"<input><inputExpression{reference}><text>{escape(text)}</text></inputExpression></input>"
    for each in outputs:
        name, values, default = each if isinstance(each, tuple) else (each, "", "")
        inner = f"<outputValues><text>{escape(values)}</text></outputValues>" * bool(values)
        inner += f"<defaultOutputEntry><text>{escape(default)}</text></defaultOutputEntry>" * bool(default)
        columns += f'<output name="{name}">{inner}</output>'
    rows = ""
    for number, cells in enumerate(rules, 1):
        entries = "".join(
            f"<{kind}><text>{escape(cell)}</text></{kind}>"
            for kind, cell in zip(["inputEntry"] * len(inputs) + ["outputEntry"] * len(outputs), cells, strict=True)
        )
        rows += f'<rule id="r{number}">{entries}</rule>'
    return f'<decisionTable id="t" hitPolicy="{policy}"{attributes}>{columns}{rows}</decisionTable>'


def one(policy, inputs, outputs, rules, attributes="", logic=""):
    """A file of one decision `d1`, of this table or of other logic."""
    return load(file_of(decision("d1", logic or table_of(policy, inputs, outputs, rules, attributes))))
