// All connections between simulated machines. Each process has a machine of its own, named as it is; who
// listens where, who is connected to whom, and what breaks when a process or a machine dies.
import type { ProcessLife } from "../world/process-life.ts";
import type { World } from "../world/world.ts";
import { Paths } from "./paths.ts";
import { brokenBy, StreamEnd } from "./stream-end.ts";

const FIRST_FREE_PORT = 49_152;
/** How long a connection to a machine that does not answer is tried. */
const CONNECT_TIMEOUT_MS = 20_000;
/** Its first segment is sent again after this, and after twice as long each time (RFC 6298). */
const SYN_RETRY_MS = 1_000;

interface Listener {
  readonly life: ProcessLife;
  readonly accept: (end: StreamEnd) => void;
}

export class SimNetwork {
  readonly paths: Paths;
  private readonly world: World;
  private readonly listeners = new Map<string, Listener>();
  private readonly ends = new Map<ProcessLife, Set<StreamEnd>>();
  /** Machines without power, and the ends that died with them: their peers were told nothing. */
  private readonly dark = new Map<string, StreamEnd[]>();
  private nextPort = FIRST_FREE_PORT;

  constructor(world: World) {
    this.world = world;
    this.paths = new Paths(world);
  }

  /** @throws an error with the code EADDRINUSE. */
  listen(
    host: string,
    { port, life, accept }: { readonly port: number } & Listener,
  ): { readonly port: number; close(): void } {
    const bound = port === 0 ? this.nextPort++ : port;
    const address = `${host}:${bound}`;
    if (this.listeners.get(address)?.life.isAlive) throw brokenBy("EADDRINUSE");
    this.listeners.set(address, { life, accept });
    return {
      port: bound,
      close: () => {
        if (this.listeners.get(address)?.life === life) this.listeners.delete(address);
      },
    };
  }

  /** @param onOpen called when the other machine has taken the connection. */
  connect(host: string, life: ProcessLife, address: string, onOpen: () => void): StreamEnd {
    const near = this.end(host, life);
    const target = address.slice(0, address.lastIndexOf(":"));
    const back = (arrive: () => void): void =>
      this.paths.travel(target, host, { bytes: 1, life, arrive });
    const timeout = this.world.after(CONNECT_TIMEOUT_MS, life, () =>
      near.refuse(brokenBy("ETIMEDOUT")),
    );
    let retryMs = SYN_RETRY_MS;
    const knock = (): void => {
      if (this.dark.has(target)) {
        this.world.after(retryMs, undefined, () => {
          if (life.isAlive && !near.isClosed) send();
        });
        retryMs *= 2;
        return;
      }
      const listener = this.listeners.get(address);
      if (!listener?.life.isAlive) {
        back(() => {
          timeout.cancel();
          if (!near.isClosed) near.refuse(brokenBy("ECONNREFUSED"));
        });
        return;
      }
      const far = this.end(target, listener.life);
      StreamEnd.join(near, far);
      if (near.isClosed) return;
      this.world.after(0, listener.life, () => listener.accept(far));
      back(() => {
        timeout.cancel();
        if (!near.isClosed) onOpen();
      });
    };
    const send = (): void =>
      this.paths.travel(host, target, { bytes: 1, life: undefined, arrive: knock });
    send();
    return near;
  }

  /** The process died. Its machine closes what it held; without power it cannot. */
  onProcessEnd(host: string, life: ProcessLife, { powerLost }: { powerLost: boolean }): void {
    const ends = [...(this.ends.get(life) ?? [])];
    this.ends.delete(life);
    if (powerLost) this.dark.set(host, ends);
    else for (const end of ends) end.close();
  }

  /** The machine is up again: it answers peers of connections that it does not know any more. */
  onPower(host: string): void {
    const ghosts = this.dark.get(host) ?? [];
    this.dark.delete(host);
    for (const end of ghosts) end.close();
  }

  /** Connections of living processes, in the order in which they were made. */
  get open(): readonly StreamEnd[] {
    const open: StreamEnd[] = [];
    for (const ends of this.ends.values()) {
      for (const end of ends) {
        if (end.isClosed) ends.delete(end);
        else open.push(end);
      }
    }
    return open;
  }

  private end(host: string, life: ProcessLife): StreamEnd {
    const end = new StreamEnd({ world: this.world, paths: this.paths }, host, life);
    const ends = this.ends.get(life) ?? new Set();
    this.ends.set(life, ends.add(end));
    if (ends.size % 64 === 0) for (const old of ends) if (old.isClosed) ends.delete(old);
    return end;
  }
}
