// The page's tree under somebody's hands: by mouse, by keyboard, and with a thousand nodes in it.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { answer, endLookup, launch, mode, open } from "./harness/browser.mjs";
import { framesDuring, p99 } from "./harness/frames.mjs";
import { PAGE } from "./harness/place.mjs";
import { serve } from "./harness/static-server.mjs";

let browser, server;
before(async () => { [browser, server] = await Promise.all([launch(), serve(PAGE)]); });
after(() => Promise.all([browser.close(), server.close()]));

async function opened(search = "", options = {}) {
  const all = await open(browser, server.url + search, options);
  await mode(all.page, "simulated");
  return all;
}

test("what a button ends is told in the order in which it ended, and is gone", async () => {
  const { page, complaints, close } = await opened();
  const id = await endLookup(page, "txt.example.test");
  const titles = await page.locator("#ended li").allTextContents();
  assert.match(titles.at(-1), /^lookup/, "the node itself ends last");
  assert.ok(titles.length > 1, `what hung below it ended before it: ${titles}`);
  await answer(page, "txt.example.test", "ENDED");
  await page.locator(`#page-tree .row[data-node-id="${id}"]`).waitFor({ state: "detached" });
  assert.deepEqual(complaints, []);
  await close();
});

test("arrow keys walk through the tree, and Delete ends a subtree", async () => {
  const { page, complaints, close } = await opened();
  await page.locator("#page-tree .row", { hasText: "lookups" }).first().waitFor();
  await page.focus("#page-tree");
  await page.keyboard.press("Home");
  const active = () => page.evaluate(() => document.activeElement.closest(".row")?.querySelector(".name").textContent ?? null);
  await page.waitForFunction(() => document.activeElement.closest(".row") !== null);
  const first = await active();
  await page.keyboard.press("ArrowDown");
  await page.waitForFunction((before) => document.activeElement.closest(".row")?.querySelector(".name").textContent !== before, first);
  await page.keyboard.press("Delete");
  await page.locator("#ended li.top").waitFor();
  assert.deepEqual(complaints, []);
  await close();
});

test("who ends everything can grow it again", async () => {
  const { page, complaints, close } = await opened();
  await page.locator("#page-tree .row", { hasText: "lookups" }).first().locator("button").dispatchEvent("click");
  await page.locator("#again").click();
  await page.locator('#answers li[data-rcode="NOERROR"]').first().waitFor();
  await page.locator("#page-tree .row", { hasText: "lookups" }).first().waitFor();
  assert.deepEqual(complaints, []);
  await close();
});

test("a held loop: the answer that is there wins over its deadline, and the other one times out", async () => {
  const { page, complaints, close } = await opened();
  await page.click("#hold");
  await page.locator('#held li[data-upstream="upstream-2"][data-mood="good"]', { hasText: "won" }).waitFor({ timeout: 30_000 });
  await page.locator('#held li[data-upstream="upstream-1"][data-mood="bad"]').waitFor();
  assert.deepEqual(complaints, []);
  await close();
});

test("with a thousand nodes a frame's script takes at most 4 ms (99 of 100) and touches at most 200 elements", async () => {
  const { page, complaints, close } = await opened("?nodes=1000");
  await page.waitForFunction(() => Number.parseInt(document.getElementById("page-sums").textContent.replaceAll(",", ""), 10) >= 1000);
  // Rows come and go all the time, and somebody scrolls through all of them.
  const scroll = (frames) => page.evaluate((frames) => new Promise((resolve) => {
    const tree = document.getElementById("page-tree");
    const step = () => {
      tree.scrollTop = (frames * 90) % tree.scrollHeight;
      frames -= 1;
      if (frames > 0) requestAnimationFrame(step);
      else resolve();
    };
    requestAnimationFrame(step);
  }), frames);
  await scroll(100); // the engine has compiled it
  const frames = await framesDuring(browser, page, () => scroll(400));
  assert.ok(frames.length > 200, `only ${frames.length} frames did anything`);
  const ms = p99(frames.map((frame) => frame.ms));
  const touched = Math.max(...frames.map((frame) => frame.touched));
  console.log(`    ${frames.length} frames: 99 of 100 took at most ${ms.toFixed(2)} ms, and touched at most ${touched} elements`);
  assert.ok(ms <= 4, `99 of 100 frames took up to ${ms} ms`);
  assert.ok(touched <= 200, `${touched} elements were touched in a frame`);
  assert.deepEqual(complaints, []);
  await close();
});
