// Finds the number whose SHA-256 with the challenge begins with enough zero
// bits, and holds «Conferma» until then.
"use strict";
(async () => {
  const field = document.querySelector("input[name=lavoro]");
  if (!field) return;
  const button = field.form.querySelector("button[type=submit]");
  const state = document.getElementById("lavoro-stato");
  const bits = Number(field.dataset.bits), prefix = field.dataset.prova + ":";
  const encoder = new TextEncoder();
  const zeros = (sum) => {
    let n = 0;
    for (const b of sum) {
      if (b === 0) { n += 8; continue; }
      return n + Math.clz32(b) - 24;
    }
    return n;
  };
  button.disabled = true;
  state.textContent = field.dataset.busy;
  for (let from = 0; ; from += 512) {
    const sums = await Promise.all(Array.from({ length: 512 }, (_, i) => crypto.subtle.digest("SHA-256", encoder.encode(prefix + (from + i)))));
    const hit = sums.findIndex((s) => zeros(new Uint8Array(s)) >= bits);
    if (hit >= 0) { field.value = String(from + hit); break; }
  }
  button.disabled = false;
  state.textContent = field.dataset.done;
})();
