// A WebSocket's opening as anybody may send it, with whatever Host and Origin.

import { request } from "node:http";

/** The status that `path` at `host` is answered with. */
export function statusOf(host, path, headers = {}) {
  const [hostname, port] = host.split(":");
  return new Promise((resolve, reject) => {
    const asked = request({ hostname, port, path, headers, agent: false });
    asked.on("response", (response) => { response.resume(); resolve(response.statusCode); });
    asked.on("upgrade", (response, socket) => { socket.destroy(); resolve(response.statusCode); });
    asked.on("error", reject);
    asked.end();
  });
}

/** The status that a WebSocket's opening is answered with: 101 lets it in. */
export function statusOfUpgrade(host, path, { origin = `http://${host}`, ...headers } = {}) {
  const opening = {
    connection: "Upgrade", upgrade: "websocket", "sec-websocket-version": "13", "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
  };
  return statusOf(host, path, { ...opening, ...(origin === null ? {} : { origin }), ...headers });
}
