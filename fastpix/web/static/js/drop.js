// The library: a file that is dropped anywhere on it is sent at once, with what the upload page offers first. The form, the
// rows and the script are that page's own, fetched when something is dropped; what cannot be done here is done there.
"use strict";

{
  const link = document.querySelector("a[data-drop-upload]");
  const hasFiles = (event) => Boolean(event.dataTransfer?.types.includes("Files"));
  let opened = null;

  const over = (isOver) => document.body.classList.toggle("drop-over", isOver);

  const load = (source) => new Promise((done, failed) => {
    const script = document.createElement("script");
    Object.assign(script, { src: source, onload: done, onerror: failed });
    document.head.append(script);
  });

  function head(form) {
    const made = document.createElement("div");
    const [title, close] = [document.createElement("h2"), document.createElement("button")];
    made.className = "drop-head";
    const choice = form.querySelector("input[name=policy]:checked");
    const policy = choice?.closest("label")?.querySelector("strong")?.textContent ?? "";
    title.textContent = `Uploads to ${form.elements.namedItem("workspace").selectedOptions[0]?.textContent ?? "here"}`;
    const how = document.createElement("span");
    how.className = "chip plain";
    how.textContent = policy;
    Object.assign(close, { type: "button", className: "btn btn-sm", textContent: "Close" });
    // What came is in the list then; while something is on its way, the browser asks first.
    close.addEventListener("click", () => location.reload());
    made.append(title, how, close);
    return made;
  }

  async function open() {
    const answer = await fetch(link.href, { headers: { Accept: "text/html" } });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const form = page.querySelector("form[data-upload]");
    if (!answer.ok || !form) throw new Error(`status ${answer.status}`);
    const panel = document.createElement("section");
    panel.className = "drop-panel";
    panel.setAttribute("aria-label", "Uploads");
    form.dataset.startsAtOnce = "";
    const template = page.querySelector("template[data-file-row]");
    panel.append(document.adoptNode(form), document.adoptNode(template));
    document.querySelector("main").append(panel);
    form.before(head(form));
    for (const script of page.querySelectorAll("script[data-upload-script]")) await load(script.getAttribute("src"));
  }

  if (link) {
    document.addEventListener("dragover", (event) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      over(true);
    });
    document.addEventListener("dragleave", (event) => { if (!event.relatedTarget) over(false); });
    document.addEventListener("drop", async (event) => {
      if (!event.dataTransfer?.files.length) return;
      event.preventDefault();
      over(false);
      if (window.fastpixUpload) return; // the form is here, and hears it itself
      const files = [...event.dataTransfer.files]; // gone when this event is over
      try {
        opened ??= open();
        await opened;
        window.fastpixUpload.add(files);
      } catch {
        location.href = link.href;
      }
    });
  }
}
