// A portal: one TCP listener with its target portal group tag.

import type { AddressInfo } from "node:net";
import { createServer, type Server, type Socket } from "node:net";
import { present, SystemError } from "@ashlar/core";
import { type Startable, splitAddress } from "@ashlar/runtime";
import { ConnectionDriver, type DriverDependencies } from "./connection-driver.ts";

/** What hosts are told of a gateway that stops, and what they have; those of a host at work take far less. */
const LAST_LOGOUT_S = 1;
const DISMISS_MAX_MS = 250;

/** Connections of one portal: times the memory of a session, what hosts can claim of it. */
const CONNECTIONS_MAX = 1024;

export class PortalServer implements Startable {
  private readonly dependencies: DriverDependencies;
  private readonly listen: string;
  private readonly tpgt: number;
  private readonly drivers = new Set<ConnectionDriver>();
  private server: Server | undefined;
  private isShut = false;
  private onEmpty = (): void => {};

  constructor(
    dependencies: DriverDependencies,
    { listen, tpgt }: { readonly listen: string; readonly tpgt: number },
  ) {
    this.dependencies = dependencies;
    this.listen = listen;
    this.tpgt = tpgt;
  }

  get connectionCount(): number {
    return this.drivers.size;
  }

  get taskCount(): number {
    let count = 0;
    for (const driver of this.drivers) count += driver.taskCount;
    return count;
  }

  /** The port in use, after start. */
  get port(): number {
    return (present(this.server, "the portal listens").address() as AddressInfo).port;
  }

  async start(): Promise<void> {
    const { host, port } = splitAddress(this.listen);
    const server = createServer((socket) => this.accept(socket));
    server.maxConnections = CONNECTIONS_MAX;
    await new Promise<void>((resolve, reject) => {
      server.once("error", (error: NodeJS.ErrnoException) => {
        const code = error.code === "EADDRINUSE" ? "config/port-in-use" : "config/invalid";
        reject(new SystemError(code, `cannot listen on ${this.listen}: ${error.message}`));
      });
      server.listen(port, host, resolve);
    });
    server.on("error", (error) => this.dependencies.log.error({ error }, "cannot accept"));
    this.server = server;
  }

  /**
   * Takes no connection any more and asks all hosts to log out; resolves when they have, or soon. What is left then
   * is for {@link stop}.
   */
  async dismiss(): Promise<void> {
    this.isShut = true;
    if (this.drivers.size === 0) return;
    await new Promise<void>((resolve) => {
      const timer = this.dependencies.clock.after(DISMISS_MAX_MS, resolve);
      this.onEmpty = () => {
        timer.cancel();
        resolve();
      };
      for (const driver of this.drivers) driver.requestLogout(LAST_LOGOUT_S);
    });
  }

  /** Ends all sessions, telling their hosts, and resolves when their tasks are dead. */
  async stop(): Promise<void> {
    const { server } = this;
    if (!server) return;
    const closed = new Promise<void>((resolve) => {
      server.close(() => resolve());
    });
    await Promise.all([...this.drivers].map((driver) => driver.end({ told: true })));
    await closed;
  }

  /** Ends all sessions, and takes no connection until {@link reopen}. */
  shut(): void {
    this.isShut = true;
    for (const driver of this.drivers) void driver.end();
  }

  reopen(): void {
    this.isShut = false;
  }

  private accept(socket: Socket): void {
    if (this.isShut) {
      socket.destroy();
      return;
    }
    const driver = new ConnectionDriver(socket, this.dependencies, { tpgt: this.tpgt });
    this.drivers.add(driver);
    socket.once("close", () => void driver.end().then(() => this.forget(driver)));
  }

  private forget(driver: ConnectionDriver): void {
    this.drivers.delete(driver);
    if (this.drivers.size === 0) this.onEmpty();
  }
}
