// Reading and writing what SpiffWorkflow finds below bpmn:extensionElements.

const SPIFF = "spiffworkflow:";

function extension(element, type) {
  const all = element.businessObject.extensionElements?.values || [];
  return all.find((each) => each.$type === SPIFF + type);
}

export function property(element, name) {
  return extension(element, "Properties")?.properties?.find((each) => each.name === name)?.value || "";
}

export function text(element, type) {
  return extension(element, type)?.body || "";
}

export function operator(element) {
  return extension(element, "ServiceTaskOperator");
}

// Both go through the modeling API, so that undo and the dirty mark work.
export function setProperty(tools, element, name, value) {
  const present = extension(element, "Properties")?.properties || [];
  const others = present.filter((each) => each.name !== name);
  const mine = value ? [tools.moddle.create(SPIFF + "Property", { name, value })] : [];
  const kept = [...others, ...mine];
  replace(tools, element, "Properties", kept.length ? { properties: kept } : null);
}

export function setText(tools, element, type, value) {
  replace(tools, element, type, value ? { body: value } : null);
}

export function setOperator(tools, element, facts) {
  if (!facts.id) return replace(tools, element, "ServiceTaskOperator", null);
  const parameters = Object.entries(facts.parameters).map(([id, value]) =>
    tools.moddle.create(SPIFF + "Parameter", { id, type: "str", value }),
  );
  replace(tools, element, "ServiceTaskOperator", {
    id: facts.id,
    resultVariable: facts.resultVariable || undefined,
    parameters: tools.moddle.create(SPIFF + "Parameters", { parameters }),
  });
}

function replace(tools, element, type, attributes) {
  const { moddle, modeling } = tools;
  const present = element.businessObject.extensionElements?.values || [];
  const values = present.filter((each) => each.$type !== SPIFF + type);
  if (attributes) values.push(moddle.create(SPIFF + type, attributes));
  const extensionElements = values.length ? moddle.create("bpmn:ExtensionElements", { values }) : undefined;
  modeling.updateProperties(element, { extensionElements });
}
