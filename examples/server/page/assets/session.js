// Tells that the session is about to end, and extends it when asked. Pages work without.
"use strict";
const dialog = document.getElementById("scadenza");
if (dialog && dialog.showModal) {
  const warning = 120;
  let ends, timer;
  const begin = (seconds) => {
    ends = Date.now() + seconds * 1000;
    clearTimeout(timer);
    timer = setTimeout(show, Math.max(0, seconds - warning) * 1000);
  };
  const show = () => {
    if (Date.now() < ends - warning * 1000) return; // the clock stood still meanwhile
    dialog.querySelector("[data-over]").hidden = Date.now() < ends;
    if (!dialog.open) dialog.showModal();
  };
  const failed = () => { dialog.querySelector("[data-failed]").hidden = false; };
  dialog.querySelector("[data-extend]").addEventListener("click", async () => {
    try {
      const answer = await fetch("/area/sessione", { method: "POST", credentials: "same-origin", redirect: "error" });
      if (!answer.ok) return failed();
      begin(Number(await answer.text()));
      dialog.close();
    } catch { failed(); }
  });
  document.addEventListener("visibilitychange", () => { if (!document.hidden) show(); });
  begin(Number(dialog.dataset.seconds));
}
