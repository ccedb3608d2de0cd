// The machine's network.
import { type AddressInfo, connect, createServer, isIPv6, type Socket } from "node:net";
import { pathsOf, splitAddress } from "@ashlar/runtime";
import { Client, credentials, Server } from "@grpc/grpc-js";
import type { Connection, Network } from "./network.ts";

const KEEP_ALIVE_MS = 5_000;

export const nodeNetwork: Network = {
  openChannel: (address, options) =>
    new Client(channelTarget(address), credentials.createInsecure(), options),
  openServer: (options) => new Server(options),
  connect: (to) => prepared(connect(to)),
  listen: async ({ host, port }, { onConnection, onError }) => {
    const server = createServer((socket) => onConnection(prepared(socket)));
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(port, host, resolve);
    });
    server.on("error", onError);
    return {
      port: (server.address() as AddressInfo).port,
      close: () => new Promise((resolve) => server.close(() => resolve())),
    };
  },
};

/**
 * As the library names it. Of several addresses it takes the first that can be connected to: the next one
 * is tried when an attempt failed, or is under way for 250 ms.
 */
function channelTarget(address: string): string {
  const [first = address, ...others] = pathsOf(address);
  if (others.length === 0) return address;
  return `${isIPv6(splitAddress(first).host) ? "ipv6" : "ipv4"}:${address}`;
}

/** Nagle would hold back small replies; the kernel's keep-alive finds peers that lost power. */
function prepared(socket: Socket): Connection {
  socket.on("error", () => {});
  socket.setNoDelay(true);
  socket.setKeepAlive(true, KEEP_ALIVE_MS);
  return socket;
}
