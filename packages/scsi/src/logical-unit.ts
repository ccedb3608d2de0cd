// One logical unit: a block device with an identity, and what it keeps for each nexus: its unit
// attentions, its echo buffer and what became of its last copy.
import {
  type BlockDevice,
  CHECKSUM_UNIT,
  EXTENT_SIZE,
  KIB,
  MIB,
  type VolumeId,
} from "@ashlar/core";
import { CopyStatuses } from "./copy-statuses.ts";
import { identityOf, type UnitIdentity } from "./identity.ts";
import { ReservationGuard } from "./reservation-guard.ts";
import type { UnitReservations } from "./reservation-port.ts";
import { UnitAttentions } from "./unit-attention.ts";

/** Longest READ, WRITE or VERIFY with data: bounds the memory of one task. */
const TRANSFER_MAX = 8 * MIB;
/** What an initiator should aim for; one operation on a chunk. */
const TRANSFER_OPTIMAL = 1 * MIB;
/** Longest UNMAP range: stays below 100 ms of work for the cluster. */
const UNMAP_MAX = 256 * MIB;
/** Longest WRITE SAME: a pattern is written out, so it takes the time of a WRITE. */
const WRITE_SAME_MAX = TRANSFER_MAX;
/** UNMAP descriptors of one command: a parameter list of 4 KiB. */
export const UNMAP_DESCRIPTORS_MAX = 255;
/** Blocks of one COMPARE AND WRITE: one never crosses a chunk border, so it is always atomic. */
export const COMPARE_AND_WRITE_MAX = 1;
/** A pattern is built and written in pieces of this size. */
export const PIECE_LENGTH = 256 * KIB;

/** Limits in blocks, as VPD page B0 tells them and the commands enforce them. */
export interface UnitLimits {
  readonly transfer: number;
  readonly transferOptimal: number;
  readonly transferGranularity: number;
  readonly unmap: number;
  readonly unmapGranularity: number;
  readonly writeSame: number;
}

export class LogicalUnit {
  readonly device: BlockDevice;
  readonly volume: VolumeId;
  readonly identity: UnitIdentity;
  readonly blockSize: number;
  readonly limits: UnitLimits;
  readonly attentions = new UnitAttentions();
  readonly reservations: UnitReservations;
  readonly guard: ReservationGuard;
  readonly copies = new CopyStatuses();
  /** What WRITE BUFFER put into the echo buffer, by nexus. */
  readonly echoes = new Map<string, Buffer>();

  constructor({
    device,
    volume,
    reservations,
  }: {
    readonly device: BlockDevice;
    readonly volume: VolumeId;
    readonly reservations: UnitReservations;
  }) {
    this.device = device;
    this.volume = volume;
    this.reservations = reservations;
    this.guard = new ReservationGuard(reservations);
    this.identity = identityOf(volume);
    this.blockSize = device.blockSize;
    const blocks = (bytes: number): number => bytes / device.blockSize;
    this.limits = {
      transfer: blocks(TRANSFER_MAX),
      transferOptimal: blocks(TRANSFER_OPTIMAL),
      transferGranularity: blocks(CHECKSUM_UNIT),
      unmap: blocks(UNMAP_MAX),
      unmapGranularity: blocks(EXTENT_SIZE),
      writeSame: blocks(WRITE_SAME_MAX),
    };
  }

  forgetNexus(nexus: string): void {
    this.attentions.forget(nexus);
    this.copies.forget(nexus);
    this.echoes.delete(nexus);
  }

  /** May grow. */
  get blockCount(): number {
    return Math.floor(this.device.sizeBytes / this.blockSize);
  }

  /** Whether `count` blocks from `lba` lie within the unit. */
  covers(lba: number, count: number): boolean {
    return lba + count <= this.blockCount;
  }
}
