// Numbers and times as people read them. (Rust sends whole numbers: formatting floats there would be a quarter of the page.)

/** Milliseconds: `380 ms`, `1.5 s`, `12 s`, `3 min`. */
export function duration(ms) {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 10_000) return `${(ms / 1000).toFixed(1)} s`;
  if (ms < 120_000) return `${Math.round(ms / 1000)} s`;
  return `${Math.round(ms / 60_000)} min`;
}

/** Bytes: `96 B`, `3.1 KB`. */
export function bytes(count) {
  if (count < 1000) return `${count} B`;
  return count < 1_000_000 ? `${(count / 1000).toFixed(1)} KB` : `${(count / 1_000_000).toFixed(1)} MB`;
}

const grouped = new Intl.NumberFormat("en");

/** `1,024 nodes`, `1 node`. */
export function counted(count, noun) {
  return `${grouped.format(count)} ${noun}${count === 1 ? "" : "s"}`;
}
