// What the two sides send of a tree, as one shape: ids and depths of all nodes, and a reader for the few that are shown.

/** The page's own report: a head line, then a line for each node (the order of the fields is that of `rows.rs`). */
export function ofText(text) {
  const lines = text.split("\n");
  const [nodes, requests, bytes] = lines[0].split("\t").map(Number);
  const count = lines.length - 1;
  const ids = new Array(count);
  const depths = new Uint16Array(count);
  for (let at = 0; at < count; at++) {
    const line = lines[at + 1];
    const first = line.indexOf("\t");
    const second = line.indexOf("\t", first + 1);
    ids[at] = line.slice(0, first);
    depths[at] = +line.slice(first + 1, second);
  }
  return { nodes, requests, bytes, omitted: 0, ids, depths, read: (at) => nodeOfLine(lines[at + 1]) };
}

function nodeOfLine(line) {
  const [id, depth, name, label, kind, file, row, age, bytes, runs, waits, left] = line.split("\t");
  return {
    id, depth: +depth, name, label, kind, place: `${file}:${row}`, waits,
    age: +age, bytes: +bytes, runs: runs === "" ? null : +runs, left: left === "" ? null : +left,
  };
}

/** The daemon's report, as `/tree` sends it. */
export function ofDaemon(tree) {
  const lines = tree.lines;
  return {
    nodes: tree.nodes, requests: tree.requests, bytes: tree.bytes, omitted: tree.omitted ?? 0,
    ids: lines.map((line) => line.id),
    depths: Uint16Array.from(lines, (line) => line.depth),
    read: (at) => {
      const line = lines[at];
      return {
        id: line.id, depth: line.depth, name: line.name, label: line.label ?? "", kind: line.kind, place: line.place,
        waits: line.waits ?? "", age: line.age_ms, bytes: line.bytes, runs: line.runs, left: line.deadline_ms,
      };
    },
  };
}
