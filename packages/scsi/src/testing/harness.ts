// A target with one unit over memory, and commands given as hexadecimal CDBs.
import { MIB, NO_PATH, volumeId } from "@ashlar/core";
import { MemoryBlockDevice } from "@ashlar/core/testing";
import type { Nexus, TargetSurroundings } from "../command.ts";
import { LogicalUnit } from "../logical-unit.ts";
import { OPEN, type UnitPolicy } from "../nexus-units.ts";
import type { UnitReservations } from "../reservation-port.ts";
import type { CommandResult } from "../result.ts";
import { executeCommand, ScsiTarget } from "../target.ts";
import { LocalReservations } from "./local-reservations.ts";

/** A session of an initiator with a portal. */
export const testNexus = (initiatorName: string, tpgt: number): Nexus => ({
  name: `${initiatorName};t${tpgt}`,
  initiatorPort: `iqn.2026-11.test:${initiatorName},i,0x800000000001`,
  initiatorName,
  admittedAs: undefined,
  targetName: "iqn.2026-11.test:t",
  tpgt,
});
export const NEXUS_A: Nexus = testNexus("a", 1);
export const NEXUS_B: Nexus = testNexus("b", 2);

export interface TargetHarness {
  readonly target: ScsiTarget;
  readonly unit: LogicalUnit;
  readonly device: MemoryBlockDevice;
  run(cdb: string | Buffer, options?: RunOptions): Promise<Outcome>;
}

export interface RunOptions {
  readonly nexus?: Nexus;
  readonly lun?: number;
  readonly data?: Buffer;
}

/** A result as tests compare it: sense as `key/asc/ascq` in hexadecimal. */
export interface Outcome {
  readonly status: number;
  readonly sense: string | undefined;
  readonly data: Buffer;
  readonly result: CommandResult;
}

const hex = (value: number): string => value.toString(16).padStart(2, "0");

export interface HarnessOptions {
  readonly blockSize?: number;
  readonly sizeBytes?: number;
  /** Shared by several targets, as a volume is by gateways. */
  readonly device?: MemoryBlockDevice;
  readonly policy?: UnitPolicy;
  readonly surroundings?: TargetSurroundings;
  readonly reservations?: UnitReservations;
}

export function openTarget({
  blockSize = 512,
  sizeBytes = 16 * MIB,
  device = new MemoryBlockDevice({ sizeBytes, blockSize }),
  policy = OPEN,
  surroundings,
  reservations = new LocalReservations(),
}: HarnessOptions = {}): TargetHarness {
  const volume = volumeId("0f8fad5b-d9cb-469f-a165-70867728950e");
  const unit = new LogicalUnit({ device, volume, reservations });
  const target = new ScsiTarget(surroundings ? { policy, surroundings } : { policy });
  target.addUnit(0, unit);
  return {
    target,
    unit,
    device,
    async run(cdb, { nexus = NEXUS_A, lun = 0, data = Buffer.alloc(0) } = {}) {
      const bytes = typeof cdb === "string" ? Buffer.from(cdb.replaceAll(" ", ""), "hex") : cdb;
      const padded = Buffer.concat([bytes, Buffer.alloc(Math.max(0, 16 - bytes.length))]);
      const { signal } = new AbortController();
      const prepared = target.prepare(nexus, lun, padded);
      const offer = { data: [data], offeredLength: data.length };
      const permit = prepared.kind === "ready" ? prepared.permit : undefined;
      const result = await executeCommand(prepared, offer, { signal, path: NO_PATH, permit });
      const sense = result.sense && [2, 12, 13].map((at) => hex(result.sense?.[at] ?? 0)).join("/");
      return { status: result.status, sense, data: Buffer.concat(result.dataIn), result };
    },
  };
}
