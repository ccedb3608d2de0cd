// Our own target behind a portal in memory: connection machine, device server and a device, joined
// without sockets, so that an initiator can be run against it under a test's control. It can be cut,
// refuse connections, and fall silent.
import { type BlockDevice, NO_PATH, SystemError, type VolumeId, volumeId } from "@ashlar/core";
import {
  type Authentication,
  Connection,
  type ConnectionEffect,
  type TargetLookup,
  type Task,
} from "@ashlar/iscsi";
import { nodeRandom } from "@ashlar/runtime";
import { executeCommand, LogicalUnit, ScsiTarget } from "@ashlar/scsi";
import { LocalReservations } from "@ashlar/scsi/testing";
import type { Dial, WireEvents } from "../session/wire.ts";
import type { PortalAddress } from "../url.ts";

const VOLUME: VolumeId = volumeId("0b0e4a52-5a0d-4c8b-9a53-0123456789ab");

/** A target with one logical unit at LUN 0; several portals may lead to it. */
export function memoryTarget(device: BlockDevice, volume: VolumeId = VOLUME): ScsiTarget {
  const target = new ScsiTarget();
  const reservations = new LocalReservations();
  target.addUnit(0, new LogicalUnit({ device, volume, reservations }));
  return target;
}

export interface MemoryPortalOptions {
  readonly targetName: string;
  readonly scsi: ScsiTarget;
  /** Further targets of the portal, by name. */
  readonly others?: ReadonlyMap<string, ScsiTarget>;
  readonly tpgt: number;
  /** `host:port,tag` of all portals, for discovery; its own alone if absent. */
  readonly addresses?: readonly string[];
  readonly nowMs: () => number;
  /** What logins must prove, discovery included. */
  readonly authentication?: Authentication;
}

interface Link {
  readonly connection: Connection;
  readonly events: WireEvents;
  readonly running: Map<Task, Promise<void>>;
  open: boolean;
}

export class MemoryPortal {
  /** True: nobody answers a connection attempt. */
  refusing = false;
  /** True: whatever is sent in either direction is lost. */
  silent = false;
  /** `host:port` of where logins are sent. */
  redirect: string | undefined;
  /** Logins that were looked up. */
  lookups = 0;
  /** Commands that reached the device server. */
  executed = 0;
  readonly dial: Dial;
  private readonly options: MemoryPortalOptions;
  private readonly links = new Set<Link>();

  constructor(options: MemoryPortalOptions) {
    this.options = options;
    this.dial = (_portal, events) => this.accept(events);
  }

  /** Ends every connection, as a crash of the portal's process does. */
  cut(): void {
    for (const link of [...this.links]) {
      this.drop(link);
      link.events.onClose(new SystemError("rpc/disconnected", "the portal is gone"));
    }
  }

  /** Asks every initiator to log out. */
  requestLogout(withinSeconds: number): void {
    for (const link of [...this.links]) {
      this.apply(link, link.connection.requestLogout(withinSeconds));
    }
  }

  private async accept(events: WireEvents): ReturnType<Dial> {
    if (this.refusing) throw new SystemError("rpc/unavailable", "nobody listens");
    const { targetName, others, tpgt, nowMs } = this.options;
    const { addresses = [`memory:1,${tpgt}`] } = this.options;
    const names = [targetName, ...(others?.keys() ?? [])];
    const directory = { list: () => names.map((name) => ({ name, addresses })) };
    const randomBytes = (length: number): Buffer => nodeRandom.bytes(length);
    const connection = new Connection(directory, {
      tpgt,
      randomBytes,
      nowMs,
      pathProof: NO_PATH,
    });
    const link: Link = { connection, events, running: new Map(), open: true };
    this.links.add(link);
    return {
      send: (buffers) => {
        // The wire may cut anywhere and must not share memory with the sender.
        const bytes = Buffer.concat(buffers);
        setImmediate(() => {
          if (link.open && !this.silent) this.apply(link, connection.receive(bytes));
        });
      },
      close: () => this.drop(link),
    };
  }

  private drop(link: Link): void {
    if (!link.open) return;
    link.open = false;
    this.links.delete(link);
    const { session } = link.connection;
    link.connection.end();
    if (session) void session.scsi.loseNexus(session.nexus);
  }

  private apply(link: Link, effects: readonly ConnectionEffect[]): void {
    for (const effect of effects) if (link.open) this.applyOne(link, effect);
  }

  private applyOne(link: Link, effect: ConnectionEffect): void {
    const { connection, events } = link;
    switch (effect.kind) {
      case "send": {
        const bytes = Buffer.concat(effect.buffers);
        setImmediate(() => {
          if (link.open && !this.silent) events.onBytes(bytes);
        });
        return;
      }
      case "findTarget": {
        this.lookups++;
        this.apply(link, connection.targetFound(this.find(effect.targetName)));
        return;
      }
      case "openSession": {
        const opened = connection.sessionOpened(1);
        const { session } = connection;
        session?.scsi.establishNexus(session.nexus, { reinstated: false });
        this.apply(link, opened);
        return;
      }
      case "execute":
        link.running.set(effect.task, this.execute(link, effect.task));
        return;
      case "manage": {
        const { management } = effect;
        const dead = management.tasks.map((task) => link.running.get(task));
        void Promise.all(dead).then(() => {
          if (management.reset) connection.session?.scsi.reset(management.reset.lun);
          this.apply(link, connection.managed(management));
        });
        return;
      }
      case "close":
        setImmediate(() => {
          if (!link.open) return;
          this.drop(link);
          events.onClose(new SystemError("rpc/disconnected", effect.reason));
        });
    }
  }

  private find(name: string | undefined): TargetLookup {
    const { targetName, others, authentication } = this.options;
    const { redirect: address } = this;
    if (address !== undefined) return { kind: "redirect", address, authentication };
    if (name === undefined) return { kind: "discovery", authentication };
    const scsi = name === targetName ? this.options.scsi : others?.get(name);
    return scsi ? { kind: "found", scsi, authentication } : { kind: "unknown" };
  }

  private async execute(link: Link, task: Task): Promise<void> {
    this.executed++;
    const result = await executeCommand(task.command, task.offer, task);
    link.running.delete(task);
    if (link.open) this.apply(link, link.connection.complete(task, result));
  }
}

/** Dials whichever portal listens at the address. */
export const dialMemory =
  (portals: ReadonlyMap<number, MemoryPortal>): Dial =>
  (address: PortalAddress, events, options) => {
    const portal = portals.get(address.port);
    if (!portal) throw new SystemError("rpc/unavailable", "no such portal");
    return portal.dial(address, events, options);
  };
