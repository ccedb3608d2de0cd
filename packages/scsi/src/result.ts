// What a command leaves behind: status, sense and data for the initiator.
import type { ScatterList } from "@ashlar/core";
import { encodeSense, type Sense, STATUS, type Status } from "./sense.ts";

export interface CommandResult {
  readonly status: Status;
  /** Fixed format; only with CHECK CONDITION. */
  readonly sense: Buffer | undefined;
  /** As much as the CDB asked for; the transport cuts it to what the initiator expects. */
  readonly dataIn: ScatterList;
  /** Nobody knows whether it took effect: no status would be true, the nexus has to go instead. */
  readonly fateUnknown?: true;
}

const NOTHING: ScatterList = [];

export const GOOD: CommandResult = { status: STATUS.good, sense: undefined, dataIn: NOTHING };

export const goodWith = (dataIn: ScatterList): CommandResult => ({
  status: STATUS.good,
  sense: undefined,
  dataIn,
});

export const withStatus = (status: Status): CommandResult => ({
  status,
  sense: undefined,
  dataIn: NOTHING,
});

export const checkCondition = (sense: Sense): CommandResult => ({
  status: STATUS.checkCondition,
  sense: encodeSense(sense),
  dataIn: NOTHING,
});

/** A reply cut to the CDB's allocation length. */
export const allocated = (reply: Buffer, allocationLength: number): CommandResult =>
  goodWith([reply.length > allocationLength ? reply.subarray(0, allocationLength) : reply]);

/** What a parser answers instead of a command. */
export class Refusal {
  readonly sense: Sense;

  constructor(sense: Sense) {
    this.sense = sense;
  }
}
