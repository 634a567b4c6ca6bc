/* Makes forms quicker; they work without it. The server judges the same rules (tests/engine/show_rules.json). */
(() => {
  "use strict";

  /* Show rules */

  const isFilled = (value) =>
    value != null && value !== "" && !(typeof value === "object" && Object.keys(value).length === 0);
  const same = (value, other) => value != null && String(value) === String(other);

  function holds(rule, answers, beside = []) {
    if (!rule || !Object.keys(rule).length) return true;
    if (rule.all) return rule.all.every((each) => holds(each, answers, beside));
    if (rule.any) return rule.any.some((each) => holds(each, answers, beside));
    if (!("field" in rule)) return !holds(rule.not, answers, beside);
    const path = rule.field.startsWith(".") ? [...beside, ...rule.field.slice(1).split(".")] : rule.field.split(".");
    const value = path.reduce((place, step) => (place == null ? undefined : place[step]), answers);
    if ("is" in rule) return same(value, rule.is);
    if ("in" in rule) return rule.in.some((each) => same(value, each));
    if ("not" in rule) return !same(value, rule.not);
    if ("contains" in rule) return Array.isArray(value) && value.some((each) => same(each, rule.contains));
    return isFilled(value) === rule.filled;
  }

  if (typeof document === "undefined") {
    globalThis.holds = holds;
    return;
  }
  const form = document.querySelector("[data-form]");
  if (!form) return;

  /* Reading the page */

  const all = (selector, place = form) => [...place.querySelectorAll(selector)];
  const say = (name, values = {}) =>
    (form.getAttribute(`data-say-${name}`) || "").replace(/\{(\w+)\}/g, (_, key) => values[key] ?? "");
  const isShown = (element) => !element.closest("[hidden]");
  const pathOf = (element) => (element.id.startsWith("f-") ? element.id.slice(2).split("-") : []);
  const besideOf = (element) =>
    element.id ? pathOf(element).slice(0, -1) : pathOf(element.closest("[id^='f-']") || form);
  /* What a field is called, without «选填» and units. */
  const nameOf = (place) =>
    [...(place.querySelector("legend,label")?.childNodes || [])].filter((each) => each.className !== "optional").map((each) => each.textContent).join("").trim();
  const isOn = (input) => (input.type === "radio" || input.type === "checkbox" ? input.checked : input.value.trim() !== "");
  const inputs = (place = form) => all("input,select,textarea", place).filter((each) => each.name && each.type !== "hidden");
  const hasAnswer = (place) => inputs(place).some((each) => isOn(each) && each.value !== "none");

  function answers() {
    const found = {};
    for (const input of all("input,select,textarea")) {
      if (!input.name || !isOn(input) || !isShown(input) || (input.type === "hidden" && !("given" in input.dataset))) continue;
      const steps = input.name.replace("[]", "").split(".");
      let place = found;
      for (const step of steps.slice(0, -1)) place = place[step] ??= {};
      const last = steps[steps.length - 1];
      if (input.name.endsWith("[]")) (place[last] ??= []).push(input.value);
      else place[last] = input.value;
    }
    return found;
  }

  function showWhatIsAsked() {
    for (let round = 0, moved = true; moved && round < 12; round++) {
      const now = answers();
      moved = false;
      for (const element of all("[data-show]")) {
        const hide = !holds(JSON.parse(element.dataset.show), now, besideOf(element));
        if (element.hidden !== hide) [element.hidden, moved] = [hide, true];
      }
    }
    for (const part of all("[data-part]")) part.hidden = !all("details[data-section]:not([hidden])", part).length;
  }

  function missing(place = form) {
    const now = answers();
    return all("[data-need]", place).filter((element) => {
      if (!isShown(element) || all("[data-need]", element).length || isEmptyRow(element.closest("[data-row]"))) return false;
      return holds(JSON.parse(element.dataset.need), now, besideOf(element)) && !inputs(element).some(isOn);
    });
  }

  const isEmptyRow = (row) => row && !inputs(row).some(isOn);

  /* How far one is */

  const sections = all("details[data-section]");
  const passed = new Set();
  const bar = document.querySelector("[data-form-head]");
  const actions = document.querySelector("[data-form-actions]");
  const shownSections = () => sections.filter((each) => !each.hidden);
  let current = sections.find((each) => each.open && !each.hidden);

  function showProgress() {
    let done = 0;
    let total = 0;
    for (const section of sections) {
      const step = bar?.querySelector(`[data-of="${section.dataset.section}"]`);
      if (step) step.hidden = section.hidden;
      if (section.hidden) continue;
      const isFaulty = "faulty" in section.dataset || inputs(section).some(faultOf);
      const isDone = !isFaulty && !missing(section).length && (passed.has(section) || hasAnswer(section));
      const tick = section.querySelector(".tick");
      const isCounted = "counted" in section.dataset;
      total += isCounted;
      tick.textContent = isDone ? "✓" : isFaulty ? "!" : isCounted ? total : "·";
      tick.dataset.is = isDone ? "done" : isFaulty ? "faulty" : section === current ? "now" : "";
      section.querySelector("[data-said]").textContent = summary(section);
      done += isCounted && isDone;
      if (step) step.className = isDone ? "done" : section === current ? "now" : "";
    }
    for (const part of all("[data-part]")) sumUp(part);
    const line = bar?.querySelector(".progress");
    if (!line) return;
    bar.querySelector("[data-done]").textContent = done;
    bar.querySelector("[data-total]").textContent = total;
    line.setAttribute("aria-label", line.dataset.words.replace("{total}", total).replace("{done}", done));
  }

  function summary(section) {
    const marked = all("input:checked + [data-is]", section).filter(isShown).length;
    if (marked) return say("marked", { n: marked });
    return all(".same input:checked", section).length ? say("same") : "";
  }

  function sumUp(part) {
    const place = part.querySelector("[data-part-done]");
    const own = all("details[data-section]:not([hidden])", part);
    if (place) place.textContent = `${all("details[data-section]:not([hidden]) .tick[data-is=done]", part).length} / ${own.length}`;
  }

  function nameButtons() {
    if (!actions || sections.length < 4) return;
    const list = shownSections();
    const at = list.indexOf(current);
    const next = list[at + 1];
    const send = actions.querySelector("[data-send]");
    send.dataset.words ??= send.textContent;
    send.textContent = next ? say("next", { name: title(next) }) : send.dataset.words;
    actions.querySelector("[data-back]").hidden = at < 1;
  }

  const title = (section) => section.querySelector("h2,h3").textContent;

  function goTo(section) {
    if (current && current !== section) {
      passed.add(current);
      current.open = false;
    }
    current = section;
    section.open = true;
    section.querySelector("summary").focus({ preventScroll: true });
    section.scrollIntoView({ block: "start" });
    renew();
  }

  for (const section of sections) {
    section.addEventListener("toggle", () => {
      if (!section.open || section === current) return;
      current = section;
      renew();
    });
  }
  actions?.querySelector("[data-back]")?.addEventListener("click", () => {
    const list = shownSections();
    goTo(list[Math.max(0, list.indexOf(current) - 1)]);
  });

  /* Same as last time, the rest is normal, report now, rows */

  function setValue(name, value) {
    const values = Array.isArray(value) ? value.map(String) : [String(value)];
    for (const input of all(`[name="${name}"],[name="${name}[]"]`)) {
      if (input.type === "radio" || input.type === "checkbox") input.checked = values.includes(input.value);
      else if (input.type !== "file") input.value = values[0];
    }
  }

  for (const box of all("[data-same]")) {
    const before = JSON.parse(box.dataset.last);
    const tick = box.querySelector("input");
    const differs = () => {
      const now = answers()[box.dataset.same] || {};
      return Object.entries(before).some(([name, value]) => name in now && String(now[name]) !== String(value));
    };
    tick.addEventListener("change", () => {
      if (!tick.checked) return;
      for (const [name, value] of Object.entries(before)) setValue(`${box.dataset.same}.${name}`, value);
    });
    box.closest("[data-group]").addEventListener("change", (event) => {
      if (event.target !== tick && differs()) tick.checked = false;
    });
  }

  const unanswered = (button) =>
    all(`input[type=radio][value="${button.dataset.fill}"]`, button.parentElement).filter(
      (each) => isShown(each) && !all(`[name="${each.name}"]`).some(isOn),
    );
  for (const button of all("[data-fill]")) {
    button.addEventListener("click", () => {
      for (const each of unanswered(button)) each.checked = true;
      changed();
    });
  }
  function nameFills() {
    for (const button of all("[data-fill]")) {
      const left = unanswered(button).length;
      button.hidden = !left;
      button.textContent = `${button.dataset.words} · ${left}`;
    }
  }

  function offerReport() {
    const offer = form.querySelector("[data-report]");
    for (const field of offer ? all("[data-danger]") : []) {
      const grave = field.dataset.danger.split(" ").some((each) => all(`input[value="${each}"]:checked`, field).length);
      const there = field.querySelector(":scope > .finding[data-is=danger]:not([data-show])");
      if (grave && !there) (field.querySelector(":scope > .check") || field.lastElementChild).after(offer.content.cloneNode(true));
      if (!grave) there?.remove();
      const finding = field.querySelector(".finding[data-show]");
      if (finding) finding.dataset.is = grave ? "danger" : "";
    }
  }

  function empty(row) {
    for (const each of inputs(row)) each.type === "radio" || each.type === "checkbox" ? (each.checked = false) : (each.value = "");
  }

  for (const list of all("[data-rows]")) {
    for (const each of all("[data-remove]", list)) each.hidden = false;
    list.addEventListener("click", ({ target }) => {
      const row = target.closest("[data-remove]")?.closest("[data-row]");
      if (!row) return;
      empty(row);
      row.hidden = true;
      changed();
    });
    const button = list.querySelector("[data-add]");
    button.hidden = false;
    button.addEventListener("click", () => {
      const rows = all("[data-row]", list);
      if (rows.length >= Number(list.dataset.most)) return;
      const row = rows[rows.length - 1].cloneNode(true);
      const [from, to] = [row.dataset.row, String(rows.length)];
      row.dataset.row = to;
      for (const each of [row, ...all("*", row)]) {
        for (const { name, value } of [...each.attributes]) {
          if (name === "name") each.setAttribute(name, value.replace(`.${from}.`, `.${to}.`));
          else if (["id", "for", "aria-describedby"].includes(name)) each.setAttribute(name, value.replace(`-${from}-`, `-${to}-`));
        }
      }
      empty(row);
      row.hidden = false;
      button.before(row);
      inputs(row)[0].focus();
      changed();
    });
  }

  /* Photos, recordings, signature become files of an ordinary field */

  function made(look, words) {
    const button = document.createElement("button");
    [button.type, button.className, button.textContent] = ["button", look, words];
    return button;
  }

  function put(input, files) {
    const kept = new DataTransfer();
    for (const file of files) kept.items.add(file);
    input.files = kept.files;
    chosen.set(input, files);
    preview(input);
  }

  function preview(input) {
    const list = input.closest(".photos");
    for (const old of all(".is-new", list)) old.remove();
    [...input.files].forEach((file, index) => {
      const item = document.createElement("li");
      item.className = "is-new";
      const shown = document.createElement(file.type.startsWith("audio") ? "audio" : "img");
      shown.src = URL.createObjectURL(file);
      if (shown.tagName === "IMG") shown.alt = nameOf(input.closest("fieldset"));
      else shown.controls = true;
      const remove = made("remove", "×");
      remove.setAttribute("aria-label", say("remove"));
      remove.addEventListener("click", () => {
        put(input, [...input.files].filter((_, at) => at !== index));
        changed();
      });
      item.append(shown, remove);
      list.prepend(item);
    });
  }

  const chosen = new WeakMap();
  form.addEventListener("change", (event) => {
    const input = event.target;
    if (input.type !== "file" || !window.DataTransfer) return;
    const most = Number(input.closest("[data-files]").dataset.most) || 1;
    put(input, input.multiple ? [...(chosen.get(input) || []), ...input.files].slice(-most) : [...input.files]);
  });

  function recorder(field) {
    const input = field.querySelector("input[type=file]");
    if (!window.MediaRecorder || !navigator.mediaDevices) return;
    const button = made("button", say("record"));
    let running = null;
    button.addEventListener("click", async () => {
      if (running) return running.stop();
      try {
        const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
        const pieces = [];
        running = new MediaRecorder(stream, { audioBitsPerSecond: 16000 });
        running.ondataavailable = (piece) => pieces.push(piece.data);
        running.onstop = () => {
          const kind = (running.mimeType || "audio/webm").split(";")[0];
          put(input, [new File(pieces, `voice.${kind.endsWith("mp4") ? "m4a" : "webm"}`, { type: kind })]);
          for (const track of stream.getTracks()) track.stop();
          running = null;
          button.textContent = say("record");
          changed();
        };
        running.start();
        setTimeout(() => running?.stop(), 180000);
        button.textContent = say("stop");
      } catch {
        button.hidden = true; /* no microphone: a file can still be chosen */
      }
    });
    field.append(button);
  }

  function pad(field) {
    const input = field.querySelector("input[type=file]");
    const box = document.createElement("div");
    box.className = "signature";
    const canvas = document.createElement("canvas");
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", nameOf(field));
    const again = made("button", say("again"));
    box.append(canvas);
    field.querySelector(".photos").before(box, again);
    const pen = canvas.getContext("2d");
    const at = (event) => [event.offsetX * (canvas.width / canvas.clientWidth), event.offsetY * (canvas.height / canvas.clientHeight)];
    let down = false;
    canvas.addEventListener("pointerdown", (event) => {
      if (canvas.width !== canvas.clientWidth * 2) [canvas.width, canvas.height] = [canvas.clientWidth * 2, canvas.clientHeight * 2];
      Object.assign(pen, { lineWidth: 5, lineCap: "round", lineJoin: "round", strokeStyle: "#15211c" });
      canvas.setPointerCapture(event.pointerId);
      down = true;
      pen.beginPath();
      pen.moveTo(...at(event));
    });
    canvas.addEventListener("pointermove", (event) => {
      if (!down) return;
      pen.lineTo(...at(event));
      pen.stroke();
    });
    canvas.addEventListener("pointerup", () => {
      down = false;
      canvas.toBlob((blob) => {
        put(input, [new File([blob], "signature.png", { type: "image/png" })]);
        changed();
      });
    });
    again.addEventListener("click", () => {
      pen.clearRect(0, 0, canvas.width, canvas.height);
      put(input, []);
      changed();
    });
  }

  /* Where the phone is: degrees, metres and datum; some phones never answer, then one writes the place */
  for (const button of all("[data-locate]")) {
    button.hidden = !navigator.geolocation;
    button.addEventListener("click", () => {
      const refused = () => { button.textContent = button.dataset.words; };
      button.setAttribute("aria-busy", "true");
      navigator.geolocation.getCurrentPosition(
        ({ coords }) => {
          document.getElementById(button.dataset.locate).value = `${coords.latitude.toFixed(5)},${coords.longitude.toFixed(5)} ±${Math.round(coords.accuracy)}m wgs84`;
          button.removeAttribute("aria-busy");
          changed();
        },
        () => { button.removeAttribute("aria-busy"); refused(); },
        { enableHighAccuracy: true, timeout: 8000, maximumAge: 60000 },
      );
    });
  }

  /* Drafts by the task's id: text in localStorage, files in IndexedDB, for three days; text also on the server, where one
     goes on at another device. What was saved last counts; `base` is the server's that this one was typed over. */

  const key = form.dataset.draft ? `draft:${form.dataset.draft}` : "";
  const files = async (mode) => (key ? window.visitflow?.store("files", mode) : undefined);
  const typed = () => inputs().filter((each) => each.type !== "file" && isOn(each)).map((each) => [each.name, each.value]);
  let saving = 0;
  let sharing = 0;

  async function save() {
    const version = form.elements.form_version.value;
    try {
      localStorage.setItem(key, JSON.stringify({ at: Date.now(), base: Date.parse(form.dataset.at), version, typed: typed() }));
      tellSaved(Date.now());
    } catch { /* storage full: the page still holds everything */ }
    const store = await files("readwrite");
    for (const input of store ? all("input[type=file]") : []) {
      if (input.files.length) store.put([...input.files], `${key}|${input.name}`);
      else store.delete(`${key}|${input.name}`);
    }
  }

  async function share() {
    if (!form.dataset.keep || !navigator.onLine || form.dataset.sent || !form.isConnected) return;
    const body = new FormData(form);
    for (const input of all("input[type=file]")) body.delete(input.name);
    try {
      const answer = await fetch(form.dataset.keep, { method: "POST", body, headers: { Accept: "application/json" } });
      if (!answer.ok) return;
      form.dataset.at = (await answer.json()).saved_at;
      localStorage.setItem("skew", Date.parse(form.dataset.at) - Date.now()); /* how far this clock is wrong */
      const kept = JSON.parse(localStorage.getItem(key) || "null");
      if (kept) localStorage.setItem(key, JSON.stringify({ ...kept, base: Date.parse(form.dataset.at) }));
    } catch { /* no network: it is kept here */ }
  }

  function tellSaved(at) {
    const place = document.querySelector("[data-saved]");
    const time = window.visitflow.clock(at);
    if (place) place.textContent = `${(place.dataset.note ??= place.textContent)}${place.dataset.note ? " · " : ""}${say("saved", { time })}`;
  }

  function restore() {
    const kept = JSON.parse(localStorage.getItem(key) || "null");
    const there = Date.parse(form.dataset.at) || 0;
    const skew = Number(localStorage.getItem("skew")) || 0;
    if (!kept || (there && there !== kept.base && kept.at + skew < there)) return;
    const names = new Set(kept.typed.map(([name]) => name));
    const isOlder = kept.version !== form.elements.form_version.value;
    refill(isOlder ? [...kept.typed, ...typed().filter(([name]) => !names.has(name))] : kept.typed);
    const place = isOlder && document.querySelector("[data-saved]");
    if (place) place.dataset.note = say("older");
    tellSaved(kept.at);
  }

  /* [name, value] of everything that was typed, files too */
  function refill(typed) {
    for (const row of typed.map(([name]) => name.match(/^(.+)\.(\d+)\./)).filter(Boolean)) {
      const list = form.querySelector(`[data-rows="${row[1]}"]`);
      while (list && all("[data-row]", list).length <= Number(row[2])) list.querySelector("[data-add]").click();
    }
    const values = {};
    for (const [name, value] of typed) (values[name] ??= []).push(value);
    for (const input of inputs()) {
      if (input.type === "file") {
        const sent = (values[input.name] || []).filter((each) => each instanceof File);
        if (sent.length) put(input, sent);
      } else if (input.type === "radio" || input.type === "checkbox") input.checked = (values[input.name] || []).includes(input.value);
      else input.value = values[input.name]?.[0] ?? "";
    }
  }

  async function restoreFiles() {
    const store = await files("readonly");
    for (const input of store ? all("input[type=file]") : []) {
      const asked = store.get(`${key}|${input.name}`);
      asked.onsuccess = () => asked.result?.length && (put(input, asked.result), renew());
    }
  }

  function forgetOld() {
    for (const name of Object.keys(localStorage).filter((each) => each.startsWith("draft:") && each !== key)) {
      const { at, sent } = JSON.parse(localStorage.getItem(name));
      if (Date.now() - at > 72 * 3600000 || (sent && Date.now() - sent > 600000)) forget(name);
    }
  }

  async function forget(name) {
    localStorage.removeItem(name);
    (await files("readwrite"))?.delete(IDBKeyRange.bound(`${name}|`, `${name}|\uffff`));
  }

  /* Sending */

  const labelOf = (element) => (element === form ? "" : nameOf(element.closest("li[id]") || element));

  const fieldOf = (input) => input.closest("[id^='f-']:not(input,select,textarea)");

  /* What the phone can say of one answer: the browser's own words, and the bounds of a number typed as text. */
  function faultOf(input) {
    if (!isShown(input) || input.type === "file") return "";
    const value = input.value.trim().replace(",", ".");
    if (value && !Number.isNaN(Number(value))) {
      if (input.min && Number(value) < Number(input.min)) return say("small", { n: input.min });
      if (input.max && Number(value) > Number(input.max)) return say("big", { n: input.max });
    }
    return input.checkValidity() ? "" : input.validationMessage;
  }

  function faults() {
    const found = missing().map((element) => [element, element.dataset.wanted || say("required")]);
    for (const input of inputs()) if (faultOf(input)) found.push([fieldOf(input), faultOf(input)]);
    return found;
  }

  function tell(found) {
    const box = form.querySelector("[data-faults]");
    const places = new Map(found.map(([element]) => [element, element.closest("details")]));
    for (const old of all(".error.is-here")) old.remove();
    for (const section of sections) section.toggleAttribute("data-faulty", [...places.values()].includes(section));
    document.querySelector(".toast")?.remove(); /* what it told is over */
    box.hidden = !found.length;
    if (!found.length) return;
    box.querySelector("h2").textContent = say("left", { n: found.length });
    for (const old of all("a,h3", box)) old.remove();
    let under = null;
    for (const [element, sentence] of found.sort(([one], [other]) => (one.compareDocumentPosition(other) & 2 ? 1 : -1))) {
      const section = places.get(element);
      if (section && section !== under) {
        box.append(Object.assign(document.createElement("h3"), { textContent: title(section) }));
        under = section;
      }
      const link = document.createElement("a");
      link.href = `#${element.id}`;
      link.textContent = [labelOf(element), sentence].filter(Boolean).join(say("colon"));
      box.append(link);
      element.append(word(sentence));
    }
    renew();
    box.focus({ preventScroll: true });
    box.scrollIntoView({ block: "start" });
  }

  const word = (sentence) => Object.assign(document.createElement("p"), { className: "error is-here", textContent: sentence });

  /* A number out of bounds is said when one leaves it; what was said goes as soon as it is not so any more. */
  form.addEventListener("change", ({ target }) => {
    const place = target.name && fieldOf(target);
    if (!place) return;
    for (const old of place.querySelectorAll(":scope > .error")) old.remove();
    if (faultOf(target)) place.append(word(faultOf(target)));
    const section = place.closest("details");
    if (section && !section.querySelector(".error")) section.removeAttribute("data-faulty");
  });

  form.querySelector("[data-faults]").addEventListener("click", (event) => {
    const target = event.target.hash && document.getElementById(event.target.hash.slice(1));
    if (!target) return;
    event.preventDefault();
    const section = target.closest("details");
    if (section) [section.open, current] = [true, section];
    target.scrollIntoView({ block: "center" });
    (inputs(target)[0] || target).focus({ preventScroll: true });
    renew();
  });

  form.addEventListener("submit", (event) => {
    const list = shownSections();
    const next = sections.length > 3 ? list[list.indexOf(current) + 1] : null;
    if (next) {
      event.preventDefault();
      return goTo(next);
    }
    if (current) passed.add(current);
    const found = faults();
    if (found.length) {
      event.preventDefault();
      renew();
      return tell(found);
    }
    const kept = key && !("owner" in document.body.dataset) && JSON.parse(localStorage.getItem(key) || "null");
    if (kept) localStorage.setItem(key, JSON.stringify({ ...kept, sent: Date.now() }));
  });
  /* The server sent it back (field.js): [id, name, sentence] of each fault, and what was sent, should the draft be gone. */
  form.addEventListener("refused", (event) => {
    if (event.detail.fields && !localStorage.getItem(key)) refill(event.detail.fields);
    const found = event.detail.faults.map(([id, , sentence]) => [document.getElementById(id), sentence]).filter(([place]) => place);
    for (const [place] of found) place.closest("details")?.setAttribute("open", "");
    renew();
    tell(found.length ? found : [[form, event.detail.message]]);
  });
  form.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && event.target.matches("input:not([type=file])")) event.preventDefault();
  });

  /* All together */

  function renew() {
    showWhatIsAsked();
    offerReport();
    nameFills();
    showProgress();
    nameButtons();
  }

  function changed() {
    renew();
    if (!key) return;
    clearTimeout(saving);
    clearTimeout(sharing);
    saving = setTimeout(save, 400);
    sharing = setTimeout(share, 2000);
  }

  form.classList.add("is-live");
  for (const field of all("[data-files=voice]")) recorder(field);
  for (const field of all("[data-files=signature]")) pad(field);
  try {
    forgetOld();
    if (key && !("kept" in form.dataset)) restore();
  } catch { /* a draft that cannot be read is left alone */ }
  restoreFiles();
  form.addEventListener("input", changed);
  form.addEventListener("change", changed);
  renew();
})();
