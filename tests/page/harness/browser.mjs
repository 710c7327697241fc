// A headless Chromium for each file of tests, and pages that must not complain.

import assert from "node:assert/strict";
import { AXE, CHROMIUM, chromium } from "./place.mjs";

/** What Chromium is started with, whoever drives it: no look-up leaves this machine, and nothing slows a page that nobody looks at. */
export const OPTIONS = [
  "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync", "--disable-background-timer-throttling", "--disable-renderer-backgrounding",
  "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE localhost , EXCLUDE 127.0.0.1",
];

export const WIDE = { width: 1280, height: 900 };
export const NARROW = { width: 390, height: 844 };

export function launch() {
  return chromium.launch({ executablePath: CHROMIUM, args: OPTIONS });
}

/**
 * Opens `url` in a context of its own. `complaints` of the result has what went to the console as an error, uncaught ones, and
 * requests to any other host than the page's.
 */
export async function open(browser, url, { viewport = WIDE, colorScheme = "light", reducedMotion = "no-preference", before } = {}) {
  const context = await browser.newContext({ viewport, colorScheme, reducedMotion });
  const page = await context.newPage();
  const complaints = [];
  const { host } = new URL(url);
  page.on("pageerror", (error) => complaints.push(`uncaught: ${error}`));
  page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
  page.on("request", (request) => {
    const asked = new URL(request.url());
    if (asked.protocol !== "data:" && asked.protocol !== "blob:" && asked.host !== host) complaints.push(`asks ${asked.host}`);
  });
  if (before) await page.addInitScript(before);
  await page.goto(url);
  return { page, complaints, close: () => context.close() };
}

/** The page has said that it is answered by the daemon, or by itself. */
export function mode(page, wanted, timeout = 20_000) {
  return page.locator(`#state[data-mode="${wanted}"]`).waitFor({ timeout });
}

/** Looks a name up by hand. */
export async function ask(page, name) {
  await page.fill("#name", name);
  await page.click("#ask");
}

/** The latest answer for a name, once it has that result. */
export async function answer(page, name, rcode, timeout = 10_000) {
  const item = page.locator(`#answers li[data-name="${name}"][data-rcode="${rcode}"]`).first();
  await item.waitFor({ timeout });
  return item;
}

/** What axe-core finds, one line each. */
export async function complaintsOfAxe(page) {
  if (!(await page.evaluate("typeof axe === 'object'"))) await page.addScriptTag({ path: AXE });
  const { violations } = await page.evaluate("axe.run(document)");
  return violations.flatMap(({ id, help, nodes }) => nodes.map((node) => `${id}: ${help}: ${node.target.join(" ")}: ${node.failureSummary}`));
}

/** Nothing has to be scrolled sideways. */
export async function assertNoOverflow(page) {
  const [needed, there] = await page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    return [scrollWidth, clientWidth];
  });
  assert.ok(needed <= there, `the page is ${needed} px wide where there are ${there}`);
}
