/* Plain forms say at the field, in the page's language, what is missing or wrong; a browser's own bubbles speak the
   browser's language and vanish. The rules are the attributes of the fields; web/plain_forms.py reads the same ones
   without script, with the same sentences (engine/forms/words.py). Task forms have form.js. */
(() => {
  "use strict";
  const { english } = window.visitflow;
  const kinds = {
    date: ["没有这一天，写成 2026-08-03", "No such day; write 2026-08-03"],
    month: ["没有这一天，写成 2026-08-03", "No such day; write 2026-08-03"],
    time: ["没有这个时间，写成 09:30", "No such time; write 09:30"],
    "datetime-local": ["日期或时间不对，写成 2026-08-03 09:30", "No such day or time; write 2026-08-03 09:30"],
    number: ["这里要填数字", "Write a number here"],
  };
  const empty = {
    "select-one": ["还没选", "Nothing chosen yet"], radio: ["还没选", "Nothing chosen yet"],
    checkbox: ["还没选", "Nothing chosen yet"], file: ["还没选文件", "No file chosen yet"],
  };
  const length = (field) => field.value.trim().length;

  function words(field) {
    const state = field.validity;
    const blank = field.required && !("checked" in field && field.type !== "text") && field.type !== "file" && field.type !== "password" && !field.value.trim();
    if (state.badInput) return kinds[field.type];
    if (state.valueMissing || blank) return empty[field.type] || ["还没填", "Not filled in yet"];
    if (state.rangeUnderflow) return [`太小，最小 ${shown(field.min)}`, `Too small: at least ${shown(field.min)}`];
    if (state.rangeOverflow) return [`太大，最大 ${shown(field.max)}`, `Too big: at most ${shown(field.max)}`];
    if (field.minLength > 0 && field.value && length(field) < field.minLength) return [`太短，至少 ${field.minLength} 个字`, `Too short: at least ${field.minLength} characters`];
    if (state.tooLong) return [`太长，最多 ${field.maxLength} 个字`, `Too long: at most ${field.maxLength} characters`];
    if (state.patternMismatch) return ["格式不对，看一下说明", "Not in the form asked for; see the hint"];
    return null;
  }
  const shown = (bound) => bound.replace("T", " ");
  const said = (field) => (field.willValidate && words(field)?.[english ? 1 : 0]) || "";

  function tell(field, sentence) {
    document.getElementById(field.dataset.wrong)?.remove();
    delete field.dataset.wrong;
    field.removeAttribute("aria-invalid");
    const described = (field.getAttribute("aria-describedby") || "").split(" ").filter((id) => id && !id.endsWith("-wrong"));
    if (sentence) {
      const word = document.createElement("p");
      field.id ||= `field-${Math.random().toString(36).slice(2)}`;
      [word.className, word.id, word.textContent] = ["error", `${field.id}-wrong`, sentence];
      field.dataset.wrong = word.id;
      field.setAttribute("aria-invalid", "true");
      described.unshift(word.id);
      const place = field.closest(".field,.choice");
      if (place) place.append(word);
      else field.after(word);
      for (let above = field.closest("details"); above; above = above.parentElement.closest("details")) above.open = true;
    }
    if (described.length) field.setAttribute("aria-describedby", described.join(" "));
    else field.removeAttribute("aria-describedby");
  }

  const isPlain = (form) => form && !("form" in form.dataset) && form.method !== "dialog";
  const seen = (form) => {
    const names = new Set();
    return [...form.elements].filter((each) => each.willValidate && !(each.type === "radio" && names.size === names.add(each.name).size));
  };

  for (const form of document.forms) if (isPlain(form)) form.noValidate = true;
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!isPlain(form) || event.submitter?.formNoValidate) return;
    const fields = seen(form);
    for (const field of fields) tell(field, said(field));
    const first = fields.find((field) => field.dataset.wrong);
    if (first) {
      event.preventDefault();
      event.stopImmediatePropagation();
      first.focus();
    } else form.querySelector("[name=rules]")?.remove(); /* looked through: the server need not draw the page again */
  }, true);
  document.addEventListener("input", (event) => {
    const field = event.target;
    if (field.dataset?.wrong && !said(field)) tell(field, "");
  });
})();
