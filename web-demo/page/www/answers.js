// The log of the latest lookups: a place for each, which slides down as newer ones come.

import { duration } from "./words.js";

/** Lookups that are kept. */
const KEPT = 24;

const GOOD = new Set(["NOERROR"]);

export class Answers {
  /** `list` is the ordered list, `speak(text)` says aloud what somebody asked for by hand. */
  constructor(list, speak) {
    this.list = list;
    this.speak = speak;
    this.entries = []; // newest first
    this.byId = new Map();
    this.dirty = true;
  }

  asked(id, question, byHand) {
    const name = question.replace(/ A$/, "");
    this.#add({ id, name, byHand, rcode: "", records: "asking…", way: "", ms: null });
  }

  answered(id, rcode, ms, records, way) {
    const entry = this.byId.get(id);
    if (!entry) return;
    Object.assign(entry, { rcode, ms, records: records || nothing(rcode), way: way.replace(/^no upstream answered: /, "") });
    this.dirty = true;
    if (entry.byHand) this.speak(`${entry.name}: ${rcode}, ${entry.records}, after ${duration(ms)}.`);
  }

  abandoned(id) {
    const entry = this.byId.get(id);
    if (!entry) return;
    Object.assign(entry, { rcode: "ENDED", records: "ended without an answer", way: "" });
    this.dirty = true;
    if (entry.byHand) this.speak(`${entry.name}: ended without an answer.`);
  }

  #add(entry) {
    const oldest = this.entries.length >= KEPT ? this.entries.pop() : null;
    if (oldest) this.byId.delete(oldest.id);
    entry.element = oldest?.element ?? make();
    entry.isNew = true;
    this.entries.unshift(entry);
    this.byId.set(entry.id, entry);
    this.dirty = true;
  }

  frame(budget) {
    if (!this.dirty) return;
    this.entries.forEach((entry, index) => write(entry, index, this.list, budget));
    this.dirty = false;
  }
}

function make() {
  const element = document.createElement("li");
  element.innerHTML = '<span class="rcode"></span><span class="asked"></span><span class="records"></span><span class="ms"></span><span class="way"></span>';
  return element;
}

function write(entry, index, list, budget) {
  const { element } = entry;
  const [rcode, asked, records, ms, way] = element.children;
  if (entry.isNew) {
    entry.isNew = false;
    element.remove(); // it appears anew, without sliding from its last place
    element.dataset.name = entry.name;
    asked.textContent = entry.name;
    entry.written = null;
    element.style.setProperty("--place", index);
    list.prepend(element);
    budget.touch(6);
  } else if (entry.place !== index) {
    element.style.setProperty("--place", index);
    budget.touch();
  }
  entry.place = index;
  const text = `${entry.rcode}|${entry.records}|${entry.ms}|${entry.way}`;
  if (entry.written === text) return;
  entry.written = text;
  element.dataset.rcode = entry.rcode;
  element.dataset.mood = !entry.rcode ? "waiting" : GOOD.has(entry.rcode) ? "good" : entry.rcode === "NXDOMAIN" ? "none" : "bad";
  rcode.textContent = entry.rcode || "…";
  records.textContent = entry.records;
  ms.textContent = entry.ms === null ? "" : duration(entry.ms);
  way.textContent = entry.way;
  budget.touch(5);
}

function nothing(rcode) {
  return { NOERROR: "no address", NXDOMAIN: "no such name", SERVFAIL: "no answer" }[rcode] ?? "";
}

