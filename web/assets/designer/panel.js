// The panel beside the drawing: what designers think in (form, role, deadline, operation, decision, time, condition).
import { kind } from "./words.js";
import { operator, property, setOperator, setProperty, setText, text } from "./extensions.js";

export class Panel {
  constructor(host, tools, known, words, spoken) {
    Object.assign(this, { host, tools, known, words, spoken });
    this.show(null);
  }

  show(element) {
    this.host.replaceChildren();
    if (!element || !element.businessObject || element.labelTarget) {
      this.add("p", { className: "hint", textContent: this.words.select });
      return;
    }
    const about = element.businessObject;
    this.add("h2", { textContent: about.name || about.id });
    this.add("p", { className: "hint", textContent: `${kind(about.$type, this.spoken)} · ${about.id}` });
    this.field(this.words.name, about.name || "", (value) => this.update(element, { name: value || undefined }));
    for (const part of this.partsOf(about)) part.call(this, element, about);
    this.field(this.words.documentation, about.documentation?.[0]?.text || "", (value) => this.document(element, value), {
      lines: 4,
    });
  }

  partsOf(about) {
    const parts = [];
    if (about.$type === "bpmn:UserTask") parts.push(this.userTask);
    if (about.$type === "bpmn:ServiceTask") parts.push(this.serviceTask);
    if (about.$type === "bpmn:BusinessRuleTask") parts.push(this.decision);
    if (about.$type === "bpmn:CallActivity") parts.push(this.call);
    if (about.$type === "bpmn:SequenceFlow") parts.push(this.condition);
    if (about.eventDefinitions?.[0]?.$type === "bpmn:TimerEventDefinition") parts.push(this.timer);
    if (about.eventDefinitions?.[0]?.$type === "bpmn:MessageEventDefinition") parts.push(this.key);
    return parts;
  }

  userTask(element) {
    this.choice(this.words.role, property(element, "role"), this.known.roles, (value) => this.set(element, "role", value));
    this.choice(this.words.form, property(element, "form"), this.known.forms, (value) => this.set(element, "form", value));
    this.field(this.words.due, property(element, "due"), (value) => this.set(element, "due", value), {
      help: this.words.dueHelp,
    });
    this.field(this.words.separate, property(element, "separate_from"), (value) => this.set(element, "separate_from", value));
    this.field(this.words.verbs, property(element, "verbs"), (value) => this.set(element, "verbs", value), {
      help: this.words.verbsHelp,
    });
    this.choice(this.words.priority, property(element, "priority"), { urgent: this.words.urgent, today: this.words.today }, (value) =>
      this.set(element, "priority", value),
    );
  }

  serviceTask(element) {
    const present = operator(element);
    const names = Object.fromEntries(Object.keys(this.known.operations).map((name) => [name, name]));
    const facts = {
      id: present?.id || "",
      resultVariable: present?.resultVariable || "",
      parameters: Object.fromEntries((present?.parameters?.parameters || []).map((each) => [each.id, each.value])),
    };
    const save = () => setOperator(this.tools, element, facts);
    this.choice(this.words.operation, facts.id, names, (value) => {
      facts.id = value;
      facts.parameters = Object.fromEntries((this.known.operations[value] || []).map((id) => [id, facts.parameters[id] || id]));
      save();
      this.show(element);
    });
    for (const id of this.known.operations[facts.id] || Object.keys(facts.parameters)) {
      this.field(id, facts.parameters[id] || "", (value) => {
        facts.parameters[id] = value;
        save();
      });
    }
    this.field(this.words.result, facts.resultVariable, (value) => {
      facts.resultVariable = value;
      save();
    });
  }

  decision(element) {
    const names = Object.fromEntries(this.known.decisions.map((name) => [name, name]));
    this.choice(this.words.decision, text(element, "CalledDecisionId"), names, (value) =>
      setText(this.tools, element, "CalledDecisionId", value),
    );
  }

  call(element, about) {
    this.field(this.words.called, about.calledElement || "", (value) => this.update(element, { calledElement: value }));
  }

  condition(element, about) {
    this.field(this.words.condition, about.conditionExpression?.body || "", (value) =>
      this.update(element, {
        conditionExpression: value ? this.tools.moddle.create("bpmn:FormalExpression", { body: value }) : undefined,
      }),
    );
  }

  timer(element, about) {
    const definition = about.eventDefinitions[0];
    const kind = ["timeDuration", "timeDate", "timeCycle"].find((name) => definition[name]) || "timeDuration";
    this.field(this.words[kind], definition[kind]?.body || "", (value) =>
      this.tools.modeling.updateModdleProperties(element, definition, {
        [kind]: this.tools.moddle.create("bpmn:FormalExpression", { body: value }),
      }),
    );
  }

  key(element) {
    this.field(this.words.key, property(element, "key"), (value) => this.set(element, "key", value));
  }

  set(element, name, value) {
    setProperty(this.tools, element, name, value);
  }

  update(element, values) {
    this.tools.modeling.updateProperties(element, values);
  }

  document(element, value) {
    const documentation = value ? [this.tools.moddle.create("bpmn:Documentation", { text: value })] : [];
    this.update(element, { documentation });
  }

  field(label, value, save, { help = "", lines = 1 } = {}) {
    const control = document.createElement(lines > 1 ? "textarea" : "input");
    if (lines > 1) control.rows = lines;
    control.value = value;
    this.labelled(label, control, save, help);
  }

  choice(label, value, options, save) {
    const control = document.createElement("select");
    control.append(new Option("—", ""));
    for (const [id, title] of Object.entries(options)) control.append(new Option(title === id ? id : `${title} (${id})`, id));
    if (value && !(value in options)) control.append(new Option(value, value));
    control.value = value;
    this.labelled(label, control, save, "");
  }

  labelled(label, control, save, help) {
    const wrapper = this.add("label", { className: "field" });
    const title = document.createElement("span");
    title.textContent = label;
    wrapper.append(title, control);
    if (help) {
      const hint = document.createElement("small");
      hint.className = "hint";
      hint.textContent = help;
      wrapper.append(hint);
    }
    control.addEventListener("change", () => save(control.value.trim()));
  }

  add(tag, values) {
    const element = Object.assign(document.createElement(tag), values);
    this.host.append(element);
    return element;
  }
}
