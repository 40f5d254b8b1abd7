// <div data-poll-url="/.../status"> asks the address for {"fields": {"<id>": "text"}, "done": false} and writes the
// texts into [data-status-for="<id>"] (give them aria-live="polite"). Slower when nothing changes; stops when done.
"use strict";

for (const root of document.querySelectorAll("[data-poll-url]")) {
  const FIRST = 2000;
  const LONGEST = 30000;
  let wait = FIRST;

  const write = (fields) => {
    let changed = false;
    for (const [id, text] of Object.entries(fields)) {
      for (const element of root.querySelectorAll(`[data-status-for="${CSS.escape(id)}"]`)) {
        if (element.textContent === String(text)) continue;
        element.textContent = String(text);
        changed = true;
      }
    }
    return changed;
  };

  const ask = async () => {
    if (!document.hidden) {
      try {
        const answer = await fetch(root.dataset.pollUrl, { headers: { Accept: "application/json" } });
        if ([401, 403, 404, 410].includes(answer.status)) return;
        if (!answer.ok) throw new Error(`status ${answer.status}`);
        const told = await answer.json();
        wait = write(told.fields ?? {}) ? FIRST : Math.min(wait * 1.5, LONGEST);
        if (told.done) return;
      } catch {
        wait = Math.min(wait * 2, LONGEST);
      }
    }
    setTimeout(ask, wait);
  };
  setTimeout(ask, wait);
}
