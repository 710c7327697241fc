// Where everything is: `cargo xtask test page` says so.

import { createRequire } from "node:module";
import { mkdirSync } from "node:fs";
import { join } from "node:path";

function given(name) {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: these tests are run by \`cargo xtask test page\``);
  return value;
}

/** The built page, as any server may serve it. */
export const PAGE = given("HAMADRYAD_PAGE");
/** The built examples for users of host-wasm. */
export const EXAMPLES = given("HAMADRYAD_EXAMPLES");
/** The daemon's program. */
export const DAEMON = given("HAMADRYAD_DAEMON");
/** The browser. */
export const CHROMIUM = given("CHROMIUM");
/** Where pictures go. */
export const SCREENSHOTS = given("HAMADRYAD_SCREENSHOTS");
mkdirSync(SCREENSHOTS, { recursive: true });

// The packages lie in target/, not beside these files.
const require = createRequire(join(given("HAMADRYAD_NPM"), "from-here.cjs"));
export const { chromium } = require("playwright-core");
export const AXE = require.resolve("axe-core/axe.min.js");
