// The sliders: how long each upstream takes, and how much it loses.

const DELAY_MAX_MS = 800;

export class Upstreams {
  /** `set(name, delay, loss)` is called when somebody moves one. */
  constructor(root, set) {
    this.root = root;
    this.set = set;
    this.rows = new Map();
  }

  /** What they are now: `[{ name, delay_ms, loss_percent, dead }]`. A slider that is held is left alone. */
  show(upstreams) {
    const names = upstreams.map((upstream) => upstream.name).join();
    if (names !== this.names) {
      this.names = names;
      this.rows = new Map(upstreams.map((upstream) => [upstream.name, this.#make(upstream.name)]));
      this.root.replaceChildren(...[...this.rows.values()].map((row) => row.element));
    }
    for (const upstream of upstreams) {
      const row = this.rows.get(upstream.name);
      row.element.toggleAttribute("data-dead", Boolean(upstream.dead));
      row.delay.disabled = row.loss.disabled = Boolean(upstream.dead);
      this.#write(row.delay, upstream.delay_ms);
      this.#write(row.loss, upstream.loss_percent);
    }
  }

  #write(slider, value) {
    if (document.activeElement === slider && !slider.disabled && slider.dataset.moved) return;
    slider.value = value;
    tell(slider);
  }

  #make(name) {
    const element = document.createElement("fieldset");
    const legend = document.createElement("legend");
    legend.textContent = name;
    element.append(legend);
    const row = { element };
    for (const [what, label, max, step] of [["delay", "delay", DELAY_MAX_MS, 5], ["loss", "loss", 100, 1]]) {
      const id = `${name}-${what}`;
      const words = document.createElement("label");
      words.htmlFor = id;
      words.textContent = label;
      const slider = document.createElement("input");
      Object.assign(slider, { type: "range", id, min: 0, max, step });
      slider.dataset.upstream = name;
      slider.dataset.what = what;
      const output = document.createElement("output");
      output.htmlFor = id;
      slider.output = output;
      slider.addEventListener("input", () => {
        slider.dataset.moved = "yes";
        tell(slider);
        this.set(name, +row.delay.value, +row.loss.value);
      });
      slider.addEventListener("blur", () => delete slider.dataset.moved);
      element.append(words, slider, output);
      row[what] = slider;
    }
    return row;
  }
}

function tell(slider) {
  const text = slider.dataset.what === "delay" ? `${slider.value} ms` : `${slider.value} %`;
  slider.output.textContent = text;
  slider.setAttribute("aria-valuetext", text);
  slider.style.setProperty("--share", slider.value / slider.max);
}
