// Shows <time datetime> in the viewer's zone; the UTC text the server wrote stays as the title. Written as the server
// writes it, so that it takes the same room and nothing moves. What is near (<time data-near>: "5 minutes ago") goes on
// while the page is open, and has the viewer's own time as its title; fastpix/text/relative.py says the same.
// window.fastpixTimes(root) does it for what a script put into the page.
"use strict";

{
  const format = new Intl.DateTimeFormat("en-GB", {
    day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23",
    timeZoneName: "short",
  });
  const write = (at, hasTime) => {
    const part = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, value]));
    const day = `${part.day} ${part.month.slice(0, 3)} ${part.year}`;
    return hasTime ? `${day}, ${part.hour}:${part.minute} ${part.timeZoneName}` : day;
  };
  const UNITS = [[86400, "day"], [3600, "hour"], [60, "minute"]];
  const near = (at) => {
    const seconds = (Date.now() - at) / 1000;
    const [size, unit] = UNITS.find(([each]) => Math.abs(seconds) >= each) ?? [];
    if (!size) return seconds >= 0 ? "just now" : "in a moment";
    const count = Math.floor(Math.abs(seconds) / size);
    const words = `${count} ${unit}${count === 1 ? "" : "s"}`;
    return seconds > 0 ? `${words} ago` : `in ${words}`;
  };
  setInterval(() => {
    for (const element of document.querySelectorAll("time[data-near]")) {
      const words = near(new Date(element.dateTime));
      if (element.textContent !== words) element.textContent = words;
    }
  }, 30000);
  // <span data-running="since when">: how long something has been on air.
  const running = (since) => {
    const seconds = Math.max(0, Math.floor((Date.now() - since) / 1000));
    const [hours, rest] = [Math.floor(seconds / 3600), String(seconds % 60).padStart(2, "0")];
    const minutes = Math.floor(seconds / 60) % 60;
    return hours ? `${hours}:${String(minutes).padStart(2, "0")}:${rest}` : `${minutes}:${rest}`;
  };
  setInterval(() => {
    for (const each of document.querySelectorAll("[data-running]")) each.textContent = running(new Date(each.dataset.running));
  }, 1000);
  window.fastpixTimes = (root) => {
    for (const element of root.querySelectorAll("time[data-near]")) element.title = write(new Date(element.dateTime), true);
    for (const element of root.querySelectorAll("time[datetime]:not([title])")) {
      const at = new Date(element.dateTime);
      if (Number.isNaN(at.getTime())) continue;
      const written = element.textContent.trim();
      const hasTime = written.includes(":");
      element.title = hasTime ? written : element.dateTime;
      element.textContent = write(at, hasTime);
    }
  };
  window.fastpixTimes(document);

  // Days that are typed mean this viewer's: beside <input data-end-of="name of a day"> the server learns by how many
  // minutes that day's end differs from the one in UTC, and [data-zone] says which zone is meant.
  for (const hidden of document.querySelectorAll("input[data-end-of]")) {
    const day = hidden.form.elements[hidden.dataset.endOf];
    const tell = () => {
      const [year, month, date] = day.value.split("-").map(Number);
      hidden.value = year ? new Date(year, month - 1, date, 23, 59, 59).getTimezoneOffset() : "";
    };
    for (const event of ["input", "change"]) day.addEventListener(event, tell);
    tell();
    for (const zone of hidden.form.querySelectorAll("[data-zone]")) {
      zone.textContent = ` where you are (${Intl.DateTimeFormat().resolvedOptions().timeZone})`;
    }
  }
}
