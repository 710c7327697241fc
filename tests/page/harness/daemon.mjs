// The real daemon: any free ports, the built page, and its address as a person reads it from the terminal.

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DAEMON, PAGE } from "./place.mjs";

const ADDRESS = /http:\/\/(127\.0\.0\.1:\d+)\/\?token=([0-9a-f]+)/;

export class Daemon {
  /** Starts one, and waits until it has said where it is. */
  static async start(...options) {
    const daemon = new Daemon();
    daemon.folder = mkdtempSync(join(tmpdir(), "daemon-"));
    daemon.options = options;
    await daemon.#run("127.0.0.1:0");
    return daemon;
  }

  async #run(http) {
    const file = join(this.folder, "address");
    const given = ["--listen", "127.0.0.1:0", "--http", http, "--page", PAGE, "--address-file", file, ...this.options];
    const child = spawn(DAEMON, given, { stdio: ["ignore", "pipe", "pipe"] });
    this.child = child;
    this.exited = once(child, "exit");
    let text = "";
    const said = new Promise((resolve, reject) => {
      const read = (chunk) => {
        text += chunk;
        const address = ADDRESS.exec(text);
        if (address) resolve(address);
      };
      child.stdout.setEncoding("utf8").on("data", read);
      child.stderr.setEncoding("utf8").on("data", read);
      child.once("error", reject);
      child.once("exit", (code) => reject(new Error(`the daemon ended (${code}) before it said its address:\n${text}`)));
    });
    [this.url, this.host, this.token] = await said;
  }

  /** Ends it without any farewell. */
  async kill() {
    this.child.kill("SIGKILL");
    await this.exited;
  }

  /** Another one in its place: the same port, and the token of the address file. */
  async again() {
    await this.#run(this.host);
  }

  /** Ends it as a person does, and tells whether it went well. */
  async stop() {
    if (this.child.exitCode === null && this.child.signalCode === null) {
      this.child.kill("SIGTERM");
      this.child.kill("SIGTERM"); // a second one: at once
      await this.exited;
    }
    rmSync(this.folder, { recursive: true, force: true });
  }
}
