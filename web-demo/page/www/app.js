// The page: makes the tree (Rust), shows it, and hands on what people do. All that is decided is decided in Rust.

import init, { Page } from "./pkg/hamadryad_demo_page.js";
import { Answers } from "./answers.js";
import { Ended } from "./ended.js";
import { Frames } from "./frames.js";
import { Hold } from "./hold.js";
import { heedLife } from "./life.js";
import { ofDaemon, ofText } from "./rows.js";
import { State } from "./state.js";
import { TreeView } from "./tree-view.js";
import { Upstreams } from "./upstreams.js";
import { bytes, counted, duration } from "./words.js";

/** How often the page's tree is looked at, in milliseconds: small ones, and those of more than 200 nodes. */
const LOOK_MS = 100;
const LOOK_LARGE_MS = 250;

const $ = (id) => document.getElementById(id);
const speak = (text) => ($("spoken").textContent = text);

const notes = []; // what Rust told since the last frame
const note = (what) => (...told) => notes.push([what, told]);
const front = {
  asked: note("asked"), answered: note("answered"), abandoned: note("abandoned"), held: note("held"),
  failed: note("failed"), link: note("link"),
  /** The daemon's messages: of its tree only the latest is of interest. */
  news: (json) => (json.startsWith('{"tree"') ? (latestTree = json) : notes.push(["news", [json]])),
};

/** Rust's panic handler calls this by its name. */
globalThis.hamadryadPanicked = (text) => broken(text);

/** The daemon that serves this page puts it into the address. */
const token = new URLSearchParams(location.search).get("token");

let page = null;
let isBroken = false;
let lookAt = 0;
let latestTree = null;
let settingsAt = 0;
let retryAt = 0;
/** The daemon has upstreams of its own, which cannot be asked one by one. */
let asksItself = false;

const answers = new Answers($("answers"), speak);
const ended = new Ended($("ended"), $("ended-none"), speak);
const state = new State($("state"), speak);
const hold = new Hold(
  { button: $("hold"), list: $("held"), strip: $("held-strip"), left: $("held-left") },
  (ms) => page.hold(ms), speak,
);
const pageTree = new TreeView($("page-tree"), { end: endSubtree, inspect: inspector($("page-inspect")) });
const daemonTree = new TreeView($("daemon-tree"), { inspect: inspector($("daemon-inspect")) });
const upstreams = new Upstreams($("upstreams"), (name, delay, loss) => {
  if (isBroken) return;
  if (token !== null) {
    settings.set(name, { upstream: name, delay_ms: delay, loss_percent: loss });
    return;
  }
  const at = simulated.findIndex((upstream) => upstream.name === name);
  Object.assign(simulated[at], { delay_ms: delay, loss_percent: loss });
  page.set(at, delay, loss);
  upstreams.show(simulated);
});

// ------------------------------------------------------------------------------------------------ what Rust tells

const told = {
  asked: (...args) => answers.asked(...args),
  answered: (...args) => answers.answered(...args),
  abandoned: (...args) => answers.abandoned(...args),
  held: (...args) => hold.held(...args),
  failed: (text) => console.warn(text),
  link: (what, ms, why) => linked(what, ms, why),
  news: (json) => {
    const news = JSON.parse(json);
    if (news.upstreams) weather(news.upstreams);
  },
};

/** The link to the daemon is there, or gone until a next try. */
function linked(what, ms, why) {
  retryAt = what === "gone" ? performance.now() + ms : 0;
  state.show(what);
  $("trees").toggleAttribute("data-gone", what === "gone");
  absent(what === "gone" && daemonTree.items.length === 0);
  if (what === "gone") $("daemon-sums").textContent = `gone: ${why}`;
}

/** What the daemon's upstreams are like. One that was given upstreams of its own has none that we could ask or set. */
function weather(list) {
  upstreams.show(list);
  $("weather").hidden = list.length === 0;
  if (list.length === 0 && !asksItself) {
    asksItself = true;
    hold.only("the daemon");
    $("ask-note").textContent = "One is asked every second anyway. The daemon asks the upstreams that it was given.";
    page.endAll();
    start();
  }
}

/** Settings that were made since the last frame, one for each upstream. */
const settings = new Map();

function sendSettings(budget) {
  if (settings.size === 0 || budget.now < settingsAt) return;
  settingsAt = budget.now + 100;
  for (const set of settings.values()) page.send(JSON.stringify({ set }));
  settings.clear();
}

/** The daemon's tree, as it was sent last. */
function takeTree(budget) {
  if (retryAt > 0) state.retry(`next try in ${Math.max(0, Math.ceil((retryAt - budget.now) / 1000))} s`);
  else state.retry("");
  if (latestTree === null) return;
  const { tree } = JSON.parse(latestTree);
  latestTree = null;
  const snapshot = ofDaemon(tree);
  absent(false);
  daemonTree.update(snapshot, budget.now);
  sums($("daemon-sums"), snapshot, budget);
}

function absent(isAbsent) {
  if ($("daemon-absent").hidden === !isAbsent) return;
  $("daemon-absent").hidden = !isAbsent;
  $("daemon-tree").hidden = isAbsent;
}

function takeNotes(budget) {
  if (notes.length === 0) return;
  for (const [what, args] of notes.splice(0)) told[what](...args);
  lookAt = Math.min(lookAt, budget.now);
}

/** Looks at the tree, in a frame that has nothing else to do with it. */
function look(budget) {
  if (isBroken || budget.now < lookAt) return;
  const snapshot = ofText(page.rows());
  lookAt = budget.now + (snapshot.nodes > 200 ? LOOK_LARGE_MS : LOOK_MS);
  pageTree.update(snapshot, budget.now);
  sums($("page-sums"), snapshot, budget);
  if ($("again").hidden === !page.isWhole()) {
    $("again").hidden = page.isWhole();
    budget.touch();
  }
}

function sums(element, { nodes, requests, bytes: size, omitted }, budget) {
  const more = omitted > 0 ? ` · ${omitted} not shown` : "";
  const text = `${counted(nodes, "node")} · ${counted(requests, "request")} · ${bytes(size)}${more}`;
  if (element.textContent !== text) {
    element.textContent = text;
    budget.touch();
  }
}

/** A panic traps: nothing of the tree runs any more, and nothing of it may be called (law 8). */
function broken(text) {
  isBroken = true;
  hold.end();
  const box = $("broken");
  box.hidden = false;
  box.replaceChildren(
    Object.assign(document.createElement("b"), { textContent: "The tree is closed: a panic in it." }),
    Object.assign(document.createElement("code"), { textContent: text }),
    Object.assign(document.createElement("span"), {
      textContent: "In a page a panic cannot be caught, so nothing of the tree runs any more. ",
    }),
    Object.assign(document.createElement("a"), { href: location.href, textContent: "Load the page again" }),
  );
  state.show("broken");
}

// ------------------------------------------------------------------------------------------------ what people do

function endSubtree(id) {
  if (isBroken) return;
  const titles = page.end(id);
  if (titles === "") return;
  ended.show(titles.split("\n"));
  lookAt = 0;
}

function inspector(element) {
  let shown = "";
  return (node) => {
    const runs = node.runs === null ? "" : ` · run ${counted(node.runs, "time")}`;
    const text = `${node.kind} · ${duration(node.age)} old · ${bytes(node.bytes)}${runs} · ${node.place}`;
    if (text !== shown) element.textContent = shown = text;
  };
}

$("ask-form").addEventListener("submit", (event) => {
  event.preventDefault();
  if (isBroken) return;
  const name = $("name").value.trim();
  const isAsked = page.ask(name);
  $("name").setAttribute("aria-invalid", String(!isAsked));
  if (!isAsked) speak(page.isWhole() ? `${name || "Nothing"} is not a name.` : "Nobody is left to ask: grow the tree again.");
});

$("grow").addEventListener("click", () => {
  if (!isBroken) page.grow(1000);
  lookAt = 0;
});

$("again").addEventListener("click", () => {
  page.endAll();
  start();
  $("ended-title").scrollIntoView({ block: "nearest" });
});

heedLife(() => isBroken || page?.wake(), (ms) => speak(`This page slept for ${duration(ms)}.`));

$("copy").addEventListener("click", async () => {
  await navigator.clipboard?.writeText("cargo xtask demo");
  $("copy").textContent = "Copied";
  setTimeout(() => ($("copy").textContent = "Copy"), 1500);
});

// ------------------------------------------------------------------------------------------------ begin

const simulated = [
  { name: "upstream-1", delay_ms: 0, loss_percent: 0, dead: true },
  { name: "upstream-2", delay_ms: 40, loss_percent: 0 },
  { name: "upstream-3", delay_ms: 5, loss_percent: 0 },
];

function start() {
  hold.end();
  page = new Page(front, token ?? undefined, asksItself);
  if (token === null) simulated.forEach((upstream, at) => page.set(at, upstream.delay_ms, upstream.loss_percent));
  lookAt = 0;
}

async function main() {
  await init();
  start();
  state.show(token === null ? "simulated" : "connecting");
  if (token === null) upstreams.show(simulated);
  absent(token === null);
  const extra = Number(new URLSearchParams(location.search).get("nodes"));
  if (extra > 0) page.grow(Math.min(extra, 20_000));

  if (new URLSearchParams(location.search).has("panic")) page.panic(); // to see that the page says so

  const frames = new Frames();
  frames.add(takeNotes);
  frames.add(look);
  frames.add(takeTree);
  frames.add(sendSettings);
  frames.add((budget) => pageTree.frame(budget));
  frames.add((budget) => daemonTree.frame(budget));
  frames.add((budget) => answers.frame(budget));
  frames.add((budget) => hold.frame(budget));
  frames.run();
}

main().catch((error) => {
  if (!isBroken) broken(String(error));
});
