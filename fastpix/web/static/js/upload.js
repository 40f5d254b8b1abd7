// The upload page: several files, two at a time, each with its own progress, by FastPix's resumable uploader. Without
// this script the same form sends one file in one piece. What came is followed until it plays or failed. The library
// borrows it for what is dropped there (drop.js): then what is added starts at once.
"use strict";

{
  const form = document.querySelector("form[data-upload]");
  const input = form.querySelector("input[type=file]");
  const drop = form.querySelector("[data-drop]");
  const list = form.querySelector("[data-files]");
  const row = document.querySelector("template[data-file-row]");
  const spoken = form.querySelector("[data-spoken]");
  const submit = form.querySelector("button[type=submit]");
  const title = form.elements.namedItem("title");
  const largest = Number(form.dataset.largest);
  const AT_ONCE = 2;
  const ASK_FIRST = 1000;
  const ASK_LONGEST = 15000;
  const OPEN = ["waiting", "starting", "sending", "paused"];
  const PROXY = "A proxy in front of fastpix refused this piece as too large (413). It is not fastpix's own limit: raise " +
    "client_max_body_size (nginx) or its like there to 20 MB or more, then try again.";
  const uploads = [];

  const size = (bytes) => {
    const units = ["B", "kB", "MB", "GB", "TB"];
    const unit = bytes < 1000 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(bytes) / 3));
    const amount = bytes / 1000 ** unit;
    return `${amount >= 100 || unit === 0 ? amount.toFixed(0) : amount.toFixed(1)} ${units[unit]}`;
  };

  const speak = (text) => { spoken.textContent = text; };

  const problem = (file) => {
    if (!file.size) return "The file is empty.";
    if (file.size > largest) return `The file has ${size(file.size)}, and up to ${form.dataset.largestText} are taken.`;
    if (file.type && !/^(video|audio|application)\//.test(file.type)) return "This is no video or audio file.";
    return "";
  };

  // What a failed piece says: our own answers are JSON with a sentence, a proxy's are not.
  const reason = (detail) => {
    const status = detail.response?.statusCode ?? Number(/ (\d{3})\b/.exec(detail.message ?? "")?.[1] ?? 0);
    let own = "";
    try {
      own = JSON.parse(detail.response?.responseBody ?? "").error?.message ?? "";
    } catch {
      own = "";
    }
    if (status === 413 && !own) return PROXY;
    if (own) return own;
    if (status) return `The server answered ${status}. Try again.`;
    return "The connection broke off too often. Check it, and try again.";
  };

  class Upload {
    constructor(file) {
      Object.assign(this, { file, state: "waiting", percent: 0, told: 0, uploader: null, cancelUrl: "", statusUrl: "" });
      this.element = row.content.firstElementChild.cloneNode(true);
      this.part("name").textContent = file.name;
      this.part("size").textContent = size(file.size);
      this.part("bar").setAttribute("aria-label", `Progress of ${file.name}`);
      for (const name of ["pause", "resume", "retry", "cancel"]) {
        const about = document.createElement("span");
        about.className = "visually-hidden";
        about.textContent = ` ${file.name}`;
        this.part(name).append(about);
        this.part(name).addEventListener("click", () => this[name]());
      }
      list.append(this.element);
      const wrong = problem(file);
      if (wrong) this.set("refused", wrong);
      else this.set("waiting", "Waits for “Upload”.");
    }

    part(name) { return this.element.querySelector(`[data-${name}]`); }

    set(state, text) {
      this.state = state;
      this.element.dataset.state = state === "unplayable" ? "failed" : state;
      this.part("text").textContent = text;
      this.part("bar").hidden = ["waiting", "refused", "done", "unplayable"].includes(state);
      this.part("pause").hidden = state !== "sending";
      this.part("resume").hidden = state !== "paused";
      this.part("retry").hidden = state !== "failed";
      this.part("cancel").hidden = ["received", "done", "unplayable"].includes(state);
      this.part("cancel").querySelector("span").textContent = OPEN.includes(state) && state !== "waiting" ? "Cancel" : "Remove";
      showCount();
    }

    async start() {
      this.set("starting", "Starting …");
      try {
        const fields = new FormData(form);
        for (const name of ["file", "receipt", "once_key"]) fields.delete(name);
        if (uploads.length > 1) fields.set("title", "");
        fields.set("file_name", this.file.name);
        const answer = await fetch(form.dataset.start, {
          method: "POST", body: fields, headers: { "X-CSRFToken": form.elements.namedItem("csrf_token").value, Accept: "application/json" },
        });
        if (answer.redirected) throw new Error("You are signed out. Sign in again in another tab, then try again.");
        const told = await answer.json().catch(() => ({}));
        if (answer.status !== 201) {
          throw new Error(Object.values(told.errors ?? {}).join(" ") || `The server answered ${answer.status}. Load the page again.`);
        }
        if (this.state !== "starting") return this.forget(told.cancelUrl);
        if (new URL(told.url).origin !== location.origin) throw new Error(`Open this page as ${form.dataset.origin}: this is where files are taken.`);
        this.cancelUrl = told.cancelUrl;
        this.statusUrl = told.statusUrl;
        this.part("open").href = told.mediaUrl;
        this.send(told.url);
      } catch (wrong) {
        this.fail(wrong instanceof TypeError ? "The server could not be reached. Check the connection, and try again." : wrong.message);
      }
    }

    send(url) {
      const uploader = window.Uploader.init({ endpoint: url, file: this.file });
      this.uploader = uploader;
      this.set("sending", "0 %");
      const mine = (act) => (event) => { if (this.uploader === uploader && OPEN.includes(this.state)) act(event.detail); };
      uploader.on("progress", mine(({ progress }) => this.progress(progress)));
      uploader.on("success", mine(() => this.finish()));
      uploader.on("error", mine((detail) => this.fail(reason(detail))));
      uploader.on("chunkAttemptFailure", mine(() => this.set(this.state, "The connection stumbled; trying again …")));
      uploader.on("offline", mine(() => this.set(this.state, "Offline. It goes on by itself when the connection is back.")));
      uploader.on("online", mine(() => this.set(this.state, `${Math.floor(this.percent)} %`)));
    }

    progress(percent) {
      this.percent = Math.max(this.percent, percent);
      this.part("bar").value = this.percent;
      if (this.state === "sending") this.part("text").textContent = `${Math.floor(this.percent)} %, of ${size(this.file.size)}`;
      else if (this.state === "paused") this.part("text").textContent = `Paused at ${Math.floor(this.percent)} %.`;
      const quarter = Math.floor(this.percent / 25);
      if (quarter > this.told && quarter < 4) speak(`${this.file.name}: ${quarter * 25} %`);
      this.told = quarter;
    }

    finish() {
      this.uploader = null;
      this.part("open").hidden = false;
      this.part("bar").removeAttribute("value");
      this.set("received", "Received. It is being made ready for playback.");
      speak(`${this.file.name} was received.`);
      this.follow(ASK_FIRST);
      next();
    }

    // Asks what became of it: often at first, slower while nothing changes, until it is ready or failed.
    follow(wait) {
      setTimeout(async () => {
        if (document.hidden) return this.follow(wait);
        try {
          const answer = await fetch(this.statusUrl, { cache: "no-store", headers: { Accept: "application/json" } });
          if ([401, 403, 404].includes(answer.status) || answer.redirected) {
            return this.set("unplayable", "It was received, but can no longer be asked after: it was deleted, or you are signed out.");
          }
          if (!answer.ok) throw new Error(`status ${answer.status}`);
          const told = await answer.json();
          if (told.done) return this.conclude(told);
          const text = `Received. ${told.text}.`;
          const isNews = this.part("text").textContent !== text;
          if (isNews) this.set("received", text);
          if (told.percent === null) this.part("bar").removeAttribute("value");
          else this.part("bar").value = told.percent;
          this.follow(isNews ? ASK_FIRST : Math.min(wait * 1.5, ASK_LONGEST));
        } catch {
          this.follow(Math.min(wait * 2, ASK_LONGEST));
        }
      }, wait);
    }

    conclude(told) {
      if (told.status === "Ready") this.set("done", "Ready: it can be watched.");
      else this.set("unplayable", `Failed: ${told.failure || "it could not be made ready for playback."}`);
      speak(`${this.file.name}: ${this.part("text").textContent}`);
    }

    fail(text) {
      this.forget();
      this.set("failed", text);
      speak(`${this.file.name}: ${text}`);
      next();
    }

    pause() {
      this.uploader.pause();
      this.set("paused", `Paused at ${Math.floor(this.percent)} %.`);
      this.part("resume").focus();
    }

    resume() {
      this.uploader.resume();
      this.set("sending", `${Math.floor(this.percent)} %`);
      this.part("pause").focus();
    }

    retry() {
      Object.assign(this, { percent: 0, told: 0 });
      this.part("bar").value = 0;
      this.set("waiting", "Waits for its turn.");
      isUnderWay = true;
      next();
    }

    cancel() {
      const wasSending = this.uploader !== null;
      this.state = "cancelled";
      if (wasSending) this.uploader.abort();
      this.forget();
      this.element.remove();
      uploads.splice(uploads.indexOf(this), 1);
      speak(`${this.file.name} was removed.`);
      showCount();
      if (!uploads.length) drop.querySelector("[data-choose]").focus();
      next();
    }

    // The server forgets the bytes at once instead of after four hours.
    forget(url = this.cancelUrl) {
      this.uploader = null;
      this.cancelUrl = "";
      if (!url) return;
      const headers = { "X-CSRFToken": form.elements.namedItem("csrf_token").value };
      fetch(url, { method: "POST", headers, keepalive: true }).catch(() => {}); // then it ends by itself
    }
  }

  // The button is far below the list: bring what happens now into view. The next Tab is the first file's own button.
  function showList() {
    const isCalm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    const first = uploads.find((each) => each.state === "waiting");
    list.focus({ preventScroll: true });
    first.element.scrollIntoView({ block: "center", behavior: isCalm ? "auto" : "smooth" });
  }

  let isUnderWay = false;

  function next() {
    if (!isUnderWay) return;
    const busy = uploads.filter((each) => ["starting", "sending", "paused"].includes(each.state)).length;
    const waiting = uploads.filter((each) => each.state === "waiting");
    for (const each of waiting.slice(0, Math.max(0, AT_ONCE - busy))) each.start();
    if (!busy && !waiting.length) isUnderWay = false;
  }

  function showCount() {
    const waiting = uploads.filter((each) => each.state === "waiting").length;
    submit.querySelector("span").textContent = waiting > 1 ? `Upload ${waiting} files` : "Upload";
    const isOne = uploads.length <= 1;
    title.disabled = !isOne;
    title.placeholder = isOne ? "" : "Several files: each has the name of its file";
  }

  function add(files) {
    for (const file of files) {
      if (uploads.some((each) => each.file.name === file.name && each.file.size === file.size && !["failed", "unplayable"].includes(each.state))) continue;
      uploads.push(new Upload(file));
    }
    showCount();
    speak(`${uploads.length} ${uploads.length === 1 ? "file" : "files"} chosen.`);
    if ("startsAtOnce" in form.dataset && uploads.some((each) => each.state === "waiting")) form.requestSubmit();
  }

  window.fastpixUpload = { add };

  input.multiple = true;
  form.querySelector("[data-file-label]").textContent = "Files";
  input.tabIndex = -1;
  list.tabIndex = -1;
  drop.querySelector("[data-choose]").addEventListener("click", () => input.click());
  input.addEventListener("change", () => {
    add(input.files);
    input.value = "";
  });
  for (const name of ["dragenter", "dragover"]) {
    document.addEventListener(name, (event) => {
      if (!event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      drop.classList.add("over");
    });
  }
  document.addEventListener("dragleave", (event) => { if (!event.relatedTarget) drop.classList.remove("over"); });
  document.addEventListener("drop", (event) => {
    if (!event.dataTransfer?.files.length) return;
    event.preventDefault();
    drop.classList.remove("over");
    add(event.dataTransfer.files);
  });
  form.addEventListener("submit", (event) => {
    const receipt = form.elements.namedItem("receipt");
    if (receipt?.value && !uploads.length) return; // a file that is here already: the plain form finishes it
    event.preventDefault();
    event.stopPropagation();
    if (!uploads.some((each) => each.state === "waiting")) {
      speak("Choose a file first.");
      drop.querySelector("[data-choose]").focus();
      return;
    }
    isUnderWay = true;
    showList();
    next();
  });
  window.addEventListener("beforeunload", (event) => {
    if (uploads.some((each) => OPEN.includes(each.state) && each.state !== "waiting")) event.preventDefault();
  });
}
