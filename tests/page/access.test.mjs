// Nobody but the page whose address was printed reads or drives the daemon.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { launch, mode, open } from "./harness/browser.mjs";
import { Daemon } from "./harness/daemon.mjs";
import { serve } from "./harness/static-server.mjs";
import { statusOf, statusOfUpgrade } from "./harness/upgrade.mjs";

let browser, daemon;
before(async () => { [browser, daemon] = await Promise.all([launch(), Daemon.start()]); });
after(() => Promise.all([browser.close(), daemon.stop()]));

const SOCKETS = ["/tree", "/dns"];

test("our own page is let in", async () => {
  for (const path of SOCKETS) assert.equal(await statusOfUpgrade(daemon.host, `${path}?token=${daemon.token}`), 101, path);
  const { page, complaints, close } = await open(browser, daemon.url);
  await mode(page, "daemon");
  assert.deepEqual(complaints, []);
  await close();
});

test("a wrong token, or none, is refused", async () => {
  const wrong = daemon.token.replace(/./g, (digit) => (digit === "0" ? "1" : "0"));
  for (const path of SOCKETS) {
    for (const query of ["", "?token=", `?token=${wrong}`, `?token=${daemon.token.slice(1)}`, `?token=${daemon.token}0`]) {
      assert.equal(await statusOfUpgrade(daemon.host, path + query), 403, path + query);
    }
  }
});

test("a foreign origin, or none, is refused, though it knows the token", async () => {
  const port = daemon.host.split(":")[1];
  const foreign = [null, "null", "http://evil.test", `http://evil.test:${port}`, `https://${daemon.host}`, "http://127.0.0.1", `http://127.0.0.1:${port}.evil.test`];
  for (const path of SOCKETS) {
    for (const origin of foreign) {
      assert.equal(await statusOfUpgrade(daemon.host, `${path}?token=${daemon.token}`, { origin }), 403, `${path} of ${origin}`);
    }
  }
});

test("a foreign host is refused: a name that was bent to our address", async () => {
  const port = daemon.host.split(":")[1];
  for (const host of ["evil.test", `evil.test:${port}`, "127.0.0.1", `127.0.0.1.evil.test:${port}`]) {
    assert.equal(await statusOf(daemon.host, "/", { host }), 421, host);
    for (const path of SOCKETS) {
      const headers = { host, origin: `http://${host}` };
      assert.equal(await statusOfUpgrade(daemon.host, `${path}?token=${daemon.token}`, headers), 421, `${path} at ${host}`);
    }
  }
});

test("a page of another site, in the same browser, reads nothing", async () => {
  const folder = mkdtempSync(join(tmpdir(), "foreign-"));
  writeFileSync(join(folder, "index.html"), "<!doctype html><title>another site</title>");
  const server = await serve(folder);
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(server.url);
  const got = await page.evaluate(async ([host, token]) => {
    const socket = (path) => new Promise((resolve) => {
      const ws = new WebSocket(`ws://${host}${path}?token=${token}`);
      ws.onopen = () => resolve("open");
      ws.onmessage = () => resolve("message");
      ws.onclose = () => resolve("closed");
    });
    const fetched = fetch(`http://${host}/?token=${token}`).then((response) => response.text(), () => "refused");
    const framed = new Promise((resolve) => {
      const frame = document.createElement("iframe");
      frame.onload = () => {
        try {
          resolve(frame.contentDocument?.title ? "read" : "not read");
        } catch {
          resolve("not read");
        }
      };
      frame.src = `http://${host}/?token=${token}`;
      document.body.append(frame);
    });
    return { tree: await socket("/tree"), dns: await socket("/dns"), fetched: await fetched, framed: await framed };
  }, [daemon.host, daemon.token]);
  assert.deepEqual(got, { tree: "closed", dns: "closed", fetched: "refused", framed: "not read" });
  await context.close();
  await server.close();
  rmSync(folder, { recursive: true });
});

test("the page is served with headers that keep others out, and nothing beside it is served", async () => {
  const response = await fetch(daemon.url);
  assert.equal(response.headers.get("x-content-type-options"), "nosniff");
  assert.equal(response.headers.get("referrer-policy"), "no-referrer");
  const policy = response.headers.get("content-security-policy");
  assert.ok(policy.includes("default-src") && !policy.includes("'unsafe-inline'") && !policy.includes("'unsafe-eval'"), policy);
  const wasm = await fetch(new URL("pkg/hamadryad_demo_page_bg.wasm", daemon.url));
  assert.equal(wasm.headers.get("content-type"), "application/wasm");
  for (const path of ["/../Cargo.toml", "/%2e%2e/Cargo.toml", "/pkg/../../Cargo.toml", "/..%2fCargo.toml", "//etc/passwd", "/pkg"]) {
    const status = await statusOf(daemon.host, path);
    assert.ok(status === 400 || status === 404, `${path}: ${status}`);
  }
});
