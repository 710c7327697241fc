// What was ended by hand, in the order in which it ended.

/** Titles that are shown; of more, only the number. */
const SHOWN = 60;

export class Ended {
  constructor(list, none, speak) {
    Object.assign(this, { list, none, speak });
  }

  /** `titles` in order; the last one is the node that was ended. */
  show(titles) {
    const top = titles.at(-1);
    const shown = titles.length > SHOWN ? titles.slice(0, SHOWN - 2) : titles;
    const items = shown.map((title) => line(title));
    if (titles.length > SHOWN) {
      const more = line(`and ${titles.length - SHOWN + 1} more, then`);
      more.className = "rest";
      items.push(more, line(top));
    }
    items.at(-1).classList.add("top");
    this.list.replaceChildren(...items);
    this.list.parentElement.scrollTop = 0;
    this.none.hidden = true;
    this.speak(titles.length === 1 ? `${top} ended.` : `${top} ended, and ${titles.length - 1} below it first.`);
  }
}

function line(title) {
  const item = document.createElement("li");
  item.textContent = title;
  return item;
}
