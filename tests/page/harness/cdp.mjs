// Chromium driven by its own protocol through pipes, without a library between: what freezes a page for a real reason.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { OPTIONS } from "./browser.mjs";
import { CHROMIUM } from "./place.mjs";

export class Chromium {
  #child;
  #folder = mkdtempSync(join(tmpdir(), "chromium-"));
  #last = 0;
  #waiting = new Map();
  #events = new Map();

  constructor() {
    const options = ["--headless=new", "--remote-debugging-pipe", `--user-data-dir=${this.#folder}`, ...OPTIONS, "about:blank"];
    this.#child = spawn(CHROMIUM, options, { stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"] });
    let rest = "";
    this.#child.stdio[4].setEncoding("utf8").on("data", (chunk) => {
      const messages = (rest + chunk).split("\0");
      rest = messages.pop();
      for (const message of messages) this.#take(JSON.parse(message));
    });
  }

  #take({ id, result, error, method, sessionId }) {
    if (method) return this.#events.get(`${sessionId} ${method}`)?.();
    const waiting = this.#waiting.get(id);
    if (!waiting) return;
    this.#waiting.delete(id);
    if (error) waiting.reject(new Error(`${waiting.method}: ${error.message}`));
    else waiting.resolve(result);
  }

  /** Calls a method, of the browser or of a page's session. */
  call(method, params = {}, sessionId = undefined) {
    const id = ++this.#last;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { method, resolve, reject });
      this.#child.stdio[3].write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
    });
  }

  /** The next event of this name in a session. */
  #event(method, sessionId) {
    return new Promise((resolve) => this.#events.set(`${sessionId} ${method}`, resolve));
  }

  /** Opens `url` in a tab of its own, and waits for its load. */
  async tab(url) {
    const { targetId } = await this.call("Target.createTarget", { url: "about:blank" });
    const { sessionId } = await this.call("Target.attachToTarget", { targetId, flatten: true });
    await this.call("Page.enable", {}, sessionId);
    const loaded = this.#event("Page.loadEventFired", sessionId);
    await this.call("Page.navigate", { url }, sessionId);
    await loaded;
    return new Tab(this, targetId, sessionId);
  }

  async close() {
    await this.call("Browser.close").catch(() => {});
    if (this.#child.exitCode === null && this.#child.signalCode === null) await once(this.#child, "exit");
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

class Tab {
  constructor(chromium, targetId, sessionId) {
    Object.assign(this, { chromium, targetId, sessionId });
  }

  /** Brings it to the front. */
  activate() {
    return this.chromium.call("Target.activateTarget", { targetId: this.targetId });
  }

  /** `frozen` or `active`. */
  lifecycle(state) {
    return this.chromium.call("Page.setWebLifecycleState", { state }, this.sessionId);
  }

  /** The value of an expression. */
  async evaluate(expression) {
    const params = { expression, awaitPromise: true, returnByValue: true };
    const { result, exceptionDetails } = await this.chromium.call("Runtime.evaluate", params, this.sessionId);
    if (exceptionDetails) throw new Error(`${exceptionDetails.text} ${exceptionDetails.exception?.description ?? ""}`);
    return result.value;
  }

  /** Waits inside of the page, which looks at every frame, until an expression holds. */
  until(expression, ms = 20_000) {
    return this.evaluate(`new Promise((resolve, reject) => {
      const end = performance.now() + ${ms};
      const look = () => {
        if (${expression}) resolve(true);
        else if (performance.now() > end) reject(new Error("not in ${ms} ms: " + ${JSON.stringify(expression)}));
        else setTimeout(look, 10);
      };
      look();
    })`);
  }
}
