// The page from any static file server: it runs by itself and says how to start a daemon.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { answer, ask, launch, mode, open } from "./harness/browser.mjs";
import { PAGE } from "./harness/place.mjs";
import { serve } from "./harness/static-server.mjs";

let browser, server;
before(async () => { [browser, server] = await Promise.all([launch(), serve(PAGE)]); });
after(() => Promise.all([browser.close(), server.close()]));

test("it asks once a second by itself, and says that there is no daemon", async () => {
  const { page, complaints, close } = await open(browser, server.url);
  await mode(page, "simulated");
  await page.getByText("cargo xtask demo").first().waitFor();
  await page.locator('#answers li[data-rcode="NOERROR"]').nth(2).waitFor();
  await page.locator("#page-tree .row", { hasText: "lookups" }).first().waitFor();
  assert.deepEqual(complaints, []);
  await close();
});

test("a name is looked up, one that is not there is not found, and nonsense is refused", async () => {
  const { page, complaints, close } = await open(browser, server.url);
  await mode(page, "simulated");
  await ask(page, "mail.example.test");
  await answer(page, "mail.example.test", "NOERROR");
  await ask(page, "nobody.example.test");
  await answer(page, "nobody.example.test", "NXDOMAIN");
  await ask(page, "two..dots");
  await page.locator('#name[aria-invalid="true"]').waitFor();
  assert.deepEqual(complaints, []);
  await close();
});

test("an upstream that loses everything is passed over", async () => {
  const { page, close } = await open(browser, server.url);
  await mode(page, "simulated");
  await page.locator("#upstream-2-loss").fill("100");
  await ask(page, "txt.example.test");
  const way = (await answer(page, "txt.example.test", "NOERROR")).locator(".way");
  assert.match(await way.textContent(), /upstream-3/);
  await close();
});
