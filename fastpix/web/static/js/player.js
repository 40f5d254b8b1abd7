// The player: hls.js, or the browser's own HLS, under a bar (player-bar.js) or else the browser's own controls; and what went
// wrong, in words. window.fastpixPlayer.start(root) begins players that a script put into the page, and
// stop(root) ends one. A player with data-live stays near the edge of a broadcast, and tries again when it is cut off; one
// with data-growing plays a film whose end is still being made; begun anew, it goes on where it was, or as far as that is.
// Where the page's address has ?t=, a film begins there: seconds, or 1:02 and 1:02:03.
"use strict";

{
  const NOT_READY = "This is not ready to play yet. Try again in a moment.";
  const SENTENCES = {
    400: NOT_READY,
    401: "This needs a token: the address must end with ?token= and a token that is valid now.",
    403: "This may not be played on this site or with this program.",
    404: "There is nothing to play here any more.",
    410: "There is nothing to play here any more.",
    429: "There were too many requests. Wait a minute and try again.",
  };
  const UNREACHED = "The server could not be reached. Check the connection and load the page again.";
  const NO_CAPTIONS = "The captions could not be loaded. Load the page again to try once more.";
  const UNPLAYABLE = "This browser cannot play the video.";
  // Two segments behind the edge; what falls behind catches up without a jump, and going back stays possible.
  const LIVE = { liveSyncDurationCount: 2, maxLiveSyncPlaybackRate: 1.1, backBufferLength: 90 };
  const NOT_ON_AIR = "This is not on air just now. When it is, it begins here.";
  const LIVE_TRIES = 20;
  const LIVE_PAUSE = 3000;
  // For an encoder, which sends for two seconds before there is a segment; and for a segment, once it has connected.
  const [LIVE_WAIT, LIVE_SOON] = [2000, 500];
  const LIVE_CHANGE = 7000; // three segments of two seconds, and a little
  const GROWING_TRIES = 40;
  const running = new WeakMap();

  function start(root) {
    if (root.dataset.started) return;
    root.dataset.started = "yes";
    const media = root.querySelector("video, audio");
    const message = root.querySelector("[data-message]");
    const say = (text) => {
      if (message.textContent !== text) message.textContent = text; // not spoken twice
      message.hidden = !text;
    };
    media.addEventListener("playing", () => say(""));
    media.muted ||= media.defaultMuted; // the attribute is not heard in what a script put into the page
    if (window.Hls?.isSupported()) running.set(root, playWithScript(root, media, say));
    else if (media.canPlayType("application/vnd.apple.mpegurl")) playNatively(root, media, say);
    else say(UNPLAYABLE);
  }

  function stop(root) {
    running.get(root)?.destroy();
    running.delete(root);
  }

  // What the server said of a refusal, for people to read; nothing where it said nothing.
  function told(problem) {
    try {
      return JSON.parse(problem.networkDetails.responseText).error.message ?? "";
    } catch {
      return "";
    }
  }

  function playWithScript(root, media, say) {
    const [{ Hls }, { dataset }] = [window, root];
    const [isLive, isGrowing] = ["live" in dataset, "growing" in dataset];
    const source = media.getAttribute("src");
    media.removeAttribute("src");
    if (media.autoplay) media.load(); // the browser began by itself
    media.preload = "auto";
    const options = { capLevelToPlayerSize: media.tagName === "VIDEO", maxBufferLength: 30, ...(isLive ? LIVE : {}) };
    let hls;
    let repairs = 0;
    let tries = 0;
    let again = 0;
    let at = isLive ? 0 : asked(); // where it begins, or was when it is begun anew
    const first = at; // else whoever presses play at once sees the beginning of the film flash by
    if (first) media.addEventListener("loadedmetadata", () => { media.currentTime = first; }, { once: true });
    let goesOn = false; // it was playing before: what is taken out of the element pauses it
    media.addEventListener("playing", () => { [tries, goesOn] = [0, false]; });

    // The element's own error, such as a picture that its decoder refuses. hls.js only logs it, and goes on loading; where it
    // complained itself, it has taken the media out already, and with it the error.
    media.addEventListener("error", () => {
      if (media.error && hls.media) complain({ fatal: true, type: Hls.ErrorTypes.MEDIA_ERROR, isOfElement: true });
    });

    function complain(problem) {
      if (!problem.fatal) return;
      // Captions that cannot be had, such as those that were changed meanwhile, do not end the film.
      if (problem.details?.startsWith("subtitle")) {
        say(NO_CAPTIONS);
        hls.subtitleTrack = -1;
        hls.startLoad();
        return;
      }
      const isRefused = problem.isOfElement || problem.details === Hls.ErrorDetails.BUFFER_APPEND_ERROR;
      if (isLive && isRefused && tries < LIVE_TRIES) {
        beginAgainSoon();
        return;
      }
      if (problem.type === Hls.ErrorTypes.MEDIA_ERROR && repairs < 2) {
        repairs += 1;
        goesOn ||= !media.paused;
        hls.recoverMediaError();
        if (goesOn) media.play().catch(() => {});
        return;
      }
      const status = problem.response?.code ?? 0;
      const isNetwork = problem.type === Hls.ErrorTypes.NETWORK_ERROR;
      const waits = status === 400 || (!(status in SENTENCES) && tries < LIVE_TRIES);
      if (isLive && isNetwork && waits) {
        if (status === 400) say(NOT_ON_AIR);
        else tries += 1;
        const isSoon = status === 400 && problem.networkDetails?.getResponseHeader("Retry-After");
        const pause = status === 400 ? LIVE_WAIT : LIVE_PAUSE;
        setTimeout(() => { if (hls.media) hls.loadSource(source); }, isSoon ? LIVE_SOON : pause);
        return;
      }
      // The film is made anew, under other addresses; or it never will be, and the server says so.
      if (isGrowing && isNetwork && (status === 400 || status === 404) && tries < GROWING_TRIES) {
        say((status === 400 && told(problem)) || NOT_READY);
        at = Math.max(at, media.currentTime);
        beginAgainSoon(LIVE_PAUSE);
        return;
      }
      say(SENTENCES[status] ?? (isNetwork ? UNREACHED : UNPLAYABLE));
      hls.destroy();
    }

    // An encoder came back with other tracks: what the browser prepared for the former ones takes no others. What is
    // loaded plays on; then it begins anew near the edge, as soon as all that lies there is of the new ones.
    function beginAgainSoon(pause = LIVE_CHANGE) {
      if (again) return;
      tries += 1;
      again = setTimeout(() => {
        again = 0;
        goesOn ||= !media.paused;
        hls.destroy();
        begin();
        if (goesOn) media.play().catch(() => {});
      }, pause);
    }

    function begin() {
      hls = new Hls(at ? { ...options, startPosition: at } : options);
      hls.on(Hls.Events.ERROR, (_event, problem) => complain(problem));
      hls.once(Hls.Events.MANIFEST_PARSED, () => window.fastpixBar?.(root, media, () => hls));
      hls.loadSource(source);
      hls.attachMedia(media);
    }

    begin();
    return { destroy() { clearTimeout(again); hls.destroy(); } };
  }

  function playNatively(root, media, say) {
    media.preload = "metadata";
    media.addEventListener("loadedmetadata", () => window.fastpixBar?.(root, media, () => null), { once: true });
    if (asked() && !("live" in root.dataset)) {
      media.addEventListener("loadedmetadata", () => { media.currentTime = asked(); }, { once: true });
    }
    media.addEventListener("error", async () => {
      const answer = await fetch(media.currentSrc || media.src).catch(() => null);
      say(answer === null ? UNREACHED : SENTENCES[answer.status] ?? UNPLAYABLE);
    });
    // Most browsers take captions from the playlist; for those that do not, they are named in the page.
    media.addEventListener("loadedmetadata", () => {
      if (media.textTracks.length) return;
      for (const told of root.querySelectorAll("[data-caption]")) {
        const track = document.createElement("track");
        Object.assign(track, { kind: "subtitles", src: told.dataset.caption, srclang: told.lang, label: told.textContent });
        media.append(track);
      }
    }, { once: true });
  }

  // The second that the page's address asks for; 0 for none, and for what is no time.
  function asked() {
    const at = seconds(new URLSearchParams(location.search).get("t") ?? "");
    return Number.isFinite(at) && at > 0 ? at : 0;
  }

  const seconds = (text) => text.split(":").reduce((sum, part) => sum * 60 + Number(part), 0);

  for (const root of document.querySelectorAll("[data-player]")) start(root);
  window.fastpixPlayer = { start, stop };
}
