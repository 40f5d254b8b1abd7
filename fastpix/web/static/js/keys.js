// Single keys: g and a letter opens a page of the menu (data-key), n goes to the newest message, ? shows all of them. They can
// be switched off there, for who speaks to the browser or strikes keys by mistake; the choice stays in this browser. They are
// heard before the player: its own keys count while it has the focus, but g and what follows it, which is no key of it.
"use strict";

{
  const WAIT = 1500;
  let dialog;
  let begun = 0;

  const areOn = () => localStorage.getItem("keys") !== "off";
  // The sliders of the player are inputs, too, and nobody types into them.
  const isTyping = (element) => element.closest?.("input:not([type=range]), textarea, select, [contenteditable], dialog");
  const links = () => [...document.querySelectorAll(".side a[data-key]")];

  const make = (name, attributes, ...children) => {
    const element = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    element.append(...children);
    return element;
  };

  function row(keys, text) {
    const shown = keys.flatMap((key, number) => [number ? " " : "", make("kbd", {}, key)]);
    return [make("dt", {}, ...shown), make("dd", {}, text)];
  }

  function build() {
    const list = make("dl", { class: "keys" });
    if (document.querySelector("form.find")) list.append(...row(["/"], "Search"), ...row(["Ctrl", "K"], "Search, also while typing"));
    list.append(...row(["n"], "Go to the newest message"), ...row(["?"], "These keys"), ...row(["Esc"], "Close what is open"));
    for (const link of links()) list.append(...row(["g", link.dataset.key], link.textContent.trim()));
    const box = make("input", { type: "checkbox", class: "form-check-input", id: "keys-on" });
    box.addEventListener("change", () => {
      if (box.checked) localStorage.removeItem("keys");
      else localStorage.setItem("keys", "off");
    });
    const close = make("button", { type: "button", class: "btn btn-sm" }, "Close");
    close.addEventListener("click", () => dialog.close());
    const title = make("h2", { id: "keys-title" }, "Keys");
    const choice = make("div", { class: "form-check" }, box, make("label", { class: "form-check-label", for: "keys-on" }, "Single keys do something in this browser"));
    dialog = make("dialog", { class: "keys-box", "aria-labelledby": title.id }, make("header", {}, title, close), list, choice);
    dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
    document.body.append(dialog);
    return box;
  }

  function show() {
    const box = dialog ? dialog.querySelector("#keys-on") : build();
    box.checked = areOn();
    dialog.showModal();
  }

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || isTyping(event.target)) return;
    if (document.querySelector("dialog[open], :popover-open")) return;
    // Where they are off, this list is what switches them on again; the button in the foot of the page opens it, too.
    if (!areOn()) return;
    if (event.key === "?") {
      event.preventDefault();
      show();
      return;
    }
    const isSecond = begun && Date.now() - begun < WAIT;
    if (event.key === "n" && !isSecond && window.fastpixToast?.()) {
      event.preventDefault();
      return;
    }
    begun = event.key === "g" && !isSecond ? Date.now() : 0;
    const link = isSecond && links().find((each) => each.dataset.key === event.key);
    if (!link) return;
    event.preventDefault();
    event.stopPropagation();
    link.click();
  }, { capture: true });

  document.addEventListener("click", (event) => {
    if (!event.target.closest("[data-show-keys]")) return;
    show();
  });
}
