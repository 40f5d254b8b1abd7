// Forms: sent once, passwords can be shown, secrets are selected on focus, a once-only page is not left by mistake.
"use strict";

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method !== "post") return;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "yes";
  // After this event, so that the pressed button's name and value are still sent.
  setTimeout(() => {
    for (const button of form.querySelectorAll("button[type=submit], button:not([type])")) button.disabled = true;
  });
});

// A page that comes back from the browser's memory can be sent again.
window.addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  for (const form of document.querySelectorAll("form[data-sent]")) {
    delete form.dataset.sent;
    for (const button of form.querySelectorAll("button[disabled]")) button.disabled = false;
  }
});

document.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-reveal]");
  if (!button) return;
  const field = document.getElementById(button.dataset.reveal);
  const show = field.type === "password";
  field.type = show ? "text" : "password";
  button.setAttribute("aria-pressed", String(show));
  button.querySelector("[data-reveal-text]").textContent = show ? "Hide" : "Show";
});

// Workspaces can be ticked where “Only these” is chosen; the server refuses a contradiction in any case.
const followChoice = () => {
  for (const all of document.querySelectorAll("input[name=access][value=all]")) {
    for (const box of all.form.querySelectorAll("input[name=workspaces]")) box.disabled = all.checked;
  }
};
document.addEventListener("change", followChoice);
window.addEventListener("pageshow", followChoice);

// Filters act when they are changed; the button is for who has no scripts. By keyboard a list is walked through value by
// value: the last one counts, and one stands in the same field again afterwards.
let keyed = false;
let waiting;
document.addEventListener("keydown", () => { keyed = true; });
document.addEventListener("pointerdown", () => { keyed = false; });
document.addEventListener("change", (event) => {
  const form = event.target.closest("form.toolbar[method=get]");
  if (!form || !event.target.matches("select")) return;
  clearTimeout(waiting);
  waiting = setTimeout(() => {
    sessionStorage.setItem("filter", `${location.pathname} ${event.target.id}`);
    form.requestSubmit();
  }, keyed ? 800 : 0);
});
const [filtered, filter] = (sessionStorage.getItem("filter") ?? "").split(" ");
sessionStorage.removeItem("filter");
if (filter && filtered === location.pathname) document.getElementById(filter)?.focus();

document.addEventListener("focusin", (event) => {
  if (event.target.matches("[data-select]")) event.target.select();
});

window.addEventListener("beforeunload", (event) => {
  const box = document.querySelector("input[data-stored]");
  if (box && !box.checked) event.preventDefault();
});
