"""Writes the generated pages of docs/reference/, and docs/processes/, from what the code says.

`make docs` writes them; tests/test_documented.py fails when one of them is no longer what this would write.
"""

from __future__ import annotations

import inspect
import json
import tomllib
from collections import defaultdict
from collections.abc import Callable
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path

from care import programme, roles
from engine import clock, diagrams, expressions, forms, metrics, operations, outgoing, standing
from engine.decisions import DecisionFault
from engine.decisions.tables import AGGREGATIONS, LETTERS
from engine.settings import CHECKOUT, Settings
from tests import pictures, trace
from tests.engine import dmn
from tests.engine.elements.library import ELSEWHERE, EXAMPLES, REFUSED
from tests.verbs_documented import verbs_page
from web.joined import join

_THROWING = ("intermediateThrowEvent", "endEvent", "sendTask")
REFERENCE = CHECKOUT / "docs" / "reference"
PROCESSES = CHECKOUT / "docs" / "processes"


def documents() -> dict[Path, str]:
    """Every generated page with its text."""
    join()
    pages = {
        REFERENCE / "settings.md": settings_page(),
        REFERENCE / "operations.md": operations_page(),
        REFERENCE / "messages.md": messages_page(),
        REFERENCE / "forms.md": forms_page(),
        REFERENCE / "roles.md": roles_page(),
        REFERENCE / "metrics.md": metrics_page(),
        REFERENCE / "feel-functions.md": functions_page(),
        REFERENCE / "decisions.md": decisions_page(),
        REFERENCE / "bpmn.md": bpmn_page(),
        REFERENCE / "policy-trace.md": trace.page(),
        REFERENCE / "task-verbs.md": verbs_page(),
    }
    for process, file in trace.processes().values():
        pages[PROCESSES / f"{process.id}.md"] = process_page(process, file)
    pages[PROCESSES / "README.md"] = processes_page()
    pages[REFERENCE / "form-fields.md"] = form_fields_page()
    return pages


def shipped() -> list[diagrams.Process]:
    """The processes of processes/, by id."""
    return [process for _, (process, _) in sorted(trace.processes().items())]


def settings_page() -> str:
    rows = []
    for each in fields(Settings):
        default = (
            "`var/` of the checkout" if each.name == "home" else f"`{each.default}`" if each.default != "" else "–"
        )
        rows.append((f"`VISITFLOW_{each.name.upper()}`", default, each.metadata["about"]))
    return _page("Settings", "Environment variables, read once at start.", ("variable", "default", "meaning"), rows)


def operations_page() -> str:
    rows = []
    shipped_ones = {name: each for name, each in operations.OPERATIONS.items() if _is_ours(each.call)}
    for name, each in sorted(shipped_ones.items()):
        wanted = ", ".join(
            f"`{parameter}`" + ("" if parameter in each.required else "?") for parameter in sorted(each.parameters)
        )
        about = (inspect.getdoc(each.call) or "").split("\n\n")[0].replace("\n", " ")
        rows.append((f"`{name}`", "in the step", wanted or "–", about))
    for name, parameters in sorted(operations.CHANNELS.items()):
        function = outgoing.deliverer(name)
        if function is not None and _is_ours(function):
            wanted = ", ".join(f"`{each}`?" for each in sorted(parameters))
            about = (inspect.getdoc(function) or "").split("\n\n")[0].replace("\n", " ")
            rows.append((f"`{name}`", "after the commit", wanted or "–", about))
    about = (
        "What a service task may call. `?` marks what may be left out. **In the step**: reads and writes our own rows "
        "within the step's transaction. **After the commit**: a channel to the outside; the service task has the "
        "property `async` = `true` and goes on when the answer has come back."
    )
    return _page("Operations", about, ("operation", "when", "parameters", "what it does"), rows)


def _is_ours(function: Callable[..., object]) -> bool:
    """Whether an operation belongs to the product; tests register some of their own in the same process."""
    return function.__module__.partition(".")[0] in ("engine", "care", "connectors", "web")


def messages_page() -> str:
    thrown, caught = defaultdict(set), defaultdict(set)
    for process in shipped():
        for node in process.nodes:
            for event in node.events:
                if event.kind != "message" or not event.name:
                    continue
                (thrown if node.kind in _THROWING else caught)[event.name].add(f"`{process.id}.{node.id}`")
    rows = [
        (f"`{name}`", ", ".join(sorted(thrown[name])) or "–", ", ".join(sorted(caught[name])) or "note or record")
        for name in sorted(thrown.keys() | caught.keys())
    ]
    about = "What a message without a catcher becomes is decided by `care/unclaimed.py` (ADR 5)."
    return _page("Messages", about, ("message", "thrown by", "caught by"), rows)


def forms_page() -> str:
    rows = []
    for key in sorted(forms.keys()):
        form = forms.form(key)
        rows.append((f"`{key}`", str(form.version), form.title.get("zh", ""), form.title.get("en", ""), _process(form)))
    about = "Forms in `forms/`; the last column lists the fields that a form hands to the process."
    return _page("Forms", about, ("form", "version", "中文", "English", "to the process"), rows)


def _process(form: forms.Form) -> str:
    return ", ".join(f"`{name}`" for name in form.process) or "–"


def roles_page() -> str:
    rows = [(f"`{each.code}`", each.zh, each.en, each.level, each.next) for each in roles.ROLES.values()]
    about = "Roles are resolved inside the elder's unit. The last column takes over when a task stays undone."
    return _page("Roles", about, ("role", "中文", "English", "level", "next"), rows)


def functions_page() -> str:
    """Each function with its parameters and an example, whose value is computed here."""
    chapters: dict[str, list[tuple[str, ...]]] = defaultdict(list)
    with clock.frozen(datetime(2026, 8, 3, 1, 0, tzinfo=UTC)):
        for each in expressions.FUNCTIONS.values():
            if _is_ours(each.call) or each.call.__module__.startswith("engine.expressions"):
                chapters[_chapter(each)].append(_function_row(each))
    parts = [
        "# Functions of the expression language\n\nGenerated by `make docs`; the values are computed. `?` marks what "
        'may be left out, `…` what may come several times. Arguments may be named: `substring(string: "abc", '
        "start position: 2)`. What does not fit gives null. The language itself: [expressions](expressions.md).\n"
    ]
    head = ("function", "gives", "example", "its value", "what it says")
    parts += [f"## {title}\n\n" + _table(head, sorted(rows)) for title, rows in sorted(chapters.items())]
    return "\n".join(parts)


def _chapter(function: expressions.Function) -> str:
    words = function.call.__module__.rpartition(".standard_")
    return words[2].capitalize() if words[1] else "The city's calendar"


def _function_row(function: expressions.Function) -> tuple[str, ...]:
    value = expressions.compile_expression(function.example).evaluate({})
    ways = [f"`{function.name}({_parameters(function, each)})`" for each in function.signatures]
    about = (inspect.getdoc(function.call) or "").split("\n\n")[0].replace("\n", " ")
    shown = json.dumps(expressions.to_json(value), ensure_ascii=False)
    return "<br>".join(ways), expressions.kind(value), f"`{function.example}`", f"`{shown}`", about


def _parameters(function: expressions.Function, names: tuple[str, ...]) -> str:
    least = function.least if len(function.signatures) == 1 else len(names)
    shown = [name + "?" * (at >= least and function.most is not None) for at, name in enumerate(names)]
    return ", ".join(shown) + "…" * (function.most is None)


def bpmn_page() -> str:
    """What diagrams can say: the element library, what takes several instances, and what is refused."""
    rows = [
        (f"`{each.element}`", each.variant, each.zh, each.en, _how(each.adapted), f"`{each.id}`", each.told)
        for each in EXAMPLES
    ]
    several = [
        (f"`{each.element}`", each.variant, each.zh, each.en, _how(each.adapted), f"`{each.test.partition('::')[2]}`")
        for each in ELSEWHERE
    ]
    refused = [(f"`{each.element}`", each.variant, each.zh, each.en, f"`{each.rule}`") for each in REFUSED]
    about = (
        "What a diagram can say. Each row is an example of `tests/engine/elements/`, played in memory and on the "
        "database, saved and restored after each step. **Adapted** elements are done by classes of ours because "
        "SpiffWorkflow alone misreads them; the words behind say how."
    )
    head = ("element", "variant", "说明", "what it shows", "how", "example", "steps")
    return (
        _page("BPMN elements", about, head, rows)
        + "\n## Several instances\n\n"
        + _table(("element", "variant", "说明", "what it shows", "how", "test"), several)
        + "\n## Refused at deployment\n\nEach by the rule of `engine/checks/` named in the last column "
        "(`docs/reference/checks.md`), with a diagram of that name in `tests/engine/diagrams/`.\n\n"
        + _table(("element", "variant", "改画", "draw instead", "rule"), refused)
    )


def _how(adapted: str) -> str:
    return f"**adapted**: {adapted}" if adapted else "supported"


def metrics_page() -> str:
    """Each process counts for itself; what stands in the database is told by the pages' `/metrics`."""
    rows = []
    for each in metrics.ALL:
        suffix = {"counter": "_total"}.get(each._type, "")
        labels = ", ".join(f"`{label}`" for label in each._labelnames) or "–"
        rows.append((f"`{each._name}{suffix}`", each._type, "each process", labels, each._documentation))
    for name, told in standing.TOLD.items():
        labels = ", ".join(f"`{label}`" for label in told.labels) or "–"
        rows.append((f"`{name}`", "gauge", "database", labels, told.help))
    about = (
        "At `/metrics` of the pages, and of workers and listener on `VISITFLOW_METRICS_PORT` (only what they count"
        " themselves). With `VISITFLOW_METRICS_TOKEN` the asker says `Authorization: Bearer …`; without it only this"
        " machine is answered. Labels are codes of the program, never ids or names of people."
    )
    return _page("Metrics", about, ("metric", "type", "of", "labels", "meaning"), sorted(rows))


_POLICIES = {
    "UNIQUE": "The one rule that fits; two that fit are reported, never passed over.",
    "ANY": "The common result of all rules that fit; different ones are reported.",
    "PRIORITY": "The result that stands first in the list of output values.",
    "FIRST": "The first rule that fits, in the order of the table.",
    "RULE ORDER": "A list of all results, in the order of the table.",
    "OUTPUT ORDER": "A list of all results, in the order of the output values.",
    "COLLECT": "A list of all results.",
    "COLLECT SUM": "Their sum.",
    "COLLECT MIN": "The smallest.",
    "COLLECT MAX": "The largest.",
    "COLLECT COUNT": "How many rules fit.",
}


def decisions_page() -> str:
    """Hit policies with what one small table gives under each; and what a decision file may hold."""
    rows = []
    for policy, about in _POLICIES.items():
        word, _, aggregation = policy.partition(" ") if policy.startswith("COLLECT") else (policy, "", "")
        letter = LETTERS[word] + AGGREGATIONS.get(aggregation, "")
        rows.append((f"`{letter}`", policy, about, *(_decided(word, aggregation, n) for n in (5, 15, 35))))
    head = ("", "hit policy", "gives", "for 5", "for 15", "for 35")
    return (
        "# Decisions\n\nGenerated by `make docs`; the values are computed. The table tried has the rules `> 10` → 1, "
        "`> 20` → 3, `> 30` → 2 and the output values `3, 2, 1`, without a default; «fault» is reported and stops the "
        "step as an incident.\n\n## Hit policies\n\n" + _table(head, rows) + _CARRIED
    )


_CARRIED = """
With a default output a table never lacks a rule. Several output columns give a context. `U` and `A` tables whose rules
overlap are refused when deployed, values without a rule are told (`rules_overlap` and `rules_gap` in
[checks](checks.md)).

## What a file may hold

Read are DMN 1.1 to 1.5: decisions made by a table, a literal expression, a context, a list or a relation; graphs of
decisions of one file, at most 50 deep; input data and item definitions with components, collections, allowed values and
type constraints; listed input values. A value of another type, or one that is not listed, is reported; null is no value
and passes. Refused with the element's id are: invocations, functions and business knowledge models, decision services,
imports, other expression languages, two required inputs or decisions of one name, columns without an input expression,
results that are not among the listed output values, tables of more than 2,000 rules, files over 1 MB or 100 levels.
Cells and expressions are those of [expressions](expressions.md).
"""


def _decided(word: str, aggregation: str, value: int) -> str:
    attributes = f' aggregation="{aggregation}"' * bool(aggregation)
    rules = [("> 10", "1"), ("> 20", "3"), ("> 30", "2")]
    outputs = [("b", "" if aggregation else "3, 2, 1", "")]
    try:
        return f"`{json.dumps(dmn.one(word, ['a'], outputs, rules, attributes).evaluate('d1', {'a': value}))}`"
    except DecisionFault:
        return "fault"


def processes_page() -> str:
    """All processes, in the policy's order: by the number that their documentation begins with."""
    rows = [
        (f"[{each.name}]({each.id}.md)", f"`{each.id}`", each.documentation.split("\n")[0])
        for each in sorted(shipped(), key=lambda each: (each.documentation[:1] != "P", each.documentation, each.id))
    ]
    return _page("Processes", "Every process of processes/.", ("名称", "process", "说明"), rows)


def form_fields_page() -> str:
    """The fields that the norm asks for, each with the fields of our forms."""
    rows = []
    for norm, table in tomllib.loads((REFERENCE / "form-fields.toml").read_text(encoding="utf-8")).items():
        for field, paths in table.items():
            if field[0] != "_":
                rows.append((norm, field, ", ".join(f"`{path}`" for path in paths)))
        rows += [(norm, "later", table["_later"])] if "_later" in table else []
        rows += [(norm, "no form asks", each) for each in table.get("_elsewhere", ())]
    about = "From form-fields.toml, which tests/test_form_fields.py holds to forms/."
    return _page("Fields of the norm", about, ("form of the norm", "field", "form.field"), rows)


def _tags(process_id: str) -> str:
    """Network, mechanism and projects of the plan that a process belongs to (R-GOV-03)."""
    found = programme.tags_of(process_id)
    codes = (found.network, found.mechanism, *found.projects) if found else ()
    return "、".join(programme.titles()[code][0] for code in codes)


def process_page(process: diagrams.Process, file: Path) -> str:
    """One process: its picture, its tasks with role, form and time, its timers, messages and calls."""
    tasks = [
        (f"`{node.id}`", node.name, f"`{node.role}`", f"`{node.form}`", f"`{node.due}`", _source(node))
        for node in process.nodes
        if node.is_user_task
    ]
    timers = [
        (f"`{node.id}`", node.name, f"`{event.text}`", f"`{node.attached_to}`" if node.attached_to else "–")
        for node in process.nodes
        for event in node.events
        if event.kind == "timer"
    ]
    messages = [
        (f"`{event.name}`", "thrown" if node.kind in _THROWING else "caught", f"`{node.id}`", node.name)
        for node in process.nodes
        for event in node.events
        if event.kind == "message" and event.name
    ]
    calls = [
        (f"`{node.id}`", node.name, f"[{node.called_element}]({node.called_element}.md)")
        for node in process.nodes
        if node.called_element
    ]
    lanes = "、".join(f"{lane.name}（`{lane.id}`）" for lane in process.lanes)
    picture = f"[![{process.name}]({file.stem}.svg)]({file.stem}.svg)\n"
    parts = [f"# {process.name} (`{process.id}`)\n\n{process.documentation}\n", picture]
    parts += [f"Lanes: {lanes}\n"] * bool(lanes)
    parts += [f"Part of: {_tags(process.id)}\n"] * (programme.tags_of(process.id) is not None)
    tables = (
        ("Tasks", ("task", "名称", "role", "form", "due", "source"), tasks),
        ("Times", ("event", "名称", "after", "at"), timers),
        ("Messages", ("message", "", "event", "名称"), messages),
        ("Calls", ("activity", "名称", "process"), calls),
    )
    return "\n".join(parts + [f"## {title}\n\n{_table(head, rows)}" for title, head, rows in tables if rows])


def _source(node: diagrams.Node) -> str:
    return node.documentation.split("\n")[0]


def _page(title: str, about: str, head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    return f"# {title}\n\nGenerated by `make docs`. {about}\n\n" + _table(head, rows)


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    lines += [f"| {' | '.join(str(cell).replace('|', '/') for cell in row)} |" for row in rows]
    return "\n".join(lines) + "\n"


def main() -> None:
    for path, text in documents().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists() or path.read_text() != text:
            path.write_text(text)
            print(f"wrote {path.relative_to(CHECKOUT)}")
    for path in pictures.draw_shipped() if pictures.is_possible() else ():
        print(f"drew {path.relative_to(CHECKOUT)}")


if __name__ == "__main__":
    main()
