// A live tree of any size: what is in view has elements, each node that ends stays for a moment, and no frame does more than it may.

import { Row } from "./tree-row.js";

/** How long a node that ended is still seen, in milliseconds. */
const LEAVE_MS = 900;
/** Rows beyond either edge of the view that have elements, too. */
const MARGIN_ROWS = 2;

export class TreeView {
  /**
   * `root` scrolls and is the tree for who hears it; it holds one element for the rows. `options.end(id)` makes the nodes endable,
   * `options.inspect(node)` is told which node is looked at.
   */
  constructor(root, options = {}) {
    this.root = root;
    this.canvas = root.firstElementChild;
    this.options = options;
    this.items = [];
    this.byId = new Map();
    this.mounted = new Map();
    this.pool = [];
    this.dirty = false;
    this.active = null;
    this.height = -1;
    this.rowHeight = 30;
    this.scrollTop = 0;
    this.viewHeight = root.clientHeight;
    this.#listen();
  }

  /** A new snapshot, in the shape of rows.js. Elements are written by later frames. */
  update(snapshot, now) {
    const items = new Array(snapshot.ids.length);
    const byId = new Map();
    const isFirst = this.items.length === 0;
    for (let at = 0; at < items.length; at++) {
      const id = snapshot.ids[at];
      const known = this.byId.get(id);
      const item = known ?? { id, born: isFirst ? -Infinity : now, ended: 0, node: null };
      item.ended = 0;
      item.depth = snapshot.depths[at];
      item.at = at;
      item.snapshot = snapshot;
      items[at] = item;
      byId.set(id, item);
    }
    this.items = this.#withLeaving(items, byId, now);
    this.byId = new Map(byId);
    for (const item of this.items) {
      if (item.ended) this.byId.set(item.id, item);
    }
    this.#findOwners();
    this.dirty = true;
  }

  /** Nodes that ended while they were in view stay where they were for a moment. */
  #withLeaving(items, alive, now) {
    const after = new Map();
    let anchor = null;
    for (const item of this.items) {
      if (alive.has(item.id)) {
        anchor = item.id;
        continue;
      }
      if (!item.ended) {
        if (!this.mounted.has(item.id)) continue;
        item.ended = now;
        item.node = item.node ?? item.snapshot.read(item.at);
      } else if (now - item.ended > LEAVE_MS) {
        continue;
      }
      if (!after.has(anchor)) after.set(anchor, []);
      after.get(anchor).push(item);
    }
    if (after.size === 0) return items;
    const merged = [...(after.get(null) ?? [])];
    for (const item of items) {
      merged.push(item);
      const leaving = after.get(item.id);
      if (leaving) merged.push(...leaving);
    }
    return merged;
  }

  #findOwners() {
    const path = [];
    this.items.forEach((item, index) => {
      item.index = index;
      path.length = Math.min(path.length, item.depth);
      const owner = path.findLast((at) => at !== undefined);
      item.owner = owner ?? index;
      path[item.depth] = index;
    });
  }

  /** What a frame does: rows in view, as far as the budget goes. */
  frame(budget) {
    if (this.#hasLeft(budget.now)) this.dirty = true;
    if (!this.dirty) return;
    const wanted = this.#wanted();
    for (const [id, row] of this.mounted) {
      if (!wanted.has(id)) this.#unmount(id, row, budget);
    }
    this.#setHeight(budget);
    for (const item of wanted.values()) {
      if (budget.isSpent) return; // the rest in the next frame
      this.#show(item, budget);
    }
    this.dirty = false;
    this.#keepActive();
  }

  /** Whether somebody's moment is over; takes them out. */
  #hasLeft(now) {
    const before = this.items.length;
    if (!this.items.some((item) => item.ended && now - item.ended > LEAVE_MS)) return false;
    this.items = this.items.filter((item) => !item.ended || now - item.ended <= LEAVE_MS);
    this.#findOwners();
    return this.items.length !== before;
  }

  /** The items that need elements, from the top down: those in view, the active one, and below the view the next of each branch, whose
   * stem passes through. */
  #wanted() {
    const first = Math.max(0, Math.floor(this.scrollTop / this.rowHeight) - MARGIN_ROWS);
    const last = Math.min(this.items.length - 1, Math.ceil((this.scrollTop + this.viewHeight) / this.rowHeight) + MARGIN_ROWS);
    const wanted = new Map();
    for (let at = first; at <= last; at++) wanted.set(this.items[at].id, this.items[at]);
    let depth = this.items[last]?.depth ?? 0;
    for (let at = last + 1; at < this.items.length && depth > 0; at++) {
      if (this.items[at].depth <= depth && this.items[at].owner <= last) {
        wanted.set(this.items[at].id, this.items[at]);
        depth = this.items[at].depth - 1;
      }
    }
    const active = this.active && this.byId.get(this.active);
    if (active && active.index !== undefined && this.items[active.index] === active) wanted.set(active.id, active);
    return wanted;
  }

  #show(item, budget) {
    let row = this.mounted.get(item.id);
    if (!row) {
      row = this.pool.pop() ?? new Row(Boolean(this.options.end));
      budget.touch(Row.ELEMENTS);
      this.mounted.set(item.id, row);
    }
    if (!item.ended) item.node = item.snapshot.read(item.at);
    const place = {
      index: item.index, rise: item.index - item.owner, ended: item.ended > 0,
      fresh: budget.now - item.born < 1000,
    };
    row.write(item.node, place, this.rowHeight, budget);
    if (!row.element.parentNode) this.canvas.append(row.element);
  }

  #unmount(id, row, budget) {
    if (row.element.contains(document.activeElement)) this.root.focus({ preventScroll: true });
    row.element.remove();
    row.clear();
    budget.touch();
    this.mounted.delete(id);
    this.pool.push(row);
  }

  #setHeight(budget) {
    const height = this.items.length * this.rowHeight;
    if (height !== this.height) {
      this.height = height;
      this.canvas.style.height = `${height}px`;
      budget.touch();
    }
  }

  // ---------------------------------------------------------------------------------------------- hands and keys

  #listen() {
    const { root } = this;
    const measure = () => {
      this.viewHeight = root.clientHeight;
      this.rowHeight = parseFloat(getComputedStyle(root).getPropertyValue("--row")) || 30;
      for (const row of this.mounted.values()) row.written.clear();
      this.dirty = true;
    };
    new ResizeObserver(measure).observe(root);
    root.addEventListener("scroll", () => {
      this.scrollTop = root.scrollTop;
      this.dirty = true;
    }, { passive: true });
    root.addEventListener("click", (event) => this.#clicked(event));
    root.addEventListener("keydown", (event) => this.#pressed(event));
    root.addEventListener("focusin", (event) => this.#focused(event));
    root.addEventListener("pointerover", (event) => this.#inspect(event.target));
  }

  #idOf(target) {
    return target.closest?.(".row")?.dataset.nodeId ?? null;
  }

  #clicked(event) {
    const id = this.#idOf(event.target);
    if (id === null) return;
    if (event.target.closest(".end-subtree")) {
      this.options.end(id);
    } else {
      this.#activate(id);
    }
  }

  #focused(event) {
    const id = this.#idOf(event.target);
    if (id !== null && id !== this.active) this.#activate(id);
    if (event.target === this.root && this.items.length > 0) {
      this.#activate(this.byId.has(this.active) ? this.active : this.items[0].id);
    }
  }

  #pressed(event) {
    const item = this.byId.get(this.active);
    if (!item || event.target.closest("button")) return;
    const to = {
      ArrowDown: item.index + 1, ArrowUp: item.index - 1, Home: 0, End: this.items.length - 1,
      ArrowLeft: item.owner, ArrowRight: this.items[item.index + 1]?.depth > item.depth ? item.index + 1 : item.index,
      PageDown: item.index + 10, PageUp: item.index - 10,
    }[event.key];
    if (to !== undefined) {
      event.preventDefault();
      this.#activate(this.items[Math.max(0, Math.min(this.items.length - 1, to))].id);
    } else if (event.key === "Delete" && this.options.end) {
      event.preventDefault();
      this.options.end(item.id);
    }
  }

  /** One row at a time can be reached with the tabulator: the others with arrows. */
  #activate(id) {
    this.mounted.get(this.active)?.element.removeAttribute("data-active");
    this.#tabbable(this.active, -1);
    this.active = id;
    const item = this.byId.get(id);
    if (!item) return;
    const y = item.index * this.rowHeight;
    if (y < this.root.scrollTop) this.root.scrollTop = y;
    if (y + this.rowHeight > this.root.scrollTop + this.viewHeight) this.root.scrollTop = y + this.rowHeight - this.viewHeight;
    this.dirty = true;
    this.#keepActive(true);
  }

  #tabbable(id, tabIndex) {
    const row = this.mounted.get(id);
    if (!row) return;
    row.element.tabIndex = tabIndex;
    if (row.button) row.button.tabIndex = tabIndex;
  }

  /** The active row, as soon as it has elements, is the one to be reached; if it ended, the one in its place is. */
  #keepActive(take = false) {
    if (this.active === null) return;
    const item = this.byId.get(this.active);
    if (!item || (item.ended && this.root.contains(document.activeElement))) {
      const heir = this.items[Math.min(item?.index ?? 0, this.items.length - 1)];
      if (!item) this.active = heir && !heir.ended ? heir.id : null;
      return;
    }
    const row = this.mounted.get(this.active);
    if (!row) return;
    this.#tabbable(this.active, 0);
    row.element.setAttribute("data-active", "");
    const has = this.root.contains(document.activeElement);
    if ((take || document.activeElement === this.root) && has && !row.element.contains(document.activeElement)) {
      row.element.focus({ preventScroll: true });
    }
    this.#inspect(row.element);
  }

  #inspect(target) {
    const item = this.byId.get(this.#idOf(target) ?? "");
    if (item?.node) this.options.inspect?.(item.node);
  }
}
