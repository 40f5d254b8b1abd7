// Shows <time datetime> in the viewer's zone; the UTC text the server wrote stays as the title.
// window.fastpixTimes(root) does it for what a script put into the page.
"use strict";

{
  const day = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", year: "numeric" });
  const moment = new Intl.DateTimeFormat(undefined, {
    day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", timeZoneName: "short",
  });
  window.fastpixTimes = (root) => {
    for (const element of root.querySelectorAll("time[datetime]:not([title])")) {
      const at = new Date(element.dateTime);
      if (Number.isNaN(at.getTime())) continue;
      const written = element.textContent.trim();
      element.title = written.includes(":") ? written : element.dateTime;
      element.textContent = (written.includes(":") ? moment : day).format(at);
    }
  };
  window.fastpixTimes(document);
}
