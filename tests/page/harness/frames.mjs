// What the page's script costs a frame. On a machine that does other things, too, time on the wall says more of those; so Chromium's trace
// is asked how long the frame's callback had the processor.

/** Runs `body` and gives, for each frame that the page measured (`hamadryad:frame`), its milliseconds of processor time and elements touched. */
export async function framesDuring(browser, page, body) {
  await browser.startTracing(page, { categories: ["devtools.timeline", "blink.user_timing"] });
  await body();
  const { traceEvents } = JSON.parse((await browser.stopTracing()).toString());
  const callbacks = traceEvents.filter(({ name, tdur }) => name === "FireAnimationFrame" && tdur !== undefined);
  callbacks.sort((a, b) => a.ts - b.ts);
  const measures = traceEvents.filter(({ name, ph }) => name === "hamadryad:frame" && ph === "b");
  return measures.map(({ tid, args }) => {
    const callback = callbacks.find(({ ts, dur, tid: thread }) => thread === tid && ts <= args.callTime && args.callTime <= ts + dur);
    if (!callback) throw new Error("a frame was measured outside of any frame's callback");
    return { ms: callback.tdur / 1000, touched: JSON.parse(args.detail).touched };
  });
}

/** The value that 99 of 100 do not exceed. */
export function p99(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.ceil(sorted.length * 0.99) - 1];
}
