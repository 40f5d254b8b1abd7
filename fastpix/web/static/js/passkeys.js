// Passkeys: [data-passkey=get] asks the browser for one and sends its form with the answer; [data-passkey=create] makes
// a new one when its form is sent. With data-offered the browser also offers passkeys in the address field by itself.
"use strict";
{
  const toBytes = (text) =>
    Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (character) => character.charCodeAt(0));

  const toText = (buffer) =>
    btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

  const named = (list) => (list ?? []).map((each) => ({ ...each, id: toBytes(each.id) }));

  const read = (text) => {
    const options = JSON.parse(text);
    options.challenge = toBytes(options.challenge);
    if (options.user) options.user.id = toBytes(options.user.id);
    if (options.allowCredentials) options.allowCredentials = named(options.allowCredentials);
    if (options.excludeCredentials) options.excludeCredentials = named(options.excludeCredentials);
    return options;
  };

  const written = (credential) => {
    const response = {};
    for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
      if (credential.response[name]) response[name] = toText(credential.response[name]);
    }
    const { id, type } = credential;
    return JSON.stringify({ id, rawId: toText(credential.rawId), type, response, clientExtensionResults: {} });
  };

  const reasons = {
    InvalidStateError: "This device holds a passkey for your account already.",
    NotAllowedError: "No passkey was used: the request was cancelled, took too long, or there is none on this device.",
    SecurityError: "Passkeys work only at the address that the operator of this server has set. Open it there.",
  };

  const form = (button) => button.closest("form");

  const tell = (button, text) => {
    const place = form(button).querySelector("[data-passkey-problem]");
    place.textContent = text;
    place.hidden = !text;
  };

  let waiting = null;

  const run = async (button, more = {}) => {
    waiting?.abort();
    const control = new AbortController();
    waiting = control;
    const publicKey = read(button.dataset.options);
    const request = { publicKey, signal: control.signal, ...more };
    try {
      const isNew = button.dataset.passkey === "create";
      const credential = await (isNew ? navigator.credentials.create(request) : navigator.credentials.get(request));
      document.getElementById(button.dataset.field).value = written(credential);
      form(button).submit();
    } catch (problem) {
      // What the browser offers by itself may fail in silence: the form is still there.
      if (problem.name !== "AbortError" && !more.mediation) tell(button, reasons[problem.name] ?? `${problem.message}`);
    }
  };

  const offer = async (button) => {
    const isPossible = await PublicKeyCredential.isConditionalMediationAvailable?.();
    if (isPossible && !waiting) await run(button, { mediation: "conditional" });
  };

  for (const button of document.querySelectorAll("[data-passkey]")) {
    if (!window.PublicKeyCredential) {
      button.disabled = true;
      tell(button, "This browser knows no passkeys.");
      continue;
    }
    if (button.dataset.passkey === "create") {
      form(button).addEventListener("submit", (event) => {
        event.preventDefault();
        tell(button, "");
        if (form(button).reportValidity()) run(button);
      });
      continue;
    }
    button.addEventListener("click", () => {
      tell(button, "");
      run(button);
    });
    if ("offered" in button.dataset) offer(button);
  }
}
