// A server that gives every question the same address.

import { createSocket } from "node:dgram";
import { once } from "node:events";

const HEADER_LEN = 12;

export class DnsServer {
  /** Starts one on any free port; `address` is what it answers, an IPv4 address. */
  static async start(address) {
    const server = new DnsServer();
    server.socket = createSocket("udp4");
    server.socket.on("message", (query, from) => server.socket.send(answer(query, address), from.port, from.address));
    server.socket.bind(0, "127.0.0.1");
    await once(server.socket, "listening");
    server.address = `127.0.0.1:${server.socket.address().port}`;
    return server;
  }

  stop() {
    this.socket.close();
  }
}

/** RFC 1035: the query's id and question, and one A record under the question's name. */
function answer(query, address) {
  let end = HEADER_LEN;
  while (query[end] !== 0) end += query[end] + 1;
  end += 5; // the root, type and class
  const header = Buffer.from([query[0], query[1], 0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0]);
  const record = Buffer.from([0xc0, HEADER_LEN, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, ...address.split(".").map(Number)]);
  return Buffer.concat([header, query.subarray(HEADER_LEN, end), record]);
}
