// The machine's network.
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { Client, credentials, Server } from "@grpc/grpc-js";
import type { Connection, Network } from "./network.ts";

const KEEP_ALIVE_MS = 5_000;

export const nodeNetwork: Network = {
  openChannel: (address, options) => new Client(address, credentials.createInsecure(), options),
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

/** Nagle would hold back small replies; the kernel's keep-alive finds peers that lost power. */
function prepared(socket: Socket): Connection {
  socket.on("error", () => {});
  socket.setNoDelay(true);
  socket.setKeepAlive(true, KEEP_ALIVE_MS);
  return socket;
}
