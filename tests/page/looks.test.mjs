// What a person sees: both widths, both schemes; and what a person who does not see gets. Pictures are left for whoever wants to look.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { join } from "node:path";
import { NARROW, WIDE, assertNoOverflow, complaintsOfAxe, endLookup, launch, mode, open } from "./harness/browser.mjs";
import { Daemon } from "./harness/daemon.mjs";
import { SCREENSHOTS, PAGE } from "./harness/place.mjs";
import { serve } from "./harness/static-server.mjs";

let browser, daemon, server;
before(async () => { [browser, daemon, server] = await Promise.all([launch(), Daemon.start(), serve(PAGE)]); });
after(() => Promise.all([browser.close(), daemon.stop(), server.close()]));

/** The page with something to see in it: a few answers, and a subtree that was ended. */
async function lived(url, wanted, options) {
  const opened = await open(browser, url, options);
  const { page } = opened;
  await mode(page, wanted);
  await page.locator('#answers li[data-mood="good"]').nth(2).waitFor();
  await endLookup(page, "txt.example.test");
  return opened;
}

for (const [wanted, name] of [["daemon", "daemon"], ["simulated", "simulated"]]) {
  for (const colorScheme of ["light", "dark"]) {
    for (const viewport of [WIDE, NARROW]) {
      test(`${name}, ${colorScheme}, ${viewport.width} px: fits, and axe-core finds nothing`, async () => {
        const url = wanted === "daemon" ? daemon.url : server.url;
        const { page, complaints, close } = await lived(url, wanted, { viewport, colorScheme });
        await assertNoOverflow(page);
        await page.screenshot({ path: join(SCREENSHOTS, `${name}-${colorScheme}-${viewport.width}.png`) });
        await page.screenshot({ path: join(SCREENSHOTS, `${name}-${colorScheme}-${viewport.width}-whole.png`), fullPage: true });
        assert.deepEqual(await complaintsOfAxe(page), []);
        assert.deepEqual(complaints, []);
        await close();
      });
    }
  }
}

test("who wants less motion gets less", async () => {
  const { page, close } = await lived(server.url, "simulated", { reducedMotion: "reduce" });
  // What takes longer than a blink, and does not go in steps.
  const moving = await page.evaluate(() => document.getAnimations()
    .filter(({ effect }) => effect.getComputedTiming().duration > 20 && !String(effect.getTiming().easing).startsWith("steps"))
    .map((animation) => `${animation.animationName ?? animation.transitionProperty ?? "script"} of ${animation.effect.target?.className}`));
  assert.deepEqual(moving, []);
  await close();
});
