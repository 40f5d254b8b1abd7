// The page of a live stream: asks every 2 seconds what comes in (while the page is seen), draws the parts of the page
// anew that changed, and lets the player begin by itself. A revealed stream key hides itself again after a minute.
"use strict";

for (const root of document.querySelectorAll("[data-live-page]")) {
  const EVERY = 2000;
  const LONGEST = 16000;
  let wait = EVERY;
  let etag = "";
  let parts = root.dataset.parts;
  let state = root.dataset.state;
  let wasOnAir = Boolean(root.dataset.isOnAir);
  let hasEnded = false;
  let isStale = false;
  let isAsking = false;
  let isOver = false;
  let timer = 0;

  const speak = (text) => {
    const region = document.getElementById("announce");
    if (region) region.textContent = text;
  };

  const isUsed = (part) => part.contains(document.activeElement);

  // A broadcast that ended plays to its end; another one takes the player's place.
  const refreshPlayer = (old, made) => {
    const { broadcast } = made.dataset;
    if (!broadcast || broadcast === old.dataset.broadcast) return;
    const hadFocus = isUsed(old);
    for (const player of old.querySelectorAll("[data-player]")) window.fastpixPlayer?.stop(player);
    old.replaceWith(document.adoptNode(made));
    for (const player of made.querySelectorAll("[data-player]")) window.fastpixPlayer?.start(player);
    if (hadFocus) made.querySelector("video, audio")?.focus();
  };

  // What somebody is just using waits: it is drawn anew when they have left it.
  const refreshPart = (old, made) => {
    if (isUsed(old)) isStale = true;
    else old.replaceWith(document.adoptNode(made));
  };

  const refresh = async () => {
    const answer = await fetch(location.href, { cache: "no-store", headers: { Accept: "text/html" } });
    if (!answer.ok) throw new Error(`status ${answer.status}`);
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    isStale = false;
    for (const old of root.querySelectorAll("[data-refresh]")) {
      const name = old.dataset.refresh;
      const made = fresh.querySelector(`[data-refresh="${CSS.escape(name)}"]`);
      if (made) (name === "player" ? refreshPlayer : refreshPart)(old, made);
    }
    window.fastpixTimes?.(root);
  };

  const show = (told) => {
    for (const [name, text] of Object.entries(told.signal)) {
      for (const element of root.querySelectorAll(`[data-signal="${CSS.escape(name)}"]`)) element.textContent = text || "–";
    }
    for (const element of root.querySelectorAll("[data-ended]")) element.hidden = !hasEnded;
  };

  const take = async (told) => {
    const now = told.parts.join();
    hasEnded = (hasEnded || wasOnAir) && !told.isOnAir;
    if (told.text !== state) speak(hasEnded && wasOnAir ? "The broadcast ended." : `${told.text}.`);
    [state, wasOnAir] = [told.text, told.isOnAir];
    if (parts !== now) await refresh();
    parts = now;
    show(told);
  };

  const trouble = (isThere) => {
    for (const element of root.querySelectorAll("[data-trouble]")) element.hidden = !isThere;
  };

  const look = async () => {
    const answer = await fetch(root.dataset.livePage, {
      cache: "no-store",
      headers: etag ? { Accept: "application/json", "If-None-Match": etag } : { Accept: "application/json" },
    });
    if ([401, 403, 404].includes(answer.status) || answer.redirected) return false;
    if (answer.status !== 304) {
      if (!answer.ok) throw new Error(`status ${answer.status}`);
      await take(await answer.json());
      etag = answer.headers.get("ETag") ?? "";
    }
    if (isStale && !isUsed(root)) await refresh();
    return true;
  };

  const ask = async () => {
    if (isAsking || isOver) return;
    isAsking = true;
    clearTimeout(timer);
    try {
      isOver = !await look();
      wait = EVERY;
      trouble(false);
    } catch {
      etag = "";
      wait = Math.min(wait * 2, LONGEST);
      trouble(true);
    }
    isAsking = false;
    if (!document.hidden && !isOver) timer = setTimeout(ask, wait);
  };

  document.addEventListener("visibilitychange", () => { if (!document.hidden) ask(); });
  timer = setTimeout(ask, 500);
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-reveal]");
  if (!button) return;
  clearTimeout(button.hides);
  if (button.getAttribute("aria-pressed") === "true") button.hides = setTimeout(() => button.click(), 60_000);
});
