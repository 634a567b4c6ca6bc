/* Phones. What is filled in goes into the outbox on the phone first, then to the server: without network, with a lost
   answer or an expired sign-in nothing is lost and nothing arrives twice (the server knows each form by its number).

   states of an entry   waiting  not sent yet, sent by itself as soon as it can be
                        correct  the server found faults; nothing is bound, the form opens with what was typed
                        taken, other, refused   a person must look; what was typed stays here
                        late, moved   somebody else finished it or has it now; the text is on the server as a supplement */
(() => {
  "use strict";
  const { store, clock } = window.visitflow;
  const body = document.body;
  const owner = body.dataset.owner;
  if (!owner || !window.indexedDB) return;
  const say = (name, values = {}, from = body) =>
    (from.getAttribute(`data-say-${name}`) || "").replace(/\{(\w+)\}/g, (_, key) => values[key] ?? "");
  const asked = (request) => new Promise((done, fail) => {
    request.onsuccess = () => done(request.result);
    request.onerror = () => fail(request.error);
  });
  const OVER = ["late", "moved"];
  const PAUSES = [5, 15, 60, 300];
  let ready = false;
  let signedOut = false;

  /* The outbox */

  async function entries() {
    const shelf = await store("outbox");
    const all = shelf ? await asked(shelf.getAll()) : [];
    return all.filter((each) => each.owner === owner).sort((one, other) => one.at - other.at);
  }

  const write = async (name, value, key) => asked((await store(name, "readwrite")).put(value, key));
  const remove = async (key) => asked((await store("outbox", "readwrite")).delete(key));
  const noted = async (key) => asked((await store("meta")).get(key));

  async function enqueue(form) {
    const data = new FormData(form);
    const about = document.querySelector("[data-about]");
    const action = new URL(form.action).pathname;
    const entry = {
      id: data.get("submission"), owner, action, at: Date.now(), state: "waiting", tries: 0, told: "", faults: [],
      page: location.pathname + location.search, draft: form.dataset.draft || "",
      task: about?.dataset.task || "", about: form.dataset.outbox || about?.dataset.about || document.title,
      fields: [...data].filter(([name, value]) => name !== "csrf_token" && !(value instanceof File && !value.size)),
    };
    await write("outbox", entry, entry.id);
    for (const old of await entries()) {
      if (old.id === entry.id || old.action !== action || action === "/report") continue;
      if (!old.tries || old.state === "correct") await remove(old.id);
    }
    return entry;
  }

  /* Sending: in the order of writing, one after the other, the emergency report first */

  let sending = null;
  let here = ""; /* the form that somebody waits for on this page */
  let pause = 0;
  const flush = () => (sending ??= sendAll().finally(() => { sending = null; }));

  async function sendAll() {
    const open = (await entries()).filter((each) => each.state === "waiting");
    open.sort((one, other) => (other.action === "/report") - (one.action === "/report"));
    const results = new Map();
    let token = open.length ? (await hello())?.token : null;
    for (const entry of token ? open : []) {
      const result = await send(entry, token);
      results.set(entry.id, result);
      if (!result) break;
    }
    const left = open.length - [...results.values()].filter((each) => each && each.state !== "early").length;
    if (!left || left < open.length) pause = 0; /* something got through: what follows it may now be due */
    if (left) setTimeout(flush, 1000 * PAUSES[Math.min(pause++, PAUSES.length - 1)]);
    await show();
    return results;
  }

  async function hello() {
    try {
      const answer = await fetch("/phone/hello", { headers: { Accept: "application/json" }, cache: "no-store", signal: AbortSignal.timeout(15000) });
      signedOut = answer.status === 401;
      const said = answer.ok ? await answer.json() : null;
      if (said?.owner !== owner) return null;
      const wrong = document.querySelector("[data-clock]");
      if (wrong) wrong.hidden = Math.abs(Date.parse(said.now) - Date.now()) < 300000;
      await write("meta", Date.now(), "contact");
      return said;
    } catch {
      return null;
    }
  }

  /* The result, null when there was no answer: then the entry waits. */
  async function send(entry, token) {
    const form = new FormData();
    for (const [name, value] of entry.fields) {
      if (value instanceof Blob) form.append(name, value, value.name || "file");
      else form.append(name, value);
    }
    let answer;
    entry.tries += 1;
    await write("outbox", entry, entry.id);
    try {
      answer = await fetch(entry.action, {
        method: "POST", body: form, signal: AbortSignal.timeout(120000),
        headers: { Accept: "application/json", "X-CSRFToken": token, ...(entry.id === here && { "X-Here": "1" }) },
      });
    } catch {
      return null;
    }
    if (answer.status >= 500 || answer.status === 429) return null;
    if (answer.status === 401) return (signedOut = true) && null;
    const said = await answer.json().catch(() => ({}));
    const state = said.state || "refused";
    if (state === "done" || state === "kept") await accepted(entry);
    else if (state === "early") await write("outbox", Object.assign(entry, { early: true }), entry.id);
    else {
      if (OVER.includes(state)) await forget(entry);
      Object.assign(entry, { state, told: said.message || "", faults: said.faults || [], fields: OVER.includes(state) ? [] : entry.fields });
      await write("outbox", entry, entry.id);
    }
    return { ...said, state };
  }

  async function accepted(entry) {
    await remove(entry.id);
    await forget(entry);
    const today = new Date().toDateString();
    const sent = ((await noted("sent")) || []).filter((each) => new Date(each.at).toDateString() === today && each.owner === owner);
    await write("meta", [...sent, { about: entry.about, at: Date.now(), owner }].slice(-50), "sent");
  }

  async function forget(entry) {
    if (!entry.draft) return;
    localStorage.removeItem(`draft:${entry.draft}`);
    (await store("files", "readwrite")).delete(IDBKeyRange.bound(`draft:${entry.draft}|`, `draft:${entry.draft}|\uffff`));
  }

  /* A form is sent: kept first, then tried for eight seconds; after that the worker goes on and it is sent by itself */

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || !ready || !form.matches("[data-form][data-draft],[data-outbox]")) return;
    event.preventDefault();
    keepAndSend(form).catch(() => form.submit());
  });

  async function keepAndSend(form) {
    const entry = await enqueue(form);
    here = entry.id;
    await show();
    const wait = new Promise((done) => setTimeout(done, navigator.onLine ? 8000 : 0));
    const result = navigator.onLine ? await Promise.race([sendNow(entry.id), wait]) : null;
    delete form.dataset.sent;
    for (const busy of document.querySelectorAll("[aria-busy]")) busy.removeAttribute("aria-busy");
    if (result?.state === "done" && result.next) location.href = result.next;
    else if (result?.state === "kept") location.href = "/tasks";
    else if (result?.state === "correct") sentBack(form, result);
    else if (result && result.state !== "early") location.href = "/outbox";
    else stored(form);
  }

  /* A round that was under way already does not know of the form: then in the next one. */
  async function sendNow(id) {
    const results = await flush();
    return (results.has(id) ? results : await flush()).get(id);
  }

  /* form.js tells it where it draws the form; any other form (the report) gets the list on top of it */
  function sentBack(form, result) {
    if (form.matches("[data-form]")) return form.dispatchEvent(new CustomEvent("refused", { detail: result }));
    form.querySelector(".errors")?.remove();
    const box = Object.assign(document.createElement("div"), { className: "errors stack tight", tabIndex: -1 });
    box.setAttribute("role", "alert");
    box.append(Object.assign(document.createElement("h2"), { textContent: say("left", { n: result.faults.length }) }));
    for (const [id, name, sentence] of result.faults) {
      box.append(Object.assign(document.createElement("a"), { href: `#${id}`, textContent: `${name}${say("colon")}${sentence}` }));
    }
    form.prepend(box);
    box.focus({ preventScroll: true });
    box.scrollIntoView({ block: "start" });
  }

  /* The report as a text message, for a phone that can send one but has no data: codes and the elder's number, no name */
  function message(template, form) {
    const link = template.content.cloneNode(true);
    const picked = (name) => [...form.querySelectorAll(`[name="${name}"]:checked`)].map((each) => each.closest("label").textContent.trim()).join("、");
    const typed = (name) => form.elements[name]?.value?.trim() || "";
    const values = { who: template.dataset.who || typed("place"), kinds: picked("kinds"), danger: picked("danger"), words: typed("words").slice(0, 60) };
    const body = template.dataset.words.replace(/\{(\w+)\}/g, (_, key) => values[key]);
    link.querySelector("a").href += `?body=${encodeURIComponent(body)}`;
    return link;
  }

  function stored(form) {
    const card = document.createElement("section");
    card.className = "card stack narrow";
    card.setAttribute("role", "status");
    card.tabIndex = -1;
    const add = (name, words, place = card) => place.appendChild(Object.assign(document.createElement(name), { textContent: words }));
    add("h2", say("kept"));
    add("p", say("keptlong"));
    const later = [...document.querySelectorAll("[data-later] a")];
    if (later.length) add("p", say("next")).className = "small soft";
    for (const link of later) {
      link.className = "button";
      card.append(link);
    }
    const list = add("a", say("list"));
    [list.className, list.href] = ["button button-main", "/tasks"];
    const sms = document.querySelector("[data-sms]");
    if (sms) card.insertBefore(message(sms, form), list);
    document.getElementById("main").replaceChildren(card);
    document.querySelector(".action-bar")?.remove();
    card.focus();
    scrollTo(0, 0);
  }

  /* What is seen everywhere: without network or not, how much waits */

  async function show() {
    const all = await entries();
    const unsent = all.filter((each) => !OVER.includes(each.state)).length;
    const faulty = all.filter((each) => each.state === "correct").length;
    const net = document.querySelector("[data-net]");
    if (net) {
      const words = [
        navigator.onLine ? "" : say("offline"),
        unsent > faulty && say("unsent", { n: unsent - faulty }),
        faulty && say("fix", { n: faulty }),
        all.length && !unsent && say("look", { n: all.length }),
      ];
      net.textContent = words.filter(Boolean).join(" · ");
      net.dataset.is = navigator.onLine ? "online" : "offline";
      net.hidden = !net.textContent;
    }
    for (const [name, on] of [["offline", !navigator.onLine], ["signin", signedOut && unsent > 0]]) {
      const line = document.querySelector(`[data-${name}]`);
      if (line) line.hidden = !on;
    }
    mark(all);
    document.dispatchEvent(new CustomEvent("outbox", { detail: all }));
  }

  function mark(all) {
    for (const old of document.querySelectorAll("[data-id] [data-unsent]")) old.remove();
    for (const each of all) {
      const title = document.querySelector(`[data-id="${CSS.escape(each.task)}"] h3`);
      if (!title || title.querySelector("[data-unsent]")) continue;
      const tag = Object.assign(document.createElement("span"), { className: "tag", textContent: say("unsent", { n: "" }).trim() });
      tag.dataset.unsent = "";
      title.append(" ", tag);
    }
  }
  document.addEventListener("renewed", () => show());

  /* A form that was sent back, or that waits, opens with what was typed (form.js keeps the draft) and says what is wrong */

  async function reopen() {
    const form = document.querySelector("[data-form]");
    if (!form) return;
    const mine = (await entries()).filter((each) => each.action === new URL(form.action).pathname).pop();
    if (mine?.state !== "correct") return;
    form.elements.submission.value = mine.id; /* nothing is bound yet; under its old number its files are not stored twice */
    form.dispatchEvent(new CustomEvent("refused", { detail: { faults: mine.faults, message: mine.told, fields: mine.fields } }));
  }

  /* Pages for the days without network; what is 72 hours without contact goes, but for the outbox */

  async function keepPages() {
    const said = navigator.onLine ? await hello() : null;
    if (!said || !window.caches) return;
    const cache = await caches.open(`pages-${owner}`);
    const kept = (await noted(`kept-${owner}`)) || {};
    const wanted = Object.fromEntries(said.keep);
    const needed = new Set((await entries()).map((each) => each.page));
    for (const gone of Object.keys(kept).filter((each) => !(each in wanted) && !needed.has(each))) {
      await cache.delete(gone);
      delete kept[gone];
    }
    for (const [address, sign] of said.keep) {
      if (kept[address] === sign && (await cache.match(address, { ignoreVary: true }))) continue;
      try {
        const answer = await fetch(address, { headers: { Accept: "text/html" } });
        if (!answer.ok || answer.redirected || answer.headers.get("X-Phone") !== owner) continue;
        await cache.put(address, answer);
        kept[address] = sign;
      } catch {
        break;
      }
    }
    await write("meta", kept, `kept-${owner}`);
    body.dataset.keeps = Object.keys(kept).length;
  }

  async function forgetOld() {
    const contact = await noted("contact");
    if (!contact || Date.now() - contact < 72 * 3600000 || !window.caches) return;
    for (const name of await caches.keys()) if (name.startsWith("pages-")) await caches.delete(name);
    const unsent = new Set((await entries()).map((each) => `draft:${each.draft}`));
    for (const name of Object.keys(localStorage)) if (name.startsWith("draft:") && !unsent.has(name)) localStorage.removeItem(name);
  }

  window.visitflow.outbox = { OVER, owner, say, clock, entries, noted, remove, show, send: () => { pause = 0; flush(); } };

  (async () => {
    if (!(await store("outbox"))) return;
    ready = true;
    navigator.storage?.persist?.();
    navigator.serviceWorker?.register("/sw.js").catch(() => {});
    navigator.serviceWorker?.addEventListener("message", flush);
    addEventListener("online", () => { pause = 0; show(); flush(); });
    addEventListener("offline", show);
    document.addEventListener("visibilitychange", () => document.hidden || flush());
    await forgetOld();
    await show();
    await reopen();
    await flush();
    setTimeout(keepPages, 1500);
  })().catch(() => {});
})();
