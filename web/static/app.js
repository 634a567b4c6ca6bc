/* The little that pages do by themselves. Every form works without this file.

   data-poll="address" data-every="20"   asks again and renews its rows; new rows wait behind «新来 N 条，显示»
   data-always                           beside data-poll: asks also while the page is hidden (sound of emergencies)
   data-whole                            beside data-poll: everything is renewed at once, nothing waits
   data-until="moment"                   the last five minutes of a deadline count down by the second
   data-focus                            takes the focus when the page opens (what is wrong with a form)
   data-open="id" / data-close           opens and closes a <dialog>; without script the link beside it does
   data-wipe="question"                  signing out: removes drafts from the device, asks first when some are unsent
   data-reveal="address"                 shows a masked value in place; the server writes down who looked
   data-passing="5"                      goes away after so many seconds (undo)
   form                                  says that it is being sent, and is sent once  */
(() => {
  "use strict";
  const root = document.documentElement;
  const english = root.lang === "en";
  const ahead = Date.parse(root.dataset.now) - Date.now();
  const now = () => Date.now() + ahead;

  document.querySelector("[data-focus]")?.focus();
  for (const each of document.querySelectorAll("[data-passing]")) setTimeout(() => each.remove(), each.dataset.passing * 1000);

  /* What the device keeps: files of drafts, the outbox of a phone, notes. A store for one transaction, undefined without
     IndexedDB; "strict": written to the disk before it counts, so a killed browser loses nothing. */
  const shelf = new Promise((done) => {
    if (!window.indexedDB) return done(null);
    const asked = indexedDB.open("visitflow", 2);
    asked.onupgradeneeded = () => {
      for (const name of ["files", "outbox", "meta"]) {
        if (!asked.result.objectStoreNames.contains(name)) asked.result.createObjectStore(name);
      }
    };
    asked.onsuccess = () => {
      asked.result.onversionchange = () => asked.result.close();
      done(asked.result);
    };
    asked.onerror = () => done(null);
  });
  const store = async (name, mode = "readonly") =>
    (await shelf)?.transaction(name, mode, { durability: "strict" }).objectStore(name);

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.method === "dialog") return;
    if (form.dataset.wipe) {
      event.preventDefault();
      return wipe(form.dataset.wipe).then((gone) => gone && form.submit());
    }
    if (form.dataset.sent) return event.preventDefault();
    form.dataset.sent = "1";
    event.submitter?.setAttribute("aria-busy", "true");
  });
  /* Signing out leaves nothing of anybody on the device but what was finished and not sent yet: that is sent when the
     same person signs in again. Unfinished drafts are asked about first. */
  async function wipe(question) {
    const finished = await new Promise(async (done) => {
      const asked = (await store("outbox"))?.getAll();
      if (!asked) return done([]);
      asked.onsuccess = () => done(asked.result);
      asked.onerror = () => done([]);
    });
    const kept = new Set(finished.map((each) => `draft:${each.draft}`));
    const drafts = Object.keys(localStorage).filter((name) => name.startsWith("draft:") && !kept.has(name));
    if (drafts.some((name) => !JSON.parse(localStorage.getItem(name)).sent) && !confirm(question)) return false;
    for (const name of drafts) localStorage.removeItem(name);
    const files = await store("files", "readwrite");
    for (const name of drafts) files?.delete(IDBKeyRange.bound(`${name}|`, `${name}|\uffff`));
    for (const name of (await window.caches?.keys()) || []) if (name.startsWith("pages-")) await caches.delete(name);
    return true;
  }

  addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[data-sent]")) {
      delete form.dataset.sent;
      form.querySelector("[aria-busy]")?.removeAttribute("aria-busy");
    }
  });

  document.addEventListener("click", async (event) => {
    const target = event.target.closest("[data-open],[data-close],[data-reveal]");
    if (!target) return;
    if (target.dataset.open) {
      const dialog = document.getElementById(target.dataset.open);
      if (!dialog?.showModal) return;
      event.preventDefault();
      dialog.showModal();
    } else if ("close" in target.dataset) {
      event.preventDefault();
      target.closest("dialog")?.close();
    } else {
      event.preventDefault();
      await reveal(target);
    }
  });

  async function reveal(target) {
    const body = new FormData(target.closest("form"));
    const answer = await fetch(target.dataset.reveal, { method: "POST", body, headers: { Accept: "application/json" } });
    if (!answer.ok) return target.closest("form").submit();
    const shown = document.createElement("span");
    shown.textContent = (await answer.json()).value;
    shown.tabIndex = -1;
    target.closest("[data-masked]").replaceChildren(shown);
    shown.focus();
  }

  function tick() {
    for (const each of document.querySelectorAll("[data-until]")) {
      const left = Math.floor((Date.parse(each.dataset.until) - now()) / 1000);
      if (left < 0 || left >= 300) continue;
      each.textContent = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
      if (!each.dataset.due) each.dataset.due = "soon";
    }
  }
  setInterval(tick, 1000);

  /* Lists that renew themselves. Rows carry data-id. Nothing that is being read moves: a row that is still there gets its
     new content, a row that is gone turns faint, and new rows wait until one asks for them. */
  for (const list of document.querySelectorAll("[data-poll]")) follow(list);

  function follow(list) {
    let mark = "";
    let waiting = null;
    const notice = list.previousElementSibling?.matches("[data-new]") ? list.previousElementSibling : null;

    async function ask() {
      if (document.hidden && !("always" in list.dataset)) return;
      try {
        const answer = await fetch(list.dataset.poll, { headers: { "X-Fragment": "1", "If-None-Match": mark }, cache: "no-store" });
        if (answer.status === 401) return location.reload();
        if (!answer.ok) return;
        mark = answer.headers.get("ETag") || "";
        renew(await answer.text());
      } catch { /* no network: what is shown stays, the next round asks again */ }
    }

    function renew(html) {
      const fresh = new DOMParser().parseFromString(html, "text/html").body;
      if ("whole" in list.dataset) return renewWhole(fresh);
      const rows = new Map([...fresh.querySelectorAll("[data-id]")].map((row) => [row.dataset.id, row]));
      const shown = [...list.querySelectorAll("[data-id]")];
      const known = new Set(shown.map((row) => row.dataset.id));
      for (const row of shown) {
        const next = rows.get(row.dataset.id);
        row.toggleAttribute("data-gone", !next);
        if (next && !row.contains(document.activeElement)) renewRow(row, next);
      }
      const added = [...rows.keys()].filter((id) => !known.has(id)).length;
      waiting = fresh;
      if (notice) {
        notice.hidden = added === 0;
        notice.querySelector("b").textContent = added;
      }
      if (added && (!notice || !shown.length)) show();
      for (const copy of fresh.querySelectorAll("[data-copy]")) {
        const place = document.querySelector(`[data-copy="${copy.dataset.copy}"]:not([data-poll] *)`);
        if (place) place.textContent = copy.textContent;
      }
      tick();
      list.dispatchEvent(new CustomEvent("renewed", { bubbles: true, detail: { added } }));
    }

    /* data-whole: nothing may wait (the emergency board), so everything is shown at once; the focus stays where it was. */
    function renewWhole(fresh) {
      const held = list.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
      const before = new Set([...list.querySelectorAll("[data-id]")].map((row) => row.dataset.id));
      const added = [...fresh.querySelectorAll("[data-id]")].filter((row) => !before.has(row.dataset.id)).length;
      list.replaceChildren(...fresh.childNodes);
      if (held) list.querySelector(`[href="${CSS.escape(held)}"]`)?.focus();
      tick();
      list.dispatchEvent(new CustomEvent("renewed", { bubbles: true, detail: { added } }));
    }

    function renewRow(row, next) {
      if (row.innerHTML !== next.innerHTML) row.innerHTML = next.innerHTML;
      for (const name of ["data-due", "class"]) {
        if (next.hasAttribute(name)) row.setAttribute(name, next.getAttribute(name));
        else row.removeAttribute(name);
      }
    }

    function show() {
      if (!waiting) return;
      list.replaceChildren(...waiting.childNodes);
      if (notice) notice.hidden = true;
      tick();
    }

    notice?.querySelector("button").addEventListener("click", () => { show(); list.focus(); });
    setInterval(ask, 1000 * (Number(list.dataset.every) || 20));
    document.addEventListener("visibilitychange", ask);
    document.addEventListener("ask", ask);
  }

  /* Pictures are made small before they are sent: 1280 px, JPEG. Where that fails the original goes. */
  document.addEventListener("change", async (event) => {
    const field = event.target;
    if (!field.matches?.("input[type=file][data-shrink]") || !window.DataTransfer || !window.createImageBitmap) return;
    const sent = new DataTransfer();
    for (const file of field.files) sent.items.add(await small(file));
    field.files = sent.files;
    field.dispatchEvent(new Event("input", { bubbles: true })); /* the draft keeps the small ones */
  });

  async function small(file) {
    if (!file.type.startsWith("image/") || file.size < 200000) return file;
    try {
      const picture = await createImageBitmap(file);
      const scale = Math.min(1, 1280 / Math.max(picture.width, picture.height));
      const canvas = document.createElement("canvas");
      canvas.width = Math.round(picture.width * scale);
      canvas.height = Math.round(picture.height * scale);
      canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
      const blob = await new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.8));
      return blob ? new File([blob], file.name.replace(/\.\w+$/, "") + ".jpg", { type: "image/jpeg" }) : file;
    } catch {
      return file;
    }
  }

  /* 09:02 in the pages' time, wherever the phone believes to be. */
  const minutes = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", timeZone: root.dataset.zone });
  const clock = (at) => minutes.format(at);

  window.visitflow = { now, english, store, clock };
})();
