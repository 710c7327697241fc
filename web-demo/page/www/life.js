// The page's own life: a browser freezes what nobody sees, and closes its sockets.

/** `wake()` is called when the page is seen again, runs again, or has a network again; `slept(ms)` when it was frozen for so long. */
export function heedLife(wake, slept) {
  let frozenAt = null;
  const freeze = () => (frozenAt = Date.now());
  const resume = () => {
    if (frozenAt === null) return;
    slept(Date.now() - frozenAt);
    frozenAt = null;
    wake();
  };
  document.addEventListener("freeze", freeze);
  document.addEventListener("resume", resume);
  document.addEventListener("visibilitychange", () => document.hidden || wake());
  addEventListener("pagehide", (event) => event.persisted && freeze());
  addEventListener("pageshow", resume);
  addEventListener("online", wake);
}
