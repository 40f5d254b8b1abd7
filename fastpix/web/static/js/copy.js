// Copy buttons: <button data-copy="id of the field"><span>Copy</span></button>, or an icon alone. Where the browser forbids
// the clipboard (plain HTTP), the value is left selected and the person is told which keys to press.
"use strict";

function announce(text) {
  const region = document.getElementById("announce");
  if (!region) return;
  region.textContent = "";
  setTimeout(() => { region.textContent = text; }, 50);
}

function select(source) {
  source.focus();
  if (typeof source.select === "function") {
    source.select();
    return;
  }
  const range = document.createRange();
  range.selectNodeContents(source);
  const selection = getSelection();
  selection.removeAllRanges();
  selection.addRange(range);
}

// Browsers refuse to copy from a field that hides its value: it goes into another one for a moment.
function copyHidden(text) {
  const last = document.activeElement;
  const field = document.createElement("textarea");
  field.value = text;
  field.className = "visually-hidden";
  document.body.append(field);
  field.select();
  const done = document.execCommand("copy");
  field.remove();
  last?.focus();
  return done;
}

async function copy(source) {
  const text = source.value ?? source.textContent;
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    if (source.type === "password") return copyHidden(text);
    const last = document.activeElement;
    select(source);
    const done = document.execCommand("copy");
    if (done) last?.focus();
    return done;
  }
}

// What the button says is put where its word stands; a button of an icon alone gets one for the while.
function say(button, text) {
  let label = button.querySelector("span:not(.visually-hidden)");
  if (!label) {
    label = document.createElement("span");
    label.dataset.text = "";
    button.append(label);
  }
  label.dataset.text ??= label.textContent;
  label.textContent = text;
  announce(text);
  clearTimeout(button.timer);
  button.timer = setTimeout(() => {
    label.textContent = label.dataset.text;
    if (!label.dataset.text) label.remove();
  }, 4000);
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("button[data-copy]");
  if (!button) return;
  const source = document.getElementById(button.dataset.copy);
  const done = await copy(source);
  if (!done) select(source);
  say(button, done ? "Copied" : source.type === "password" ? "Show it first" : "Selected: press Ctrl+C");
});
