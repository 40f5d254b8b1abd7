// The page of captions: plays from a caption in the player beside them, marks the one that is said, adds rows without
// asking the server, and does not let somebody leave what they typed by mistake.
"use strict";

for (const form of document.querySelectorAll("[data-cues]")) {
  const list = form.querySelector("[data-rows]");
  const media = document.querySelector("[data-player] :is(video, audio)");
  let isChanged = false;
  let isSent = false;

  const field = (row, name) => row.querySelector(`[name=${name}]`);

  // 1:02:03.5, 2:03,5 and 62.5; nothing for what is no time.
  const moment = (text) => {
    const parts = text.trim().replace(",", ".").split(":");
    const seconds = parts.reduce((sum, part) => sum * 60 + (part === "" ? NaN : Number(part)), 0);
    return Number.isFinite(seconds) && parts.length < 4 ? seconds : null;
  };

  const number = () => {
    for (const [place, row] of [...list.children].entries()) {
      for (const name of ["begin", "end", "text", "remove"]) {
        const input = field(row, name);
        input.id = `${name}-${place + 1}`;
        input.closest("div").querySelector(`label[for^=${name}-]`).htmlFor = input.id;
      }
      field(row, "remove").value = row.querySelector("[data-add]").value = String(place + 1);
    }
    form.querySelector("[data-add-last]").value = String(list.children.length);
  };

  const add = (before) => {
    const row = before.cloneNode(true);
    for (const name of ["begin", "end", "text", "settings"]) field(row, name).value = "";
    field(row, "begin").value = field(before, "end").value;
    field(row, "remove").checked = false;
    row.removeAttribute("aria-current");
    row.querySelector(".field-error").hidden = true;
    for (const input of row.querySelectorAll("[aria-invalid]")) {
      input.removeAttribute("aria-invalid");
      input.removeAttribute("aria-describedby");
    }
    for (const label of row.querySelectorAll("label .visually-hidden, label.visually-hidden, .btn .visually-hidden")) {
      label.textContent = label.textContent.replace(/\d+/, "new");
    }
    before.after(row);
    number();
    isChanged = true;
    field(row, "end").focus();
  };

  form.addEventListener("click", (event) => {
    const button = event.target.closest("[data-add], [data-add-last], [data-play]");
    if (!button) return;
    const row = button.closest("[data-cue]") ?? list.lastElementChild;
    if ("play" in button.dataset) {
      const at = moment(field(row, "begin").value);
      if (!media || at === null) return; // the link leads to the page of the film
      event.preventDefault();
      media.currentTime = at;
      media.play().catch(() => {});
      return;
    }
    event.preventDefault();
    add(row);
  });

  media?.addEventListener("timeupdate", () => {
    for (const row of list.children) {
      const [begin, end] = [moment(field(row, "begin").value), moment(field(row, "end").value)];
      const isSaid = begin !== null && end !== null && begin <= media.currentTime && media.currentTime < end;
      if (isSaid) row.setAttribute("aria-current", "true");
      else row.removeAttribute("aria-current");
    }
  });

  form.addEventListener("input", () => { isChanged = true; });
  form.addEventListener("submit", () => { isSent = true; });
  window.addEventListener("pageshow", (event) => { if (event.persisted) isSent = false; });
  window.addEventListener("beforeunload", (event) => { if (isChanged && !isSent) event.preventDefault(); });
}
