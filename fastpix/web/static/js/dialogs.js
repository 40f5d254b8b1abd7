// A link to the page of a form opens it in place: the form is fetched and shown in a dialog, and is sent to its own page,
// which shows it again with what is wrong. What cannot be fetched is gone to.
"use strict";

{
  const shown = new WeakMap();

  const make = (name, attributes, ...children) => {
    const element = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    element.append(...children);
    return element;
  };

  async function build(link) {
    const answer = await fetch(link.href, { headers: { Accept: "text/html" } });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const form = page.querySelector("main form.card");
    if (!answer.ok || answer.redirected || !form) throw new Error(`status ${answer.status}`);
    form.action = link.href;
    const title = make("h2", { id: "dialog-title" }, page.querySelector("h1").textContent);
    const close = make("button", { type: "button", class: "btn btn-sm" }, "Close");
    const dialog = make("dialog", { class: "dialog", "aria-labelledby": title.id }, make("header", {}, title, close), document.adoptNode(form));
    const hide = (event) => { event.preventDefault(); dialog.close(); };
    close.addEventListener("click", hide);
    // What leads away from the form leads back to where it was opened.
    form.querySelector(".form-end .btn-link")?.addEventListener("click", hide);
    document.body.append(dialog);
    return dialog;
  }

  document.addEventListener("click", async (event) => {
    const link = event.target.closest("a[data-dialog]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.defaultPrevented) return;
    event.preventDefault();
    try {
      if (!shown.has(link)) shown.set(link, build(link));
      const dialog = await shown.get(link);
      if (dialog.open) return;
      dialog.showModal();
      dialog.querySelector("form :is(input:not([type=hidden]), textarea, select)")?.focus();
      dialog.dispatchEvent(new Event("change", { bubbles: true })); // fields that follow others
    } catch {
      location.href = link.href;
    }
  });
}
