// The state line: what answers this page.

const TEXTS = {
  starting: "Starting…",
  simulated: "Simulated: no daemon here",
  connecting: "Looking for the daemon…",
  daemon: "Connected to the daemon",
  gone: "The daemon is gone",
  broken: "Stopped by a panic",
};

export class State {
  constructor(element, speak) {
    this.element = element;
    this.speak = speak;
    this.mode = "starting";
  }

  show(mode) {
    if (mode === this.mode) return;
    this.mode = mode;
    this.element.dataset.mode = mode;
    this.element.querySelector(".text").textContent = TEXTS[mode];
  }

  /** What is said beside it and not read aloud: when the next try is. */
  retry(text) {
    const element = this.element.querySelector(".retry");
    if (element.textContent !== text) element.textContent = text;
  }
}
