// Ticked rows of a list: all at once, a stretch with Shift, how many they are, and buttons that wait for the first one.
"use strict";

for (const form of document.querySelectorAll("form[data-bulk]")) {
  const boxes = [...form.querySelectorAll(".tick input[name]")];
  const [all, everything] = [form.querySelector("[data-tick-all]"), form.querySelector("input[name=all]")];
  const told = form.querySelector("[data-ticked]");
  const words = told.textContent;
  const buttons = form.querySelectorAll(".bulk button");
  let last = -1;

  const show = () => {
    const count = boxes.filter((box) => box.checked).length;
    const every = Boolean(everything?.checked);
    if (all) [all.checked, all.indeterminate] = [count === boxes.length, count > 0 && count < boxes.length];
    told.textContent = every ? "All chosen:" : count ? `${count} chosen:` : words;
    for (const button of buttons) button.disabled = !count && !every;
  };
  form.addEventListener("click", (event) => {
    const place = boxes.indexOf(event.target);
    if (place < 0) return;
    if (event.shiftKey && last >= 0) {
      const [from, to] = [Math.min(place, last), Math.max(place, last)];
      for (const box of boxes.slice(from, to + 1)) box.checked = event.target.checked;
    }
    last = place;
  });
  form.addEventListener("change", (event) => {
    if (event.target === all) for (const box of boxes) box.checked = all.checked;
    show();
  });
  // A page that comes back from the browser's memory has its ticks.
  window.addEventListener("pageshow", show);
  show();
}
