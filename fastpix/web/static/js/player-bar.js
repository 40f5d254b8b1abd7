// The bar of the player: Plyr in place of the browser's own controls, with preview pictures, captions, and a menu of quality
// and speed. player.js calls `fastpixBar(root, media, playing)` when it knows what there is to play; `playing()` answers
// the hls.js in force, which is another one after a film was begun anew, or nothing where the browser plays HLS itself.
"use strict";

{
  const AUTO = 0;
  const CONTROLS = ["play-large", "play", "progress", "current-time", "duration", "mute", "volume", "captions", "settings", "pip", "airplay", "fullscreen"];

  // Heights there are to choose from, the largest first; of two of one height the better one is taken.
  const heights = (hls) => [...new Set((hls?.levels ?? []).map((level) => level.height).filter(Boolean))].sort((one, other) => other - one);

  function choose(hls, height) {
    if (!hls) return;
    const fitting = hls.levels.map((level, index) => ({ level, index })).filter(({ level }) => level.height === height);
    fitting.sort((one, other) => other.level.bitrate - one.level.bitrate);
    hls.nextLevel = height === AUTO || !fitting.length ? -1 : fitting[0].index;
  }

  // What answers no pictures is asked for none while somebody points at the bar.
  async function previews(address) {
    if (!address) return { enabled: false };
    try {
      const answer = await fetch(address);
      return { enabled: answer.ok && (await answer.text()).includes("#xywh="), src: address };
    } catch {
      return { enabled: false };
    }
  }

  // Captions come with the playlist, after the bar is there: Plyr draws them, and hls.js loads those that are chosen.
  function follow(plyr, playing) {
    const take = () => {
      const hls = playing();
      if (!hls) return;
      hls.subtitleDisplay = false;
      hls.subtitleTrack = plyr.captions.active ? plyr.currentTrack : -1;
    };
    for (const name of ["languagechange", "captionsenabled", "captionsdisabled"]) plyr.on(name, take);
  }

  window.fastpixBar = async (root, media, playing) => {
    if (!window.Plyr || root.dataset.bar) return null;
    root.dataset.bar = "yes";
    const pictures = await previews(root.dataset.storyboard);
    if (!root.isConnected) return null;
    const choices = heights(playing());
    // Plyr keeps a copy of the element for when it goes; a copy with the address in it would load it, too.
    media.cloneNode = () => document.createElement(media.localName);
    const plyr = new window.Plyr(media, {
      controls: CONTROLS,
      settings: ["captions", "quality", "speed"],
      iconUrl: root.dataset.icons,
      blankVideo: "",
      storage: { enabled: true, key: "fastpix-player" },
      captions: { active: false, language: "auto", update: true },
      previewThumbnails: pictures,
      keyboard: { focused: true, global: false },
      speed: { selected: 1, options: [0.5, 0.75, 1, 1.25, 1.5, 2] },
      invertTime: false,
      toggleInvert: false,
      tooltips: { controls: false, seek: true },
      i18n: { disabled: "Off", enableCaptions: "Captions on", disableCaptions: "Captions off", qualityLabel: { [AUTO]: "Auto" } },
      ...(choices.length > 1
        ? { quality: { default: AUTO, options: [AUTO, ...choices], forced: true, onChange: (height) => choose(playing(), height) } }
        : {}),
    });
    follow(plyr, playing);
    return plyr;
  };
}
