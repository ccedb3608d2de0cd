// The simulated hosts of a rehearsal: each has an initiator name of its own and one session with every disk
// through every gateway, and its sessions keep their ISIDs when they log in again, as a host's do.

import { present, scatterJoin } from "@ashlar/core";
import {
  type DiscoveredTarget,
  LogicalUnit,
  openSession,
  PathReservations,
  type PortalAddress,
  randomIsid,
  type Session,
  type SessionDependencies,
} from "@ashlar/initiator";
import { type Clock, nodeRandom, type Random } from "@ashlar/runtime";
import type { Place } from "../receipt.ts";

/** A volume as hosts find it. */
export interface Disk {
  readonly name: string;
  readonly iqn: string;
  readonly lun: number;
}

export interface Gateway {
  readonly name: string;
  readonly portal: PortalAddress;
}

export interface FleetShape {
  readonly disks: readonly Disk[];
  readonly gateways: readonly Gateway[];
  readonly hosts: number;
}

export interface FleetDependencies extends SessionDependencies {
  readonly clock: Clock;
  /** Ends reads and writes. */
  readonly signal: AbortSignal;
}

/** Of one command: what a cluster's pass-through commands may take. */
const COMMAND_TIMEOUT_MS = 20_000;
/** No gateway has this index: discovery takes no path's place. */
const DISCOVERY_QUALIFIER = 0xffff;
const NAME_PREFIX = "iqn.2026-11.io.ashlar.drill";

export const hostNamed = (host: number): string => `host-${host + 1}`;
const initiatorNameOf = (host: number): string => `${NAME_PREFIX}:${hostNamed(host)}`;

/** One host's way to one disk through one gateway: an I_T nexus. */
export class HostPath {
  readonly disk: Disk;
  /** Counted from 0. */
  readonly host: number;
  readonly gateway: number;
  readonly place: Place;
  readonly initiatorName: string;
  readonly isid: string;
  private readonly portal: PortalAddress;
  private readonly deps: FleetDependencies;
  private opened: Session | undefined;
  private openedUnit: LogicalUnit | undefined;
  private openedReservations: PathReservations | undefined;

  constructor(
    shape: { readonly disk: Disk; readonly gateway: Gateway },
    indices: { readonly host: number; readonly gateway: number },
    deps: FleetDependencies,
  ) {
    this.disk = shape.disk;
    this.host = indices.host;
    this.gateway = indices.gateway;
    this.portal = shape.gateway.portal;
    this.deps = deps;
    const host = hostNamed(indices.host);
    this.place = { disk: shape.disk.name, host, path: shape.gateway.name };
    this.initiatorName = initiatorNameOf(indices.host);
    this.isid = randomIsid(deps.random ?? nodeRandom, indices.gateway);
  }

  get isOpen(): boolean {
    return this.opened?.isOpen === true;
  }

  get session(): Session {
    return present(this.opened, "the path has logged in once");
  }

  get unit(): LogicalUnit {
    return present(this.openedUnit, "the path has logged in once");
  }

  get reservations(): PathReservations {
    return present(this.openedReservations, "the path has logged in once");
  }

  /** Logs in, again when there was a session before. */
  async connect(): Promise<void> {
    const { initiatorName, isid, deps } = this;
    const { iqn: targetName, lun } = this.disk;
    const { clock } = deps;
    this.opened?.drop();
    const options = { targetName, initiatorName, isid, commandTimeoutMs: COMMAND_TIMEOUT_MS };
    this.opened = await openSession(this.portal, options, deps);
    const retryBudgetMs = COMMAND_TIMEOUT_MS;
    const name = this.place.path;
    this.openedUnit = new LogicalUnit(this.opened, { lun, clock, name, retryBudgetMs });
    this.openedReservations = new PathReservations(this.opened, { lun, clock });
    await this.openedUnit.testUnitReady();
    await this.openedUnit.readCapacity();
  }

  async read(offset: number, length: number): Promise<Buffer> {
    const { signal } = this.deps;
    return scatterJoin(await this.unit.read(offset, length, { signal }));
  }

  async write(offset: number, data: Buffer): Promise<void> {
    const { signal } = this.deps;
    await this.unit.write(offset, [data], { signal });
  }

  /** The connection breaks, without a logout. */
  drop(): void {
    this.opened?.drop();
  }

  async logout(): Promise<void> {
    if (this.isOpen) await this.session.logout();
  }
}

export class Fleet {
  readonly shape: FleetShape;
  readonly paths: readonly HostPath[];
  private readonly deps: FleetDependencies;

  constructor(shape: FleetShape, deps: FleetDependencies) {
    this.shape = shape;
    this.deps = deps;
    this.paths = shape.disks.flatMap((disk) =>
      Array.from({ length: shape.hosts }, (_, host) =>
        shape.gateways.map(
          (gateway, index) => new HostPath({ disk, gateway }, { host, gateway: index }, deps),
        ),
      ).flat(),
    );
  }

  path(disk: Disk, host: number, gateway: number): HostPath {
    const found = this.paths.find(
      (path) => path.disk === disk && path.host === host && path.gateway === gateway,
    );
    return present(found, "the fleet has this path");
  }

  pathsTo(disk: Disk): HostPath[] {
    return this.paths.filter((path) => path.disk === disk);
  }

  pathsOf(disk: Disk, host: number): HostPath[] {
    return this.pathsTo(disk).filter((path) => path.host === host);
  }

  /** SendTargets of a host through a gateway. */
  async discover(host: number, { portal }: Gateway): Promise<DiscoveredTarget[]> {
    const isid = randomIsid(this.deps.random ?? nodeRandom, DISCOVERY_QUALIFIER);
    const options = { initiatorName: initiatorNameOf(host), isid };
    const session = await openSession(portal, options, this.deps);
    try {
      return await session.discover();
    } finally {
      await session.logout();
    }
  }

  /** Logs out everywhere; what does not answer is dropped. */
  async close(): Promise<void> {
    await Promise.allSettled(this.paths.map((path) => path.logout()));
    for (const path of this.paths) path.drop();
  }
}

/** Who does what in one round of a step that two hosts play, through which gateways. */
export interface Round {
  readonly owner: number;
  readonly challenger: number;
  readonly ownerGateway: number;
  readonly challengerGateway: number;
}

/** Every pair of gateways in both directions, and every host as owner, at least once. Pure. */
export function roundsOf({ hosts, gateways }: { hosts: number; gateways: number }): Round[] {
  const all = Array.from({ length: gateways }, (_, index) => index);
  const pairs = all.flatMap((a) => all.filter((b) => b !== a).map((b) => [a, b] as const));
  return Array.from({ length: Math.max(hosts, pairs.length) }, (_, index) => {
    const [ownerGateway, challengerGateway] = present(pairs[index % pairs.length], "two gateways");
    const owner = index % hosts;
    return { owner, challenger: (owner + 1) % hosts, ownerGateway, challengerGateway };
  });
}

/** A key that is not zero and stands for one host in one round. */
export function randomKey(random: Random): string {
  for (;;) {
    const key = random.bytes(8).toString("hex");
    if (!/^0+$/.test(key)) return key;
  }
}
