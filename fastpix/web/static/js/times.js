// Shows <time datetime> in the viewer's zone; the UTC text the server wrote stays as the title. Written as the server
// writes it, so that it takes the same room and nothing moves.
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
  window.fastpixTimes = (root) => {
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
}
