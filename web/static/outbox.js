/* The page of the outbox: what needs the worker, what waits for the network, what was sent today. field.js keeps it. */
(() => {
  "use strict";
  if (!window.visitflow.outbox) return;
  const { OVER, owner, say, clock, entries, noted, remove, show, send } = window.visitflow.outbox;
  const { english } = window.visitflow;

  document.addEventListener("outbox", ({ detail }) => list(detail));

  async function list(all) {
    const page = document.querySelector("[data-outbox-page]");
    if (!page) return;
    const sent = ((await noted("sent")) || []).filter((each) => each.owner === owner && new Date(each.at).toDateString() === new Date().toDateString());
    const groups = {
      look: all.filter((each) => each.state !== "waiting"),
      wait: all.filter((each) => each.state === "waiting"),
      sent: sent.reverse(),
    };
    for (const [name, rows] of Object.entries(groups)) {
      const group = page.querySelector(`[data-group="${name}"]`);
      group.hidden = !rows.length;
      group.querySelector("[data-count]").textContent = rows.length;
      group.querySelector("[data-rows]").replaceChildren(...rows.map((each) => row(page, name, each)));
    }
    page.querySelector("[data-outbox-empty]").hidden = all.length > 0;
    document.querySelector(".action-bar").hidden = !groups.wait.length;
    const contact = await noted("contact");
    page.querySelector("[data-outbox-last]").textContent = contact ? say("last", { time: clock(contact) }, page) : "";
  }

  function row(page, name, entry) {
    const made = page.querySelector(`[data-${name}]:is(template)`).content.cloneNode(true).firstElementChild;
    const part = (key) => made.querySelector(`[data-${key}]`);
    part("t").textContent = entry.about;
    if (name === "sent") part("w").textContent = clock(entry.at);
    else if (name === "wait") part("w").textContent = weight(page, entry);
    else {
      part("s").textContent = say(entry.state, {}, page);
      part("s").dataset.is = OVER.includes(entry.state) ? "note" : "warn";
      part("w").textContent = [entry.told, ...entry.faults.map(([, field, sentence]) => `${field} ${sentence}`)].filter(Boolean).join(" ");
      part("o").href = entry.page;
      part("o").hidden = OVER.includes(entry.state);
      part("d").hidden = !OVER.includes(entry.state);
      part("d").addEventListener("click", async () => { await remove(entry.id); await show(); });
    }
    return made;
  }

  function weight(page, entry) {
    const files = entry.fields.map(([, value]) => value).filter((value) => value instanceof Blob);
    const sounds = files.filter((each) => each.type.startsWith("audio")).length;
    const bytes = entry.fields.reduce((sum, [, value]) => sum + (value.size ?? value.length), 0);
    const words = [say("sent", { time: clock(entry.at) }, page)];
    if (files.length > sounds) words.push(say("pictures", { n: files.length - sounds }, page));
    if (sounds) words.push(say("sound", { n: sounds }, page));
    const comma = english ? ", " : "，";
    const size = `${words.join("")}${comma}${Math.max(1, Math.round(bytes / 1024))} KB`;
    return entry.early ? `${size}${comma}${say("early", {}, page)}` : size;
  }

  document.querySelector("[data-outbox-send]")?.addEventListener("click", send);
  document.querySelector("[data-outbox-export]")?.addEventListener("click", async () => {
    const all = (await entries()).map((each) => ({ ...each, fields: each.fields.map(([name, value]) => [name, value instanceof Blob ? `${value.type} ${value.size}` : value]) }));
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([JSON.stringify(all, null, 1)], { type: "application/json" }));
    link.download = "outbox.json";
    link.click();
  });

  show();
})();
