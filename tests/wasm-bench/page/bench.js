// Runs every workload in rounds, in which the contestants take turns, each round begun by another; posts a line for each of them:
// `WORKLOAD CONTESTANT NANOSECONDS`, or `failed WORKLOAD CONTESTANT REASON`.
import init, { Hamadryad, spawnLocalOne, spawnLocalOutstanding } from "./pkg/hamadryad_wasm_bench.js";

const query = new URLSearchParams(location.search);
const quick = query.has("quick");
/** A WebSocket server that sends everything back. */
const echo = `ws://${query.get("peer")}/echo`;
const message = new Uint8Array(64).map((_, i) => i);
const REPEATS = quick ? 3 : 11;
const OUTSTANDING = 1_000;
const TIMERS = 10_000;

const delays = Uint32Array.from({ length: TIMERS }, () => 10_000 + Math.floor(Math.random() * 1_000_000));
const order = permutation(TIMERS);

/** What is measured: how many operations there are, how many results must be right, and who takes part. */
function workloads(hamadryad) {
  const alone = quick ? 5_000 : 20_000;
  const rounds = quick ? 10 : 40;
  const timers = quick ? 4 : 10;
  const echoes = quick ? 500 : 2_000;
  return [
    {
      name: "wasm_yield_one",
      operations: alone,
      right: alone,
      contestants: { hamadryad: () => hamadryad.one(alone), spawn_local: () => spawnLocalOne(alone) },
    },
    {
      name: "wasm_yield_1000",
      operations: rounds * OUTSTANDING,
      right: rounds * OUTSTANDING,
      contestants: {
        hamadryad: () => hamadryad.outstanding(OUTSTANDING, rounds),
        spawn_local: () => spawnLocalOutstanding(OUTSTANDING, rounds),
      },
    },
    {
      name: "wasm_timers_10000",
      operations: timers * TIMERS,
      right: timers * TIMERS + 1, // one more that fires
      contestants: { hamadryad: () => hamadryad.timers(delays, order, timers), setTimeout: () => timeouts(timers) },
    },
    {
      name: "wasm_echo",
      operations: echoes,
      right: echoes,
      contestants: { hamadryad: () => hamadryad.echo(echo, message, echoes), javascript: () => echoed(echoes) },
    },
  ];
}

/** `rounds` times a timeout for each of the delays, all of them cancelled. Then one that fires. */
async function timeouts(rounds) {
  let fired = 0;
  let cancelled = 0;
  const handles = new Array(delays.length);
  const fire = () => { fired += 1; };
  const begun = performance.now();
  for (let round = 0; round < rounds; round += 1) {
    for (let i = 0; i < delays.length; i += 1) handles[i] = setTimeout(fire, delays[i]);
    for (let i = 0; i < order.length; i += 1) {
      clearTimeout(handles[order[i]]);
      cancelled += 1;
    }
  }
  const ms = performance.now() - begun;
  await new Promise((resolve) => setTimeout(() => { fire(); resolve(); }, 1));
  return { ms, got: cancelled + fired };
}

/** `rounds` times the message, sent when the one before it had come back. */
async function echoed(rounds) {
  const socket = new WebSocket(echo);
  socket.binaryType = "arraybuffer";
  await new Promise((resolve, reject) => { socket.onopen = resolve; socket.onerror = () => reject(new Error(`no ${echo}`)); });
  const begun = performance.now();
  const got = await new Promise((resolve) => {
    let right = 0;
    let left = rounds;
    socket.onmessage = ({ data }) => {
      const bytes = new Uint8Array(data);
      if (bytes.length === message.length && bytes.every((byte, i) => byte === message[i])) right += 1;
      left -= 1;
      if (left > 0) socket.send(message);
      else resolve(right);
    };
    socket.send(message);
  });
  const ms = performance.now() - begun;
  socket.close();
  return { ms, got };
}

/** The numbers below `n`, shuffled. */
function permutation(n) {
  const numbers = Uint32Array.from({ length: n }, (_, i) => i);
  for (let i = n - 1; i > 0; i -= 1) {
    const j = Math.floor(Math.random() * (i + 1));
    [numbers[i], numbers[j]] = [numbers[j], numbers[i]];
  }
  return numbers;
}

async function measure(workload, lines) {
  const contestants = Object.entries(workload.contestants);
  const failed = new Set();
  for (const [name, run] of contestants) await run().catch((problem) => fail(name, problem)); // warm: the engine has compiled it
  for (let round = 0; round < REPEATS; round += 1) {
    for (let turn = 0; turn < contestants.length; turn += 1) {
      const [name, run] = contestants[(round + turn) % contestants.length];
      if (failed.has(name)) continue;
      try {
        const { ms, got } = await run();
        if (got !== workload.right) throw new Error(`${got} callbacks and results were right, not ${workload.right}`);
        lines.push(`${workload.name} ${name} ${(ms * 1e6) / workload.operations}`);
      } catch (problem) {
        fail(name, problem);
      }
    }
  }

  function fail(name, problem) {
    failed.add(name);
    lines.push(`failed ${workload.name} ${name} ${String(problem).replaceAll("\n", " ")}`);
  }
}

const lines = [];
try {
  await init();
  for (const workload of workloads(new Hamadryad())) await measure(workload, lines);
} catch (problem) {
  lines.push(`failed page page ${String(problem).replaceAll("\n", " ")}`);
}
await fetch("/outcome", { method: "POST", body: lines.join("\n") });
