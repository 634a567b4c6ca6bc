// The designer: a shipped diagram in the modeler, findings of the server at the elements, versions deployed.
import BpmnModeler from "bpmn-js/lib/Modeler";
import "bpmn-js/dist/assets/diagram-js.css";
import "bpmn-js/dist/assets/bpmn-js.css";
import "bpmn-js/dist/assets/bpmn-font/css/bpmn.css";
import "./designer/designer.css";
import spiffworkflow from "./designer/spiffworkflow.json";
import { Panel } from "./designer/panel.js";
import { chinese, missing } from "./designer/words.js";

const facts = JSON.parse(document.getElementById("designer-facts").textContent);
const words = facts.words;
const at = (id) => document.getElementById(id);

const READABLE = 0.8;
const PALETTE = 130; // pixels that the palette covers at the left

const spoken = document.documentElement.lang.startsWith("zh") ? "zh" : "en";
const modeler = new BpmnModeler({
  container: at("canvas"),
  moddleExtensions: { spiffworkflow },
  additionalModules: spoken === "zh" ? [{ translate: ["value", chinese] }] : [],
});
const tools = { moddle: modeler.get("moddle"), modeling: modeler.get("modeling") };
let changed = false;
let before = null;

async function open(xml) {
  await modeler.importXML(xml);
  lookAtBeginning();
  changed = false;
  at("canvas").dataset.ready = "1";
}

// The whole drawing where it stays readable, else its beginning, beside the palette.
function lookAtBeginning() {
  const canvas = modeler.get("canvas");
  canvas.zoom("fit-viewport", "auto");
  if (canvas.zoom() >= READABLE) return;
  const { inner, outer } = canvas.viewbox();
  const [width, height] = [outer.width / READABLE, outer.height / READABLE];
  const y = inner.height < height ? inner.y - (height - inner.height) / 2 : inner.y - 20;
  canvas.viewbox({ x: inner.x - PALETTE / READABLE, y, width, height });
}

async function send(address, body) {
  const answer = await fetch(address, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-CSRFToken": facts.csrf, Accept: "application/json" },
    body: JSON.stringify(body),
  });
  const content = await answer.json().catch(() => ({}));
  if (!answer.ok && !content.findings) throw new Error(content.message || words.failed);
  return content;
}

async function current() {
  return (await modeler.saveXML({ format: true })).xml;
}

function say(sentence, kind = "") {
  const line = at("designer-says");
  line.textContent = sentence;
  line.dataset.kind = kind;
}

function showFindings(findings, before = "") {
  modeler.get("overlays").remove({ type: "finding" });
  at("no-findings").hidden = findings.length > 0;
  at("no-findings").textContent = words.sound;
  at("findings").replaceChildren(...findings.map(line));
  for (const finding of findings) markElement(finding);
  const errors = findings.filter((each) => each.level === "error").length;
  const sentence = findings.length ? words.found.replace("{n}", findings.length).replace("{e}", errors) : words.sound;
  say(`${before}${sentence}`, errors ? "bad" : "good");
}

function line(finding) {
  const about = modeler.get("elementRegistry").get(finding.element)?.businessObject;
  const item = document.createElement("li");
  const button = Object.assign(document.createElement("button"), { type: "button", className: "finding" });
  button.dataset.level = finding.level;
  button.append(
    piece("span", finding.level === "error" ? words.mustChange : words.remark, finding.level === "error" ? "danger" : "warn"),
    piece("b", about?.name || finding.element || "—"),
    piece("span", finding.message),
  );
  button.addEventListener("click", () => select(finding.element));
  item.append(button);
  return item;
}

function piece(tag, text, is = "") {
  const made = Object.assign(document.createElement(tag), { textContent: text });
  if (is) Object.assign(made, { className: "tag" }).dataset.is = is;
  return made;
}

function markElement(finding) {
  if (!finding.element || !modeler.get("elementRegistry").get(finding.element)) return;
  const mark = document.createElement("span");
  mark.className = "finding-mark";
  mark.dataset.level = finding.level;
  mark.textContent = finding.level === "error" ? "!" : "?";
  mark.title = finding.message;
  modeler.get("overlays").add(finding.element, "finding", { position: { top: -10, right: 10 }, html: mark });
}

function select(id) {
  const element = modeler.get("elementRegistry").get(id);
  if (!element) return;
  modeler.get("selection").select(element);
  modeler.get("canvas").scrollToElement(element);
}

const actions = {
  async check() {
    showFindings((await send(facts.check, { xml: await current() })).findings);
  },
  async save() {
    const answer = await send(facts.save, { xml: await current() });
    changed = false;
    showFindings(answer.findings, answer.message);
  },
  async deploy() {
    const answer = await send(facts.deploy, { xml: await current() });
    if (answer.findings?.length) showFindings(answer.findings);
    say(answer.message, answer.version || answer.go ? "good" : "bad");
    if (answer.version || answer.go) changed = false;
    if (answer.go) location.assign(answer.go);
  },
  async layout() {
    before = await current();
    const answer = await send(facts.layout, { xml: before });
    if (!answer.xml) return say(answer.message, "bad");
    await open(answer.xml);
    changed = true;
    at("restore").hidden = false;
    say(words.arranged, "good");
  },
  async restore() {
    await open(before);
    changed = true;
    at("restore").hidden = true;
    say(words.restored, "good");
  },
};

for (const name of Object.keys(actions)) {
  at(name)?.addEventListener("click", async ({ currentTarget: button }) => {
    button.disabled = true;
    say(words.working);
    await actions[name]().catch((fault) => say(fault.message || words.failed, "bad"));
    button.disabled = false;
  });
}
modeler.on("commandStack.changed", () => {
  changed = true;
  at("restore").hidden = true;
});
window.addEventListener("beforeunload", (event) => changed && event.preventDefault());

const panel = new Panel(at("panel"), tools, facts.known, words, spoken);
modeler.on(["selection.changed", "popupMenu.open", "contextPad.open"], () => {
  if (missing.size) at("canvas").dataset.untranslated = [...missing].join("|");
});
modeler.on("selection.changed", ({ newSelection }) => panel.show(newSelection[0]));
modeler.on("element.changed", ({ element }) => {
  if (modeler.get("selection").isSelected(element) && !at("panel").contains(document.activeElement)) panel.show(element);
});

fetch(facts.diagram)
  .then((answer) => answer.text())
  .then(open)
  .catch(() => say(words.failed, "bad"));
