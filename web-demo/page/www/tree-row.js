// One row of a tree: its elements, and what was last written to them.

import { duration } from "./words.js";

/** A deadline that moved by less than this is the same one. */
const SAME_DEADLINE_MS = 80;

const calm = matchMedia("(prefers-reduced-motion: reduce)");

function element(parent, tag, className) {
  const made = document.createElement(tag);
  made.className = className;
  parent.append(made);
  return made;
}

export class Row {
  /** Elements of a row: what mounting a new one touches. */
  static ELEMENTS = 12;

  constructor(endable) {
    this.element = document.createElement("div");
    this.element.className = "row";
    this.element.setAttribute("role", "treeitem");
    this.element.tabIndex = -1;
    this.stem = element(this.element, "span", "stem");
    this.leaf = element(this.element, "span", "leaf");
    const title = element(this.element, "span", "title");
    this.name = element(title, "span", "name");
    this.label = element(title, "span", "label");
    this.waits = element(this.element, "span", "waits");
    this.deadline = element(this.element, "span", "deadline");
    this.bar = element(element(this.deadline, "span", "bar"), "span", "fill");
    this.left = element(this.deadline, "span", "left");
    this.button = null;
    if (endable) {
      this.button = element(this.element, "button", "end-subtree");
      this.button.type = "button";
      this.button.textContent = "End";
      this.button.tabIndex = -1;
    }
    this.clear();
  }

  /** For its next tenant. */
  clear() {
    this.id = "";
    this.written = new Map();
    this.deadlineAt = null;
    this.animation?.cancel();
    this.animation = null;
    this.bar.removeAttribute("data-over");
  }

  /** Writes what changed. `place` is `{ index, rise, fresh, ended }`, with the rise in rows up to the owner's. */
  write(node, place, rowHeight, budget) {
    const { element } = this;
    this.id = node.id;
    this.#once("id", node.id, budget, () => (element.dataset.nodeId = node.id));
    this.#once("y", place.index * rowHeight, budget, (y) => (element.style.transform = `translateY(${y}px)`));
    this.#once("depth", node.depth, budget, (depth) => {
      element.style.setProperty("--depth", depth);
      element.setAttribute("aria-level", depth + 1);
    });
    this.#once("rise", Math.max(0, place.rise * rowHeight - 18), budget, (rise) => this.stem.style.setProperty("--rise", rise));
    this.#once("kind", kindOf(node.kind), budget, (kind) => (this.leaf.dataset.kind = kind));
    this.#once("state", place.ended ? "ended" : place.fresh ? "fresh" : "live", budget, (state) => (element.dataset.state = state));
    this.#once("name", node.name, budget, (name) => (this.name.textContent = name));
    this.#once("label", node.label, budget, (label) => (this.label.textContent = label));
    if (!place.ended) {
      this.#once("waits", node.waits, budget, (waits) => (this.waits.textContent = waits ? `waits for ${waits}` : ""));
      this.#writeDeadline(node, budget);
    }
    if (this.button) {
      const title = node.label ? `${node.name} ${node.label}` : node.name;
      this.#once("button", title, budget, () => this.button.setAttribute("aria-label", `End ${title} and all below it`));
    }
  }

  /** The bar runs by itself, off the main thread; the text is written each time. */
  #writeDeadline(node, budget) {
    if (node.left === null) {
      this.#once("left", "", budget, () => {
        this.left.textContent = "";
        this.deadline.hidden = true;
      });
      return;
    }
    const now = performance.now();
    const moved = this.deadlineAt === null || (node.left > 0 && Math.abs(this.deadlineAt - now - node.left) > SAME_DEADLINE_MS);
    if (moved) {
      this.deadlineAt = now + node.left;
      this.#run(node.left, node.left / Math.max(1, node.left + node.age));
      this.deadline.hidden = false;
      budget.touch(2);
    }
    const over = node.left === 0 ? now - this.deadlineAt : 0;
    const text = over > 50 ? `${duration(over)} over` : `${duration(node.left)} left`;
    this.#once("left", text, budget, () => (this.left.textContent = text));
    this.#once("over", over > 50, budget, (isOver) => this.deadline.toggleAttribute("data-over", isOver));
  }

  #run(left, share) {
    this.animation?.cancel();
    const from = { transform: `scaleX(${share})` };
    const to = { transform: "scaleX(0)" };
    this.animation = this.bar.animate([from, to], {
      duration: Math.max(1, left), fill: "forwards", easing: calm.matches ? "steps(8)" : "linear",
    });
  }

  #once(what, value, budget, write) {
    if (this.written.get(what) !== value) {
      this.written.set(what, value);
      budget.touch();
      write(value);
    }
  }
}

/** Which of five leaves a node has. */
function kindOf(kind) {
  if (kind.startsWith("request")) return "request";
  if (kind.startsWith("scope")) return "scope";
  if (/^(timer|Timer|every|after|soon|immediate)/.test(kind)) return "timer";
  if (/channel|socket|udp|tcp|io|message|signal|listener/i.test(kind)) return "source";
  return "value";
}
