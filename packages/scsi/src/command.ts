// How a command is described to the table: its CDB's name and shape, how it conflicts with
// reservations, a parser that validates everything before any data moves, and what it does.
import { assert, type OperationOptions, type ScatterList } from "@ashlar/core";
import type { ReservationRule } from "@ashlar/reservations";
import type { LogicalUnit } from "./logical-unit.ts";
import type { Guard } from "./reservation-guard.ts";
import { type CommandResult, Refusal } from "./result.ts";

/** An I_T nexus, as far as commands need to know it. */
export interface Nexus {
  /** Names the nexus: initiator port and target port. */
  readonly name: string;
  /** Initiator name and ISID (RFC 7143, 4.4). */
  readonly initiatorPort: string;
  /** In lower case. */
  readonly initiatorName: string;
  /** As whom the directory of targets admitted it at login, with all that had to be proven for that. */
  readonly admittedAs: string | undefined;
  /** Of the target device. */
  readonly targetName: string;
  /** Target portal group tag of the portal; also the relative target port id. */
  readonly tpgt: number;
}

/** Asymmetric access states of a target port group that occur here (SPC-4 5.15.2.4). */
export const ACCESS_STATE = { activeOptimized: 0x0, unavailable: 0x3 } as const;
export type AccessState = (typeof ACCESS_STATE)[keyof typeof ACCESS_STATE];

/** A port of the target device. Each is a target port group of its own. */
export interface TargetPort {
  /** Target portal group tag; also the relative target port id and the target port group. */
  readonly tpgt: number;
  readonly state: AccessState;
}

/** A unit that a nexus may access. */
export interface AccessibleUnit {
  readonly unit: LogicalUnit;
  readonly readOnly: boolean;
}

/** What a target device knows only through whoever serves it. */
export interface TargetSurroundings {
  /** Its ports through all gateways, also those that are down. */
  targetPorts(): readonly TargetPort[];
  /**
   * The unit of that NAA name in another target. Only one that the initiator of `nexus` may access:
   * EXTENDED COPY reads and writes what it names.
   */
  findUnit(naa: Buffer, nexus: Nexus): AccessibleUnit | undefined;
}

/** What commands see of the device that holds the units: as their nexus does. */
export interface UnitSet {
  targetPorts(): readonly TargetPort[];
  /** A unit of that NAA name, here or in another target, if the nexus may access it. */
  findUnit(naa: Buffer): AccessibleUnit | undefined;
  luns(): readonly number[];
}

/** Where a command acts. `unit` is undefined only for commands that answer without one. */
export interface Place<U extends LogicalUnit | undefined> {
  readonly unit: U;
  readonly units: UnitSet;
  readonly nexus: Nexus;
  /** The nexus may not write. */
  readonly readOnly: boolean;
}

/** Data-out of a command, and how much of it the initiator meant to send. */
export interface DataOutOffer {
  readonly data: ScatterList;
  /** The initiator's expected transfer length; may differ from what the CDB asks for. */
  readonly offeredLength: number;
}

interface CommandShape {
  readonly name: string;
  readonly opcode: number;
  readonly serviceAction?: number;
  /** Hexadecimal mask of the CDB bits that are evaluated, opcode and service action included. */
  readonly usage: string;
  readonly reservation: ReservationRule;
  /** A `write` to reservations that changes no block: who may only read may do it. */
  readonly leavesMedium?: true;
}

export interface CommandDefinition<C, U extends LogicalUnit | undefined> extends CommandShape {
  parse(cdb: Buffer, place: Place<U>): C | Refusal;
  /** Bytes of data-out that the CDB asks for; none when absent. */
  dataOutLength?(command: C, place: Place<U>): number;
  /** The CDB does not tell how long the list is: `dataOutLength` is the most that is taken of it. */
  readonly listLengthUntold?: true;
  /** Most bytes of data-in, for whoever bounds memory; small when absent. */
  dataInLength?(command: C, place: Place<U>): number;
  execute(
    command: C,
    place: Place<U>,
    offer: DataOutOffer,
    options: OperationOptions,
  ): CommandResult | Promise<CommandResult>;
}

/** A command ready to run: it was parsed and found valid. */
export interface ReadyCommand {
  readonly kind: "ready";
  readonly name: string;
  readonly dataOutLength: number;
  /** Less data-out than `dataOutLength` is no residual: only the initiator knows how much it is. */
  readonly listLengthUntold: boolean;
  readonly dataInLength: number;
  /** Against other hosts' reservations; absent where they do not matter. */
  readonly guard: Guard | undefined;
  run(offer: DataOutOffer, options: OperationOptions): CommandResult | Promise<CommandResult>;
}

/** One row of the command table. */
export interface CommandRow extends CommandShape {
  /** Answers for a LUN without a unit too, and does not report unit attentions. */
  readonly worksWithoutUnit: boolean;
  prepare(cdb: Buffer, place: Place<LogicalUnit | undefined>): ReadyCommand | Refusal;
}

function ready<C, U extends LogicalUnit | undefined>(
  definition: CommandDefinition<C, U>,
  cdb: Buffer,
  place: Place<U>,
): ReadyCommand | Refusal {
  const command = definition.parse(cdb, place);
  if (command instanceof Refusal) return command;
  return {
    kind: "ready",
    name: definition.name,
    dataOutLength: definition.dataOutLength?.(command, place) ?? 0,
    listLengthUntold: definition.listLengthUntold ?? false,
    dataInLength: definition.dataInLength?.(command, place) ?? 0,
    guard: place.unit?.guard.of(place.nexus, definition.reservation),
    run: (offer, options) => definition.execute(command, place, offer, options),
  };
}

const hasUnit = (place: Place<LogicalUnit | undefined>): place is Place<LogicalUnit> =>
  place.unit !== undefined;

/** A command of a logical unit. */
export function unitCommand<C>(definition: CommandDefinition<C, LogicalUnit>): CommandRow {
  return {
    ...definition,
    worksWithoutUnit: false,
    prepare: (cdb, place) => {
      assert(hasUnit(place), "a command of a unit is prepared with one");
      return ready(definition, cdb, place);
    },
  };
}

/** A command that answers for any LUN, even one that has no unit. */
export function deviceCommand<C>(
  definition: CommandDefinition<C, LogicalUnit | undefined>,
): CommandRow {
  return {
    ...definition,
    worksWithoutUnit: true,
    prepare: (cdb, place) => ready(definition, cdb, place),
  };
}
