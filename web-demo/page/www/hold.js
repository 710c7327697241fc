// "Hold the loop": what the page shows while no turn runs, and what became of the two lookups.

import { duration } from "./words.js";

const HOLD_MS = 10_000;

export class Hold {
  /** `elements` are button, list, strip and left; `begin(ms)` asks the tree. */
  constructor(elements, begin, speak) {
    Object.assign(this, elements);
    this.speak = speak;
    this.until = 0;
    this.second = -1;
    this.button.addEventListener("click", () => {
      if (this.button.getAttribute("aria-disabled") === "true") return;
      this.button.setAttribute("aria-disabled", "true");
      for (const item of this.list.children) this.#tell(item.dataset.upstream, "waiting", "asked…");
      begin(HOLD_MS);
    });
  }

  /** News of the tree. */
  held(what, upstream, late) {
    if (what === "begins") {
      this.until = performance.now() + HOLD_MS;
      this.strip.hidden = false;
      document.body.dataset.held = "yes";
      for (const item of this.list.children) this.#tell(item.dataset.upstream, "waiting", "waits, and no turn runs");
      this.speak("The loop is held for ten seconds.");
    } else if (what === "answered") {
      const by = late > 0 ? `answered: its deadline was over by ${duration(late)}, and the answer won` : "answered in time";
      this.#tell(upstream, "good", by);
    } else if (what === "unanswered") {
      this.#tell(upstream, "bad", `timed out: nothing was there when the late turn came`);
    } else {
      this.end();
      this.speak(`The loop runs again. ${[...this.list.children].map((item) => item.textContent.trim()).join(". ")}.`);
    }
  }

  /** There is but one to ask. */
  only(upstream) {
    this.list.children[1]?.remove();
    this.list.children[0].dataset.upstream = upstream;
    this.list.querySelector("b").textContent = upstream;
    this.#tell(upstream, "", "");
  }

  /** It is over, or what it was about is gone. */
  end() {
    this.until = 0;
    this.strip.hidden = true;
    delete document.body.dataset.held;
    this.button.removeAttribute("aria-disabled");
  }

  frame(budget) {
    if (this.until === 0) return;
    const left = Math.max(0, Math.ceil((this.until - performance.now()) / 1000));
    if (left === this.second) return;
    this.second = left;
    this.left.textContent = left > 0 ? ` for ${left} s more` : "";
    budget.touch();
  }

  #tell(upstream, mood, text) {
    const item = [...this.list.children].find((item) => item.dataset.upstream === upstream);
    if (!item) return;
    item.dataset.mood = mood;
    item.querySelector("span").textContent = text;
  }
}
