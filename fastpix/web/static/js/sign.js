// The sign-a-URL tool: makes the token (JWT, RS256) in this browser with WebCrypto. The private key is never sent, and
// its fields have no name, so that not even the form could send it.
"use strict";

for (const tool of document.querySelectorAll("[data-sign]")) {
  const form = document.getElementById(tool.dataset.form);
  const field = (name) => tool.querySelector(`[data-${name}]`);
  const message = field("message");
  const result = field("result");

  const say = (text) => {
    message.textContent = text;
    message.hidden = !text;
    if (text) result.hidden = true;
  };

  const bytesOf = (text) => Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
  const base64url = (bytes) => btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
  const encode = (value) => base64url(new TextEncoder().encode(JSON.stringify(value)));

  // A PKCS#8 PEM, or the Base64 of one as FastPix hands it out.
  const keyBytes = (text) => {
    let pem = text.trim();
    if (!pem.includes("-----BEGIN")) pem = new TextDecoder().decode(bytesOf(pem.replaceAll(/\s/g, "")));
    const found = /-----BEGIN PRIVATE KEY-----([A-Za-z0-9+/=\s]+)-----END PRIVATE KEY-----/.exec(pem);
    if (!found) throw new Error("no PKCS#8 key");
    return bytesOf(found[1].replaceAll(/\s/g, ""));
  };

  const publicPart = async (key) => {
    const { n, e } = await crypto.subtle.exportKey("jwk", key);
    return `${n}.${e}`;
  };

  // The pasted key must be the other half of the one this page is about: a token of another key opens nothing.
  const isRightKey = async (key) => {
    const der = bytesOf(tool.dataset.publicKey.replaceAll(/-----[^-]+-----|\s/g, ""));
    const known = await crypto.subtle.importKey("spki", der, { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" }, true, ["verify"]);
    return await publicPart(key) === await publicPart(known);
  };

  const token = async (playbackId, hours) => {
    const usage = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" };
    const key = await crypto.subtle.importKey("pkcs8", keyBytes(field("key").value), usage, true, ["sign"]);
    if (!(await isRightKey(key))) throw new RangeError("another key");
    const at = Math.floor(Date.now() / 1000);
    const kid = tool.dataset.keyId;
    const claims = { kid, aud: `media:${playbackId}`, iat: at, exp: at + hours * 3600 };
    const text = `${encode({ alg: "RS256", typ: "JWT", kid })}.${encode(claims)}`;
    const signature = await crypto.subtle.sign(usage.name, key, new TextEncoder().encode(text));
    return `${text}.${base64url(new Uint8Array(signature))}`;
  };

  const sign = async () => {
    const value = (name) => form.elements.namedItem(name).value.trim();
    const playbackId = value("other") || value("playback_id");
    if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(playbackId)) return say("Choose a private media above, or type a playback id.");
    if (!field("key").value.trim()) return say("Paste the private key, or choose its .pem file.");
    try {
      const made = await token(playbackId, Number(value("hours")));
      for (const name of ["stream", "embed"]) {
        field(name).value = `${tool.dataset[name].replace("PLAYBACK_ID", playbackId)}?token=${made}`;
      }
      say("");
      result.hidden = false;
      field("stream").focus();
    } catch (problem) {
      say(problem instanceof RangeError
        ? "This is the private half of another key. Take the one that was shown when this key was made."
        : "This is not a private key: paste the whole PEM (-----BEGIN PRIVATE KEY-----), or its Base64.");
    }
  };

  if (!window.isSecureContext || !crypto.subtle) {
    say("Browsers sign only on https or localhost, and this page is neither. Take one of the programs below instead.");
    for (const element of tool.querySelectorAll("textarea, input[type=file], button[data-do]")) element.disabled = true;
  }
  field("do").addEventListener("click", sign);
  field("file").addEventListener("change", async (event) => {
    const [file] = event.target.files;
    if (file) field("key").value = file.size > 20_000 ? "" : await file.text();
    if (file?.size > 20_000) say("This file is too large to be a key.");
  });
}
