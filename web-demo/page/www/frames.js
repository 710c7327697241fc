// One loop for all that moves: a budget of time and of elements for each frame, and a measure of what was spent.

/** Milliseconds of script that a frame may take before the rest waits for the next one. */
const TIME_MAX_MS = 2.5;
/** Elements that a frame may touch. A row is written whole, so the last one may go a dozen beyond it. */
const TOUCHED_MAX = 160;
/** Measures kept for whoever looks at them. */
const MEASURES_MAX = 4000;

/** What one frame may still spend. */
export class Budget {
  constructor() {
    this.begin(0);
  }

  begin(now) {
    this.now = now;
    this.started = performance.now();
    this.touched = 0;
  }

  /** Notes elements that were written to. */
  touch(elements = 1) {
    this.touched += elements;
  }

  get isSpent() {
    return this.touched >= TOUCHED_MAX || performance.now() - this.started >= TIME_MAX_MS;
  }
}

/** Calls its workers once a frame, in turn, while the budget lasts; those that did not come first next time. */
export class Frames {
  #workers = [];
  #budget = new Budget();
  #measures = 0;
  #first = 0;

  /** `worker(budget)` is called in each frame. */
  add(worker) {
    this.#workers.push(worker);
  }

  run() {
    const frame = (now) => {
      requestAnimationFrame(frame);
      this.#frame(now);
    };
    requestAnimationFrame(frame);
  }

  #frame(now) {
    const budget = this.#budget;
    budget.begin(now);
    const count = this.#workers.length;
    for (let nth = 0; nth < count; nth++) {
      const at = (this.#first + nth) % count;
      if (nth > 0 && budget.isSpent) {
        this.#first = at;
        break;
      }
      this.#workers[at](budget);
    }
    this.#measure(budget);
  }

  #measure(budget) {
    const end = performance.now();
    if (budget.touched === 0 && end - budget.started < 0.2) {
      return; // nothing was done
    }
    if (++this.#measures % MEASURES_MAX === 0) {
      performance.clearMeasures("hamadryad:frame");
    }
    performance.measure("hamadryad:frame", { start: budget.started, end, detail: { touched: budget.touched } });
  }
}
