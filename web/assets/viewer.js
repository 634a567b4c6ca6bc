// Shows a diagram with its tokens. The page names the diagram and the marks in a <script type="application/json">.
import NavigatedViewer from "bpmn-js/lib/NavigatedViewer";
import "bpmn-js/dist/assets/diagram-js.css";
import "bpmn-js/dist/assets/bpmn-js.css";

async function show(canvas) {
  const facts = JSON.parse(document.getElementById(canvas.dataset.marks)?.textContent || "{}");
  const answer = await fetch(canvas.dataset.diagram, { headers: { Accept: "application/xml" } });
  if (!answer.ok) throw new Error(String(answer.status));
  const viewer = new NavigatedViewer({ container: canvas });
  await viewer.importXML(await answer.text());
  mark(viewer, facts);
  lookAt(viewer, facts, canvas);
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
    overlays.add(token.element, { position: { top: -14, left: 8 }, html: label });
  }
}

function lookAt(viewer, facts, canvas) {
  const drawing = viewer.get("canvas");
  const whole = () => drawing.zoom("fit-viewport", "auto");
  whole();
  const first = (facts.tokens || []).map((token) => viewer.get("elementRegistry").get(token.element)).find(Boolean);
  if (first && drawing.zoom() < 0.55) {
    drawing.zoom(0.8);
    drawing.scrollToElement(first, { top: 120, bottom: 160, left: 260, right: 260 });
  }
  const button = document.getElementById(canvas.dataset.wholeButton || "");
  if (button) {
    button.hidden = false;
    button.addEventListener("click", whole);
  }
}

for (const canvas of document.querySelectorAll("[data-diagram]")) {
  show(canvas).catch(() => {
    const sentence = document.createElement("p");
    sentence.className = "empty";
    sentence.textContent = canvas.dataset.failed || "流程图没有打开，请刷新页面。";
    canvas.replaceChildren(sentence);
  });
}
