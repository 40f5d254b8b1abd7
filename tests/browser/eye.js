// Plays the page's player to its end, and notes what is seen and heard of it. Run by `eye.py` in the product's own page.
async ({ spots, until, seconds, rate, begin, patience }) => {
  const WORKLET = `registerProcessor("ear", class extends AudioWorkletProcessor {
    heard = [];
    process([input]) {
      let peak = 0;
      for (const channel of input) for (const value of channel) peak = Math.max(peak, Math.abs(value));
      if (this.heard.push([currentTime, peak]) === 16) this.port.postMessage(this.heard.splice(0));
      return true;
    }
  });`;
  const pause = (ms) => new Promise((go) => setTimeout(go, ms));
  const media = document.querySelector("video, audio");
  const message = () => {
    const told = document.querySelector("[data-message]");
    return told && !told.hidden ? told.textContent : "";
  };
  const empty = { pictures: [], levels: [], ended_at: 0, is_over: false, duration: 0, first_duration: 0, colours: {}, frames: 0, error: "" };
  if (!media) return { ...empty, message: document.body.innerText };

  const canvas = document.createElement("canvas");
  const [width, height] = [canvas.width, canvas.height] = [48, 27];
  const drawing = canvas.getContext("2d", { willReadFrequently: true });
  const look = () => {
    drawing.drawImage(media, 0, 0, width, height);
    const { data } = drawing.getImageData(0, 0, width, height);
    const found = {};
    for (const [name, [left, top]] of Object.entries(spots)) {
      const sums = [0, 0, 0];
      for (const x of [-1, 0, 1]) {
        for (const y of [-1, 0, 1]) {
          const place = 4 * ((Math.round(top * height) + y) * width + Math.round(left * width) + x);
          for (const part of [0, 1, 2]) sums[part] += data[place + part];
        }
      }
      found[name] = sums.map((sum) => Math.round(sum / 9));
    }
    return found;
  };

  const context = new AudioContext({ latencyHint: "interactive" });
  await context.audioWorklet.addModule(URL.createObjectURL(new Blob([WORKLET], { type: "text/javascript" })));
  const ear = new AudioWorkletNode(context, "ear");
  const peaks = [];
  ear.port.onmessage = ({ data }) => peaks.push(...data);
  context.createMediaElementSource(media).connect(ear);
  ear.connect(context.destination);
  await context.resume();

  media.preservesPitch = false;
  media.defaultPlaybackRate = rate;
  media.muted = false;
  const pictures = [];
  let colours = {};
  const isWhite = (picture) => Math.min(...picture.flash) > 128;
  const note = ({ mediaTime, width: wide, height: high }) => {
    const found = look();
    if (Math.max(...found.flash) < 64) colours = found;
    pictures.push({ at: mediaTime, flash: found.flash, width: wide, height: high });
  };
  let playing = true;
  const onPicture = (_now, picture) => {
    if (!playing) return;
    note(picture);
    media.requestVideoFrameCallback(onPicture);
  };
  if (media.requestVideoFrameCallback) media.requestVideoFrameCallback(onPicture);

  // Both clocks side by side, to tell when in the film a sound was: the element's stands still while it waits.
  const clocks = [];
  const ticking = setInterval(() => clocks.push([context.currentTime, media.currentTime]), 4);
  // A busy browser leaves out pictures. Where a flash began or ended meanwhile, those between are looked at one by one.
  async function lookAgain() {
    const seek = (at) => new Promise((go) => {
      media.requestVideoFrameCallback((_now, picture) => { note(picture); go(); });
      setTimeout(go, 1000);
      media.currentTime = at;
    });
    const sorted = () => pictures.sort((one, other) => one.at - other.at);
    const steps = sorted().map((picture, place) => picture.at - (pictures[place - 1]?.at ?? 0)).filter((step) => step > 0.001);
    const step = Math.min(...steps);
    for (let look = 0; look < 60; look += 1) {
      const gap = sorted().findIndex((picture, place) => {
        const before = pictures[place - 1];
        const apart = before ? picture.at - before.at : 0;
        return apart > 1.5 * step && !before.isSeen && (isWhite(before) !== isWhite(picture) || apart > 0.25);
      });
      if (gap < 0) return;
      const [before, after] = [pictures[gap - 1], pictures[gap]];
      const count = pictures.length;
      await seek((before.at + after.at) / 2 + step / 4);
      // Nothing between the two: that is how the film is.
      if (pictures.length === count || pictures.slice(count).every(({ at }) => at <= before.at || at >= after.at)) {
        before.isSeen = true;
      }
    }
  }
  const started = performance.now();
  let length = 0; // as the player tells it at the first picture
  media.addEventListener("playing", () => { length ||= media.duration; });
  if (begin) media.currentTime = begin;
  media.play().catch(() => {});
  let [last, moved] = [media.currentTime, started];
  while (!media.ended && media.currentTime < until && performance.now() - started < seconds * 1000) {
    if (media.playbackRate !== rate) media.playbackRate = rate;
    if (media.currentTime !== last) [last, moved] = [media.currentTime, performance.now()];
    if (performance.now() - moved > patience * 1000) break;
    await pause(20);
  }
  clearInterval(ticking);
  await pause(50);
  const levels = [];
  let place = 0;
  for (const [at, peak] of peaks) {
    while (place + 1 < clocks.length && clocks[place + 1][0] <= at) place += 1;
    if (!clocks.length || clocks[place][0] > at || place + 1 >= clocks.length) continue;
    const [[before, from], [after, to]] = [clocks[place], clocks[place + 1]];
    if (to > from) levels.push([from + ((at - before) / (after - before)) * (to - from), peak]);
  }
  const frames = media.getVideoPlaybackQuality?.().totalVideoFrames ?? 0;
  const told = { ended_at: media.currentTime, is_over: media.ended, duration: media.duration, first_duration: length };
  media.pause();
  playing = false;
  await context.close();
  if (pictures.length) await lookAgain();
  return { pictures, levels, colours, frames, message: message(), error: media.error?.message ?? "", ...told };
}
