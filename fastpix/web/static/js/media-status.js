// The page of a media that is being worked on: asks how far it is, shows it, and takes over the parts of the page that
// changed when it is done. Asks every 2 seconds, up to every 15 when nothing changes; stops when there is no more to come.
"use strict";

for (const root of document.querySelectorAll("[data-media-status]")) {
  const FIRST = 2000;
  const LONGEST = 15000;
  let wait = FIRST;
  let etag = "";
  let spoken = 0;
  let isDone = Boolean(root.dataset.isDone);
  // As the page was written: what was done before the first answer is news, too.
  let parts = root.dataset.parts;

  const speak = (text) => {
    const region = document.getElementById("announce");
    if (region) region.textContent = text;
  };

  // At every quarter, not at every tick: a screen reader would talk without end.
  const announce = (told) => {
    const quarter = Math.floor((told.percent ?? 0) / 25);
    if (quarter > spoken) speak(told.text);
    spoken = quarter;
  };

  const show = (told) => {
    for (const chip of root.querySelectorAll("[data-state-chip] .chip")) chip.textContent = told.text;
    for (const bar of root.querySelectorAll("[data-percent]")) {
      if (told.percent === null) bar.removeAttribute("value");
      else bar.value = told.percent;
    }
    for (const track of root.querySelectorAll("[data-track-percent]")) {
      const percent = told.tracks[track.dataset.trackPercent];
      if (percent !== undefined) track.textContent = `${percent} %`;
    }
    announce(told);
  };

  // What somebody was using is written anew when they leave it.
  const waiting = new WeakSet();
  const later = (old) => {
    if (waiting.has(old)) return;
    waiting.add(old);
    const leave = (event) => {
      if (old.contains(event.relatedTarget)) return;
      old.removeEventListener("focusout", leave);
      waiting.delete(old);
      refresh().catch(() => {});
    };
    old.addEventListener("focusout", leave);
  };

  // Only what changed, and never what somebody is just using.
  const refresh = async () => {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    if (!answer.ok) throw new Error(`status ${answer.status}`);
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const old of root.querySelectorAll("[data-refresh]")) {
      const made = fresh.querySelector(`[data-refresh="${CSS.escape(old.dataset.refresh)}"]`);
      const player = old.querySelector("[data-started]");
      const isPlaying = player && made?.querySelector("[data-player]");
      if (made && player && !isPlaying) window.fastpixPlayer?.stop(player); // there is nothing to play any more
      if (!made || isPlaying) continue;
      if (old.contains(document.activeElement)) later(old);
      else old.replaceWith(document.adoptNode(made));
    }
    for (const player of root.querySelectorAll("[data-player]")) window.fastpixPlayer?.start(player);
    window.fastpixTimes?.(root);
  };

  const take = async (told) => {
    show(told);
    const now = told.parts.join();
    const isNews = (told.done && !isDone) || parts !== now;
    if (told.done && !isDone) speak(told.failure ? `${told.text}. ${told.failure}` : told.text);
    if (isNews) await refresh(); // if that fails, it is news again at the next answer
    parts = now;
    isDone = told.done;
  };

  const ask = async () => {
    if (!document.hidden) {
      try {
        const answer = await fetch(root.dataset.mediaStatus, {
          cache: "no-store",
          headers: etag ? { Accept: "application/json", "If-None-Match": etag } : { Accept: "application/json" },
        });
        if ([401, 403, 404].includes(answer.status) || answer.redirected) return;
        if (answer.status === 304) {
          wait = Math.min(wait * 1.5, LONGEST);
        } else {
          if (!answer.ok) throw new Error(`status ${answer.status}`);
          const told = await answer.json();
          await take(told);
          etag = answer.headers.get("ETag") ?? "";
          wait = FIRST;
          if (told.done && told.settled) return;
        }
      } catch {
        wait = Math.min(wait * 2, LONGEST);
      }
    }
    setTimeout(ask, wait);
  };
  if (!root.dataset.isDone || !root.dataset.isSettled) setTimeout(ask, 500);
}
