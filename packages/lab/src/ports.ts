// Free ports. A port is free when it can be listened on; it stays ours from then on only because
// the lab remembers it, so a port that someone took while the lab was down is noticed at the next up.
import { connect, createServer } from "node:net";
import { SystemError } from "@ashlar/core";
import type { Random } from "@ashlar/runtime";

/** Registered for iSCSI; labs take the next free ones from here. */
export const ISCSI_PORT = 3260;
/** Portals of all labs of a machine lie in this range above ISCSI_PORT. */
const PORTAL_RANGE = 1_000;
/** Other ports: below the ephemeral range (32768 on Linux), which outgoing connections use. */
const INTERNAL_FIRST = 20_000;
const INTERNAL_RANGE = 12_000;

/** Whether `host:port` can be listened on. */
export function isFree(host: string, port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EADDRINUSE" || error.code === "EACCES") resolve(false);
      else {
        const message = `cannot listen on ${host}:${port}: ${error.message}`;
        reject(
          new SystemError("argument/invalid", message, { hint: "give an address of this machine" }),
        );
      }
    });
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/** Until then a gateway listens on the port that was picked for it. */
const CLAIM_MS = 30_000;

/**
 * Whether nobody else who starts a lab has picked the port and not listened on it yet. The claim is a socket
 * with a name that belongs to no file: it ends with this process at the latest.
 */
function claim(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen({ path: `\0ashlar-portal-${port}` }, () => {
      setTimeout(() => server.close(), CLAIM_MS).unref();
      resolve(true);
    });
    server.unref();
  });
}

/** On one machine a connection takes no time; one to a host that is cut off would take minutes. */
const CONNECT_TIMEOUT_MS = 1_000;

/** Whether something accepts connections on `host:port`. */
export function isListening(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: CONNECT_TIMEOUT_MS });
    socket.once("timeout", () => socket.destroy(new Error("timed out")));
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}

export const portInUse = (host: string, port: number, hint: string): SystemError =>
  new SystemError("config/port-in-use", `port ${port} of ${host} is in use`, { host, port, hint });

/** Hands out ports of one lab, none of them twice. */
export class PortPicker {
  private readonly random: Random;
  private readonly taken: Set<number>;

  constructor({ random }: { readonly random: Random }, taken: Iterable<number>) {
    this.random = random;
    this.taken = new Set(taken);
  }

  /**
   * A portal's port: `wanted`, or the next free one from ISCSI_PORT.
   * @throws SystemError config/port-in-use when `wanted` is not free.
   */
  async portal(host: string, wanted: number | undefined): Promise<number> {
    if (wanted !== undefined) {
      if (!(await isFree(host, wanted))) {
        throw portInUse(host, wanted, "give --listen another port, or none for the next free one");
      }
      this.taken.add(wanted);
      return wanted;
    }
    return this.next(host, ISCSI_PORT, PORTAL_RANGE, claim);
  }

  /**
   * A port for traffic within the cluster. The search begins at random, so that two labs that start
   * at the same time do not meet.
   */
  async internal(host: string): Promise<number> {
    return this.next(host, INTERNAL_FIRST + this.random.below(INTERNAL_RANGE / 2), INTERNAL_RANGE);
  }

  private async next(
    host: string,
    first: number,
    range: number,
    isOurs: (port: number) => Promise<boolean> = async () => true,
  ): Promise<number> {
    for (let port = first; port < first + range; port += 1) {
      if (this.taken.has(port) || !(await isFree(host, port)) || !(await isOurs(port))) continue;
      this.taken.add(port);
      return port;
    }
    throw portInUse(host, first, `no port from ${first} to ${first + range - 1} is free`);
  }
}
