// What was done is told in a corner for a while, and goes by itself; what went wrong stays. It waits while somebody looks at
// it, points at it or is in it, and Escape closes it. Without this script it stands at the top of the page.
"use strict";

{
  const SHOWN = 10_000;

  for (const toast of document.querySelectorAll(".site-main .toasts > .note")) {
    const close = document.createElement("button");
    Object.assign(close, { type: "button", className: "toast-close", textContent: "×" });
    close.setAttribute("aria-label", "Close this message");
    toast.append(close);
    let timer = 0;
    const gone = () => {
      clearTimeout(timer);
      toast.remove();
    };
    const isLookedAt = () => document.hidden || toast.matches(":hover, :focus-within");
    const wait = () => {
      clearTimeout(timer);
      timer = setTimeout(() => (isLookedAt() ? wait() : gone()), SHOWN);
    };
    close.addEventListener("click", gone);
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && toast.isConnected && !document.querySelector("dialog[open], :popover-open, details.menu[open]")) gone();
    });
    if (toast.classList.contains("good")) wait();
  }
}
