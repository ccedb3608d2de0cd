// A path that can be cut: a listener at an address of its own that hands on what it gets to the same port
// of another one. While it is cut it takes connections and hands on nothing, without a word to either end.
import { connect, createServer, type Server, type Socket } from "node:net";

export class Relay {
  private readonly host: string;
  private readonly servers: Server[] = [];
  private readonly sockets = new Set<Socket>();
  private isCut = false;
  /** Connections that were made to it. */
  taken = 0;

  /** @param host an address of this machine on which nothing listens yet: `127.0.0.3`. */
  constructor(host: string) {
    this.host = host;
  }

  /** Hands on what comes to `port` from now on. */
  async open(port: number, to: string): Promise<void> {
    const server = createServer((near) => {
      this.taken += 1;
      const far = connect({ host: to, port });
      this.join(near, far);
      this.join(far, near);
    });
    this.servers.push(server);
    await new Promise<void>((resolve) => server.listen(port, this.host, resolve));
  }

  cut(): void {
    this.isCut = true;
  }

  /** For connections made from now on; what was lost meanwhile stays lost. */
  heal(): void {
    this.isCut = false;
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await Promise.all(
      this.servers.map((server) => new Promise<void>((resolve) => server.close(() => resolve()))),
    );
  }

  private join(from: Socket, to: Socket): void {
    this.sockets.add(from);
    from.on("error", () => {});
    from.on("data", (bytes) => {
      if (!this.isCut) to.write(bytes);
    });
    from.on("close", () => {
      this.sockets.delete(from);
      if (!this.isCut) to.destroy();
    });
  }
}
