/* The desk by keyboard. Everything here can be done by the mouse too.

   J K       down and up in the list            Enter      opens
   C         takes the task                     Ctrl+Enter sends the form
   /         searches                           Ctrl+K     finds a command
   ?         tells the keys                 Esc        leaves the field that one types in
   Keys do nothing while one types (but Ctrl+Enter, which sends what is typed), while an input method composes, or in an
   open dialog; single keys also when turned off. */
(() => {
  "use strict";
  const by = (selector) => document.querySelector(selector);
  const list = by(".desk-list");
  const single = by("[data-single]");
  single.checked = localStorage.getItem("desk:single") !== "off";
  single.addEventListener("change", () => localStorage.setItem("desk:single", single.checked ? "on" : "off"));

  const typing = (target) => target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName);
  const links = () => [...list.querySelectorAll("[data-rows] > li:not([data-gone]) > a")];

  function move(step) {
    const all = links();
    const held = all.indexOf(document.activeElement);
    const shown = all.findIndex((each) => each.parentElement.getAttribute("aria-current"));
    const from = held >= 0 ? held : shown;
    const next = all[from < 0 ? 0 : Math.min(all.length - 1, Math.max(0, from + step))];
    next?.focus();
    next?.scrollIntoView({ block: "nearest" });
  }

  const open = (id) => document.getElementById(id).showModal();
  const keys = {
    j: () => move(1),
    k: () => move(-1),
    c: () => by("[data-claim]")?.requestSubmit(),
    "/": () => by("#q").select(),
    "?": () => open("keys"),
  };

  document.addEventListener("keydown", (event) => {
    if (event.isComposing || event.keyCode === 229 || by("dialog[open]")) return;
    const key = event.key.toLowerCase();
    if ((event.ctrlKey || event.metaKey) && !event.altKey) {
      if (key === "enter" && by("#form")) {
        event.preventDefault();
        by("#form").requestSubmit();
      } else if (key === "k" && !typing(event.target)) {
        event.preventDefault();
        open("commands");
      }
      return;
    }
    if (key === "escape" && typing(event.target)) return event.target.blur();
    if (event.altKey || event.ctrlKey || !single.checked || typing(event.target) || !keys[key]) return;
    event.preventDefault();
    keys[key]();
  });

  /* Commands: what is typed (Chinese, initials of the pinyin, English) narrows them, Enter takes the first. */
  const command = by("#command");
  const choices = [...document.querySelectorAll(".commands li")];
  command.addEventListener("input", () => {
    const wanted = command.value.trim().toLowerCase();
    for (const each of choices) each.hidden = !each.dataset.find.includes(wanted);
  });
  command.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing) return;
    event.preventDefault();
    choices.find((each) => !each.hidden)?.querySelector("a,button").click();
  });
  for (const each of document.querySelectorAll(".commands [data-key]")) {
    each.addEventListener("click", () => keys[each.dataset.key]());
  }

  /* Templates for notes go where one wrote last, else into the first long text. */
  let written = null;
  document.addEventListener("focusin", (event) => {
    if (event.target.matches("#form textarea")) written = event.target;
  });
  document.addEventListener("click", (event) => {
    const note = event.target.closest("[data-note]");
    const place = written || by("#form textarea");
    if (!note || !place) return;
    place.setRangeText(note.dataset.note, place.selectionStart, place.selectionEnd, "end");
    place.dispatchEvent(new Event("input", { bubbles: true }));
    place.focus();
  });

  /* Who else is looking. */
  const looking = by("[data-looking]");
  async function look() {
    if (!looking || document.hidden) return;
    try {
      const headers = { "X-CSRFToken": by("meta[name=csrf-token]").content, Accept: "application/json" };
      const answer = await fetch(looking.dataset.looking, { method: "POST", headers });
      if (!answer.ok) return;
      const said = (await answer.json()).words;
      looking.hidden = !said;
      looking.firstElementChild.textContent = said;
    } catch { /* no network: asked again */ }
  }
  look();
  setInterval(look, 10000);

  /* The list stays where it was when another task opens. */
  list.scrollTop = Number(sessionStorage.getItem("desk:at")) || 0;
  addEventListener("pagehide", () => sessionStorage.setItem("desk:at", list.scrollTop));
})();
