import init, { Countdown } from "./pkg/hamadryad_example_vite.js";

await init(); // vite finds the wasm file by the `new URL(…, import.meta.url)` in there
const countdown = new Countdown(30, (number) => { document.getElementById("number").textContent = number; });
document.getElementById("stop").onclick = (event) => {
  countdown.free();
  event.target.disabled = true;
};
