// A headless Chromium for each file of tests, and pages that must not complain.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
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

/** Looks a name up and ends that lookup with its button, before its answer comes; gives the node's id when the page has told what ended. */
export async function endLookup(page, name) {
  const id = await page.evaluate((name) => new Promise((resolve, reject) => {
    const tree = document.getElementById("page-tree");
    const ended = document.getElementById("ended");
    const first = ended.firstElementChild;
    const end = performance.now() + 20_000;
    const text = (row, part) => row.querySelector(`.${part}`).textContent;
    document.getElementById("name").value = name;
    const askAgain = () => document.getElementById("ask-form").requestSubmit();
    const look = (frame) => {
      if (frame % 60 === 0) askAgain(); // answered while the row was out of view
      const row = [...tree.querySelectorAll('.row:not([data-state="ended"])')]
        .find((row) => text(row, "name") === "lookup" && text(row, "label") === name);
      if (row) {
        const id = row.dataset.nodeId;
        row.querySelector("button").click();
        // The row is a tenth of a second old: its node may be gone already.
        if (ended.firstElementChild !== first) return resolve(id);
      }
      if (performance.now() > end) return reject(new Error(`no row of a lookup of ${name}`));
      tree.scrollTop = (frame * 60) % Math.max(1, tree.scrollHeight);
      requestAnimationFrame(() => look(frame + 1));
    };
    look(0);
  }), name);
  await page.locator("#ended li.top").waitFor();
  return id;
}

/** What axe-core finds, one line each. */
export async function complaintsOfAxe(page) {
  await page.evaluate(readFileSync(AXE, "utf8")); // as the debugger does: the page's policy lets no script in
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
