// What was done is told in a corner for a while, and goes by itself; what went wrong stays. It waits while somebody looks at
// it, points at it or is in it; n goes to the newest, and Escape closes it. Without this script it stands at the top of the page.
"use strict";

{
  const SHOWN = 30_000;
  const toasts = () => [...document.querySelectorAll(".site-main .toasts > .note")];
  let from = null; // where the focus was before it went to a message

  // True where there was a message to go to.
  window.fastpixToast = () => {
    const newest = toasts().at(-1);
    if (!newest) return false;
    if (!newest.contains(document.activeElement)) from = document.activeElement;
    (newest.querySelector("button, a[href]") ?? newest).focus();
    return true;
  };

  for (const toast of toasts()) {
    const close = document.createElement("button");
    Object.assign(close, { type: "button", className: "toast-close", textContent: "×" });
    close.setAttribute("aria-label", "Close this message");
    toast.append(close);
    let timer = 0;
    const gone = () => {
      clearTimeout(timer);
      const isIn = toast.contains(document.activeElement);
      toast.remove();
      if (isIn && from?.isConnected) from.focus();
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
