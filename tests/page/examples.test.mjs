// The examples for users of host-wasm, as they were built: they run.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { join } from "node:path";
import { launch, open } from "./harness/browser.mjs";
import { EXAMPLES } from "./harness/place.mjs";
import { serve } from "./harness/static-server.mjs";

let browser;
before(async () => { browser = await launch(); });
after(() => browser.close());

test("a page of cargo and wasm-bindgen alone", async (t) => {
  const server = await serve(join(EXAMPLES, "web"));
  t.after(server.close);
  const { page, complaints, close } = await open(browser, server.url);
  await page.getByText("the work is done").waitFor();
  await page.locator("#clock", { hasText: "1 s" }).waitFor();
  assert.deepEqual(complaints, []);
  await close();
});

test("a page of vite's, whose object stops at once", async (t) => {
  const server = await serve(join(EXAMPLES, "vite/dist"));
  t.after(server.close);
  const { page, complaints, close } = await open(browser, server.url);
  const number = page.locator("#number");
  // It counts: no matter how far it is when somebody looks.
  await page.waitForFunction(() => Number(document.getElementById("number").textContent || 30) < 30);
  await page.click("#stop");
  const stopped = await number.textContent();
  // Frames of as much time as four numbers take.
  await page.evaluate(() => new Promise((resolve) => {
    const end = performance.now() + 400;
    const frame = () => (performance.now() > end ? resolve() : requestAnimationFrame(frame));
    frame();
  }));
  assert.equal(await number.textContent(), stopped, "nothing counts any more");
  assert.deepEqual(complaints, []);
  await close();
});
