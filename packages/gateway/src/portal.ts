// A portal: one listener with its target portal group tag.
import { present, SystemError } from "@ashlar/core";
import type { Connection, ConnectionListener, Network } from "@ashlar/rpc";
import { type Startable, splitAddress } from "@ashlar/runtime";
import { ConnectionDriver, type DriverDependencies } from "./connection-driver.ts";

/** What hosts are told of a gateway that stops, and what they have; those of a host at work take far less. */
const LAST_LOGOUT_S = 1;
const DISMISS_MAX_MS = 250;

/** Connections of one portal: times the memory of a session, what hosts can claim of it. */
const CONNECTIONS_MAX = 1024;

export interface PortalDependencies extends DriverDependencies {
  readonly network: Pick<Network, "listen">;
}

export class PortalServer implements Startable {
  private readonly dependencies: PortalDependencies;
  private readonly listen: string;
  private readonly tpgt: number;
  private readonly drivers = new Set<ConnectionDriver>();
  private listener: ConnectionListener | undefined;
  private isShut = false;
  private onEmpty = (): void => {};

  constructor(
    dependencies: PortalDependencies,
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
    return present(this.listener, "the portal listens").port;
  }

  /** @throws SystemError config/port-in-use, config/invalid when the machine does not have that address. */
  async start(): Promise<void> {
    const { network, log } = this.dependencies;
    try {
      this.listener = await network.listen(splitAddress(this.listen), {
        onConnection: (connection) => this.accept(connection),
        onError: (error) => log.error({ error }, "cannot accept"),
      });
    } catch (thrown) {
      const error = thrown as NodeJS.ErrnoException;
      const code = error.code === "EADDRINUSE" ? "config/port-in-use" : "config/invalid";
      throw new SystemError(code, `cannot listen on ${this.listen}: ${error.message}`);
    }
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
    const closed = this.listener?.close();
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

  private accept(connection: Connection): void {
    if (this.isShut || this.drivers.size >= CONNECTIONS_MAX) {
      connection.destroy();
      return;
    }
    const driver = new ConnectionDriver(connection, this.dependencies, { tpgt: this.tpgt });
    this.drivers.add(driver);
    connection.once("close", () => void driver.end().then(() => this.forget(driver)));
  }

  private forget(driver: ConnectionDriver): void {
    this.drivers.delete(driver);
    if (this.drivers.size === 0) this.onEmpty();
  }
}
