// Shows a diagram with its tokens, opened on the part in use. The page names the diagram and the marks in a
// <script type="application/json">. The lower right corner stays free for the bpmn.io mark.
import NavigatedViewer from "bpmn-js/lib/NavigatedViewer";
import "bpmn-js/dist/assets/diagram-js.css";
import "bpmn-js/dist/assets/bpmn-js.css";

const READABLE = 0.85;
const SVG = "http://www.w3.org/2000/svg";
const COLOURS = { "step-done": "var(--accent)", "step-missed": "var(--late)", "step-now": "var(--danger)", "step-fault": "var(--danger)" };

async function show(canvas) {
  const facts = JSON.parse(document.getElementById(canvas.dataset.marks)?.textContent || "{}");
  const answer = await fetch(canvas.dataset.diagram, { headers: { Accept: "application/xml" } });
  if (!answer.ok) throw new Error(String(answer.status));
  const viewer = new NavigatedViewer({ container: canvas });
  await viewer.importXML(await answer.text());
  mark(viewer, facts);
  lookAt(viewer, facts, canvas);
  canvas.dataset.ready = "1";
}

function mark(viewer, facts) {
  const drawing = viewer.get("canvas");
  const overlays = viewer.get("overlays");
  const known = viewer.get("elementRegistry");
  for (const [name, ids] of Object.entries(facts.marks || {})) {
    for (const id of ids) if (known.get(id)) drawing.addMarker(id, name);
  }
  for (const token of facts.tokens || []) {
    if (!known.get(token.element)) continue;
    const label = document.createElement("div");
    label.className = "token";
    label.textContent = token.text;
    if (token.due) label.dataset.due = token.due;
    overlays.add(token.element, { position: { top: -16, left: -8 }, html: label });
  }
}

function lookAt(viewer, facts, canvas) {
  const drawing = viewer.get("canvas");
  const whole = () => drawing.zoom("fit-viewport", "auto");
  whole();
  const known = viewer.get("elementRegistry");
  const held = (facts.tokens || []).map((token) => token.element);
  const used = (held.length ? held : (facts.marks || {})["step-now"] || []).map((id) => known.get(id)).filter(Boolean);
  const isSmall = drawing.zoom() < READABLE;
  if (isSmall) {
    drawing.viewbox(partInUse(drawing, used));
    if (canvas.clientWidth > 600) miniature(viewer, facts, canvas);
  }
  laneNames(viewer, canvas);
  const button = document.getElementById(canvas.dataset.wholeButton || "");
  if (button && isSmall) {
    button.hidden = false;
    button.addEventListener("click", whole);
  }
}

// A readable window on the tokens, else on what is waited for, or on the first of these where they lie too far apart, or
// on the beginning where there are none; never beyond the drawing's edges.
function partInUse(drawing, used) {
  const { inner, outer } = drawing.viewbox();
  const width = outer.width / READABLE;
  const height = outer.height / READABLE;
  const span = (each, axis, size) => Math.max(...each.map((one) => one[axis] + one[size])) - Math.min(...each.map((one) => one[axis]));
  const fits = used.length && span(used, "x", "width") < width - 80 && span(used, "y", "height") < height - 80;
  const seen = fits ? used : used.slice(0, 1);
  const middle = (axis, size) => (seen.length ? Math.min(...seen.map((one) => one[axis])) + span(seen, axis, size) / 2 : inner[axis]);
  const within = (start, from, length, room) =>
    length <= room ? from - (room - length) / 2 : Math.min(Math.max(start, from - 20), from + length - room + 20);
  return {
    x: within(middle("x", "width") - width / 2, inner.x, inner.width, width),
    y: within(middle("y", "height") - height / 2, inner.y, inner.height, height),
    width,
    height,
  };
}

// The whole diagram, small, with a frame around what is in view.
function miniature(viewer, facts, canvas) {
  const drawing = viewer.get("canvas");
  const { inner } = drawing.viewbox();
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", `${inner.x} ${inner.y} ${inner.width} ${inner.height}`);
  const colours = new Map();
  for (const [name, ids] of Object.entries(facts.marks || {})) for (const id of ids) colours.set(id, COLOURS[name]);
  for (const each of viewer.get("elementRegistry").filter((shape) => shape.width && shape.type !== "label")) {
    const colour = each.type === "bpmn:SubProcess" ? null : colours.get(each.id);
    const isFrame = /Lane|Participant|SubProcess/.test(each.type);
    svg.append(box(each, { fill: colour || "none", stroke: colour || (isFrame ? "var(--line)" : "var(--edge)"), "stroke-width": 6 }));
  }
  const frame = box(drawing.viewbox(), { fill: "none", stroke: "var(--ink)", "stroke-width": 14, rx: 20 });
  svg.append(frame);
  const holder = document.createElement("div");
  holder.className = "overview";
  holder.setAttribute("aria-hidden", "true");
  holder.append(svg);
  canvas.append(holder);
  viewer.on("canvas.viewbox.changed", ({ viewbox }) => place(frame, viewbox));
}

function box(at, attributes) {
  const rect = document.createElementNS(SVG, "rect");
  for (const [name, value] of Object.entries(attributes)) rect.setAttribute(name, value);
  place(rect, at);
  return rect;
}

function place(rect, at) {
  for (const name of ["x", "y", "width", "height"]) rect.setAttribute(name, at[name]);
}

// Lane names stay in sight when the lanes' own heads have scrolled away.
function laneNames(viewer, canvas) {
  const rail = document.createElement("div");
  rail.className = "lane-names";
  rail.setAttribute("aria-hidden", "true");
  const lanes = viewer.get("elementRegistry").filter((each) => each.type === "bpmn:Lane");
  if (!lanes.length) return;
  const left = Math.min(...lanes.map((lane) => lane.x));
  const renew = () => {
    const seen = viewer.get("canvas").viewbox();
    rail.hidden = seen.x <= left;
    rail.replaceChildren();
    for (const lane of rail.hidden ? [] : lanes) {
      const top = Math.max((lane.y - seen.y) * seen.scale, 0);
      const end = Math.min((lane.y + lane.height - seen.y) * seen.scale, canvas.clientHeight);
      if (end - top < 40) continue;
      const name = document.createElement("span");
      name.textContent = lane.businessObject.name || "";
      name.style.top = `${top}px`;
      name.style.height = `${end - top}px`;
      rail.append(name);
    }
  };
  canvas.append(rail);
  renew();
  viewer.on("canvas.viewbox.changed", renew);
}

for (const canvas of document.querySelectorAll("[data-diagram]")) {
  show(canvas).catch(() => {
    const sentence = document.createElement("p");
    sentence.className = "empty";
    sentence.textContent = canvas.dataset.failed || "流程图没有打开，请刷新页面。";
    canvas.replaceChildren(sentence);
  });
}
