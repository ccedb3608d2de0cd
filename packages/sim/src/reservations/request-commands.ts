// What a host does about the reservations of its units: requests as they are drawn, with its own key, and what it
// is told of them. A request without an answer, or with BUSY, may have been done, or may yet be: what was prepared
// is finished by whoever leads next.
import { assert, hasCode, present, toSystemError } from "@ashlar/core";
import { PathReservations, SENSE_KEY } from "@ashlar/initiator";
import {
  type Key,
  NO_KEY,
  type ReportKind,
  type RequestAction,
  type UnitAnswer,
  type UnitReport,
  type UnitRequest,
} from "../checkers/unit-model.ts";
import { type HostPorts, pickFrom } from "./host-ports.ts";
import type { UnitHistory } from "./unit-history.ts";
import { nexusOf, type UnitPath } from "./unit-path.ts";

/** How often each is drawn. A host that is not registered is of no interest. */
const WEIGHTS: readonly (readonly [RequestAction | ReportKind | "unregister", number])[] = [
  ["registerAndIgnoreExistingKey", 6],
  ["register", 2],
  ["unregister", 1],
  ["reserve", 5],
  ["release", 2],
  ["clear", 1],
  ["preempt", 3],
  ["preemptAndAbort", 3],
  ["readKeys", 2],
  ["readReservation", 2],
  ["readFullStatus", 3],
];
const DRAWN = WEIGHTS.flatMap(([what, count]) => Array.from({ length: count }, () => what));

const REPORTS: ReadonlySet<string> = new Set(["readKeys", "readReservation", "readFullStatus"]);
const REGISTERING: ReadonlySet<string> = new Set(["registerAndIgnoreExistingKey", "register"]);
const isReport = (what: string): what is ReportKind => REPORTS.has(what);

/** INVALID FIELD IN PARAMETER LIST, and INVALID RELEASE OF PERSISTENT RESERVATION. */
const INVALID_IN_LIST = 0x26;

export interface RequestPorts extends HostPorts {
  /** Called when this host is about to pre-empt another one. */
  readonly onPreempt: () => void;
}

export interface RequestOptions {
  readonly key: Key;
  /** Of the other hosts. */
  readonly others: readonly Key[];
  /** Types of reservations that the run has. */
  readonly types: readonly number[];
}

export class RequestCommands {
  private readonly ports: RequestPorts;
  private readonly options: RequestOptions;

  constructor(ports: RequestPorts, options: RequestOptions) {
    this.ports = ports;
    this.options = options;
  }

  /** One request or question; rejects when there is no session for it. */
  async next(): Promise<void> {
    const what = this.drawn();
    const path = this.pathFor(what);
    if (isReport(what)) await this.ask(path, what);
    else await this.request(path, this.requestOf(path, what));
  }

  /** Mostly a registration while the host has none, as far as it knows: all else would be in vain. */
  private drawn(): (typeof DRAWN)[number] {
    const { paths, machine } = this.ports;
    const drawn = pickFrom(this.ports, DRAWN);
    const isFree = isReport(drawn) || paths.some(({ isRegistered }) => isRegistered);
    return isFree || machine.random.below(3) === 0 ? drawn : "registerAndIgnoreExistingKey";
  }

  /** Mostly one that the request is not in vain through, as far as the host knows. */
  private pathFor(what: (typeof DRAWN)[number]): UnitPath {
    const { paths, machine } = this.ports;
    const registered = paths.filter(({ isRegistered }) => isRegistered);
    const isFree = registered.length === 0 || REGISTERING.has(what) || isReport(what);
    return pickFrom(this.ports, isFree || machine.random.below(10) === 0 ? paths : registered);
  }

  /** What the unit tells over one path. Rejects when it tells nothing. */
  async look(): Promise<void> {
    await this.ask(pickFrom(this.ports, this.ports.paths), "readFullStatus");
  }

  /** What the unit tells of its reservations. Rejects when it tells nothing. */
  async ask(path: UnitPath, what: ReportKind): Promise<UnitReport> {
    const { world, figures } = this.ports;
    const reservations = await this.reservationsOf(path);
    const callTime = world.nowMs;
    const report = await reportFrom(reservations, what).catch((thrown: unknown) => {
      // SPC-4 5.13.1, table 46: whoever asks may know.
      assert(!hasCode(thrown, "volume/reserved"), `P11: conflicts: ${what} of ${path.nexus}`);
      throw thrown;
    });
    figures[what] += 1;
    const asked = { client: path.nexus, callTime, returnTime: world.nowMs };
    this.unitOf(path).report(asked, what, report);
    if ("registrants" in report) this.learn(path, report.registrants);
    return report;
  }

  private learn({ volume }: UnitPath, registrants: readonly string[]): void {
    for (const path of this.ports.paths) {
      if (path.volume.name !== volume.name) continue;
      path.isRegistered = registrants.some((line) => line.startsWith(`${path.nexus} `));
    }
  }

  private requestOf(
    { nexus }: UnitPath,
    drawn: Exclude<(typeof DRAWN)[number], ReportKind>,
  ): UnitRequest {
    const { key, types, others } = this.options;
    const action = drawn === "unregister" ? "register" : drawn;
    const type = pickFrom(this.ports, types);
    switch (drawn) {
      case "registerAndIgnoreExistingKey":
        return { nexus, action, key: NO_KEY, other: key, type };
      case "register": {
        // Of who is not registered, or of who is: the other one is a conflict.
        const known = this.ports.machine.random.below(2) === 0 ? key : NO_KEY;
        return { nexus, action, key: known, other: key, type };
      }
      case "preempt":
      case "preemptAndAbort": {
        const isForAll = this.ports.machine.random.below(4) === 0 && types.some((one) => one > 6);
        const other = isForAll ? NO_KEY : pickFrom(this.ports, others);
        return { nexus, action, key, other, type };
      }
      default:
        return { nexus, action, key, other: NO_KEY, type };
    }
  }

  private async request(path: UnitPath, drawn: UnitRequest): Promise<void> {
    const { world, figures, onPreempt } = this.ports;
    const reservations = await this.reservationsOf(path);
    const callTime = world.nowMs;
    const aborts = drawn.action === "preemptAndAbort";
    const request = aborts ? { ...drawn, calledMs: callTime } : drawn;
    const { action, key, other: serviceActionKey, type } = request;
    if (aborts || action === "preempt") onPreempt();
    let end: RequestEnd;
    try {
      await reservations.out({ action, key, serviceActionKey, type });
      end = "done";
    } catch (thrown) {
      end = endOf(thrown);
    }
    if (end === "done") path.isRegistered = isRegisteredAfter(request, path.isRegistered);
    world.tell?.(`${path.nexus} ${action} ${serviceActionKey}: ${end}`);
    figures[COUNTED[end] ?? action] += 1;
    // The host may not use the unit: it was not asked.
    if (end === "denied") return;
    const returnTime = end === "unknown" ? undefined : world.nowMs;
    const asked = { client: path.nexus, callTime, returnTime };
    const output = end === "unknown" ? undefined : ({ kind: "answer", answer: end } as const);
    this.unitOf(path).request(asked, request, output);
  }

  private async reservationsOf(path: UnitPath): Promise<PathReservations> {
    const { clock } = this.ports.machine;
    return new PathReservations(await path.unit(), { lun: 0, clock });
  }

  private unitOf({ volume }: UnitPath): UnitHistory {
    return present(this.ports.units.get(volume.name), "the unit of the host's volume");
  }
}

type RequestEnd = UnitAnswer["answer"] | "denied" | "unknown";

/** What is done is counted by what it was. */
const COUNTED = {
  done: undefined,
  conflict: "requestConflicts",
  invalid: "requestFaults",
  denied: "denied",
  unknown: "requestsUnknown",
} as const;

function isRegisteredAfter({ action, other }: UnitRequest, before: boolean): boolean {
  if (action === "clear") return false;
  return REGISTERING.has(action) ? other !== NO_KEY : before;
}

/** Unknown when the error does not say that nothing was done. */
function endOf(thrown: unknown): Exclude<RequestEnd, "done"> {
  const { code, meta } = toSystemError(thrown);
  if (code === "internal" || code === "rpc/bad-frame") throw thrown;
  if (code === "volume/reserved") return "conflict";
  const { sense } = meta as { readonly sense?: { readonly key: number; readonly asc: number } };
  if (sense?.key !== SENSE_KEY.illegalRequest) return "unknown";
  return sense.asc === INVALID_IN_LIST ? "invalid" : "denied";
}

async function reportFrom(from: PathReservations, what: ReportKind): Promise<UnitReport> {
  switch (what) {
    case "readKeys": {
      const { generation, keys } = await from.readKeys();
      return { generation, keys: [...keys].sort() };
    }
    case "readReservation": {
      const { generation, held } = await from.readReservation();
      return { generation, held: held ? { key: held.key, type: held.type } : null };
    }
    case "readFullStatus": {
      const { generation, registrants } = await from.readFullStatus();
      const lines = registrants.map(
        (one) => `${nexusOf(one.initiatorPort, one.relativePort)} ${one.key} ${one.type}`,
      );
      return { generation, registrants: lines.sort() };
    }
  }
}
