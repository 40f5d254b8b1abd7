// Quick search from anywhere: Ctrl+K, Cmd+K or / opens a dialog that finds what the search page finds, and what can be done
// and opened, by its name or by other words people use (data-words). A combobox with a list: arrows choose, Enter goes, Escape closes and gives the focus back.
"use strict";

{
  const form = document.querySelector("form.find");
  const WAIT = 120;
  let dialog, field, list, status, pending, timer, from, active = -1;

  const make = (name, attributes, ...children) => {
    const element = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    element.append(...children);
    return element;
  };

  function icon(name) {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
    svg.setAttribute("class", "icon");
    svg.setAttribute("aria-hidden", "true");
    use.setAttribute("href", `${form.dataset.icons}#${name}`);
    svg.append(use);
    return svg;
  }

  function build() {
    field = make("input", {
      type: "search", class: "form-control", role: "combobox", "aria-expanded": "true", "aria-controls": "palette-list",
      "aria-autocomplete": "list", "aria-label": "Search", autocomplete: "off", spellcheck: "false", maxlength: "100",
      placeholder: form.dataset.placeholder,
    });
    list = make("div", { id: "palette-list", class: "palette-list", role: "listbox", "aria-label": "Results" });
    status = make("p", { class: "visually-hidden", role: "status" });
    const hint = make("p", { class: "palette-hint", "aria-hidden": "true" });
    for (const [key, does] of [["↑ ↓", "choose"], ["Enter", "go"], ["Esc", "close"]]) {
      hint.append(make("kbd", {}, key), ` ${does} `);
    }
    dialog = make("dialog", { class: "palette", "aria-label": "Search" }, field, list, hint, status);
    document.body.append(dialog);
    field.addEventListener("input", ask);
    dialog.addEventListener("keydown", onKey);
    dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
    dialog.addEventListener("close", () => { pending?.abort(); clearTimeout(timer); giveBack(); });
  }

  // The browser gives the focus back by itself, but not into a menu that was closed for the palette.
  function giveBack() {
    if (!from?.isConnected) return;
    const menu = from.closest("details.menu:not([open])");
    (menu ? menu.querySelector("summary") : from).focus();
  }

  // What one may do and open is what the server wrote into the menus; a button of theirs is pressed in its own form.
  function places(query) {
    const words = query.toLowerCase().split(/\s+/).filter(Boolean);
    const seen = new Set();
    const fitting = (selector) => [...document.querySelectorAll(selector)].flatMap((link) => {
      const name = link.textContent.trim();
      const key = link.href ?? name;
      const own = `${name} ${link.dataset.words ?? ""}`.toLowerCase().split(/\s+/);
      if (seen.has(key) || !words.every((word) => own.some((each) => each.startsWith(word)))) return [];
      seen.add(key);
      return [{ name, detail: "", url: link.href ?? "#", link }];
    });
    return [
      { label: "Do", icon: "plus", rows: fitting(".new-menu a") },
      { label: "Go to", icon: "chevron-right", rows: fitting(".side a, .account-menu :is(a, button), .site-foot a") },
    ].filter((group) => group.rows.length);
  }

  function show(groups, query) {
    list.replaceChildren();
    let count = 0;
    groups.forEach((group, number) => {
      const head = make("div", { id: `palette-group-${number}`, class: "palette-group", role: "presentation" }, group.label);
      const box = make("div", { role: "group", "aria-labelledby": head.id }, head);
      for (const row of group.rows) {
        const option = make("a", { id: `palette-option-${count++}`, role: "option", tabindex: "-1", href: row.url,
          "aria-selected": "false" }, icon(group.icon), make("span", { class: "palette-name" }, row.name));
        if (row.link?.type === "submit") option.addEventListener("click", (event) => { event.preventDefault(); row.link.click(); });
        if (row.detail) option.append(make("span", { class: "quiet" }, row.detail));
        box.append(option);
      }
      list.append(box);
    });
    if (query && !count) list.append(make("p", { class: "palette-none", role: "presentation" }, "Nothing found."));
    status.textContent = query ? (count ? `${count} found` : "Nothing found") : "";
    choose(count ? 0 : -1);
  }

  function choose(index) {
    const options = list.querySelectorAll("[role=option]");
    active = options.length ? (index + options.length) % options.length : -1;
    options.forEach((option, number) => option.setAttribute("aria-selected", String(number === active)));
    if (active < 0) field.removeAttribute("aria-activedescendant");
    else {
      field.setAttribute("aria-activedescendant", options[active].id);
      options[active].scrollIntoView({ block: "nearest" });
    }
  }

  function ask() {
    const query = field.value.trim();
    pending?.abort();
    clearTimeout(timer);
    // At once, so that Enter never goes where an older list led; what the server finds comes below.
    const here = places(query);
    show(here, "");
    if (!query) return;
    timer = setTimeout(async () => {
      pending = new AbortController();
      let groups = [];
      try {
        const answer = await fetch(`${form.action}results.json?q=${encodeURIComponent(query)}`, { signal: pending.signal });
        if (!answer.ok) throw new Error(answer.status);
        ({ groups } = await answer.json());
      } catch (problem) {
        if (problem.name === "AbortError") return;
        show(here, query);
        status.textContent = "The search could not be asked. Enter tries its page.";
        return;
      }
      show([...here, ...groups], query);
    }, WAIT);
    list.dataset.asked = query;
  }

  function onKey(event) {
    const steps = { ArrowDown: 1, ArrowUp: -1 };
    if (event.key in steps) choose(active + steps[event.key]);
    else if (event.key === "Enter" && !event.isComposing) {
      const option = list.querySelector("[aria-selected=true]");
      if (option) option.click();
      else if (field.value.trim()) location.href = `${form.action}?q=${encodeURIComponent(field.value.trim())}`;
    } else if (event.key === "Escape" && !event.isComposing) dialog.close(); // else the browser only empties the field
    else return;
    event.preventDefault();
    event.stopPropagation(); // what else Escape closes is not meant
  }

  function open() {
    if (!dialog) build();
    if (dialog.open) return;
    from = document.activeElement;
    for (const menu of document.querySelectorAll("details.menu[open]")) menu.open = false;
    field.value = "";
    show(places(""), "");
    dialog.showModal();
    field.focus();
  }

  const isTyping = (element) => element.closest?.("input:not([type=range]), textarea, select, [contenteditable]");

  if (form) {
    document.addEventListener("keydown", (event) => {
      const isCommand = (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey && event.key.toLowerCase() === "k";
      const isSlash = event.key === "/" && localStorage.getItem("keys") !== "off" && !event.ctrlKey && !event.metaKey && !event.altKey && !isTyping(event.target);
      if (!isCommand && !isSlash) return;
      event.preventDefault();
      open();
    });
    document.addEventListener("click", (event) => {
      const opener = event.target.closest("[data-palette]");
      if (!opener || event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      open();
    });
  }
}
