// EXTENDED COPY(LID1) (SPC-4 6.4, 5.17): a host lets the gateway copy blocks. It reads and writes like
// the host itself would, so only units that the host may access are found, and segments take effect
// in order; the first that cannot be done ends the command and is named in the sense.
import { type OperationOptions, SystemError, scatterJoin, toSystemError } from "@ashlar/core";
import {
  type AccessibleUnit,
  type DataOutOffer,
  type Nexus,
  type Place,
  unitCommand,
} from "../command.ts";
import { COPY_STATE, type CopyState } from "../copy-statuses.ts";
import { resultOfError } from "../error-sense.ts";
import type { LogicalUnit } from "../logical-unit.ts";
import { type Guard, guarded } from "../reservation-guard.ts";
import { type CommandResult, checkCondition, GOOD, Refusal } from "../result.ts";
import { SENSE, type Sense, STATUS } from "../sense.ts";
import { COPY_LIST_MAX, SEGMENT_LENGTH_MAX } from "./copy-limits.ts";
import { type CopyAddress, type CopyList, type CopySegment, parseCopyList } from "./copy-list.ts";

/** Bytes that are in memory at a time. */
const COPY_PIECE = 1024 * 1024;

/** A segment whose units are found and cover it, in bytes. */
interface Move {
  readonly source: LogicalUnit;
  readonly destination: LogicalUnit;
  readonly from: number;
  readonly to: number;
  readonly length: number;
}

/** The unit of an address, if this nexus may access it and the host knows its block size. */
function unitOf(
  address: CopyAddress | undefined,
  place: Place<LogicalUnit>,
): AccessibleUnit | Sense {
  const found = address && place.units.findUnit(address.naa);
  if (!found) return SENSE.unreachableCopyTarget;
  return found.unit.blockSize === address.blockSize ? found : SENSE.copyAborted;
}

const isMove = (move: Move | Sense): move is Move => "source" in move;
const isUnit = (found: AccessibleUnit | Sense): found is AccessibleUnit => "unit" in found;

function moveOf(
  segment: CopySegment,
  addresses: readonly CopyAddress[],
  place: Place<LogicalUnit>,
): Move | Sense {
  const read = unitOf(addresses[segment.source], place);
  if (!isUnit(read)) return read;
  const written = unitOf(addresses[segment.destination], place);
  if (!isUnit(written)) return written;
  if (written.readOnly) return SENSE.writeProtected;
  const [source, destination] = [read.unit, written.unit];
  const { blockSize } = segment.countsDestination ? destination : source;
  const length = segment.count * blockSize;
  const sourceBlocks = length / source.blockSize;
  const destinationBlocks = length / destination.blockSize;
  const fits =
    length <= SEGMENT_LENGTH_MAX &&
    Number.isInteger(sourceBlocks) &&
    Number.isInteger(destinationBlocks) &&
    source.covers(segment.sourceLba, sourceBlocks) &&
    destination.covers(segment.destinationLba, destinationBlocks);
  if (!fits) return SENSE.copyAborted;
  const from = segment.sourceLba * source.blockSize;
  const to = segment.destinationLba * destination.blockSize;
  return { source, destination, from, to, length };
}

const overlap = (a: number, b: number, length: number): boolean => a < b + length && b < a + length;

/** Whether doing all of it again after a part was done comes to the same: no source is written to. */
function isRepeatable(moves: readonly (Move | Sense)[]): boolean {
  const known = moves.filter(isMove);
  return known.every((writing) =>
    known.every(
      (reading) =>
        writing.destination !== reading.source ||
        !overlap(writing.to, reading.from, Math.max(writing.length, reading.length)),
    ),
  );
}

/** A unit's part in a copy, and what may forbid it. */
interface Side {
  readonly unit: LogicalUnit;
  readonly guard: Guard | undefined;
  readonly writes: boolean;
}

const sideOf = (
  unit: LogicalUnit,
  rule: "read" | "write",
  { nexus }: Place<LogicalUnit>,
): Side => ({
  unit,
  guard: unit.guard.of(nexus, rule),
  writes: rule === "write",
});

/** The host may use the other unit no more, or not write it: only sessions of that unit's target hear of it. */
function stillAllows({ unit, writes }: Side, { units }: Place<LogicalUnit>): void {
  const now = units.findUnit(unit.identity.naa);
  if (now?.unit === unit && !(writes && now.readOnly)) return;
  throw new SystemError("operation/aborted", "the host may not use the unit any more");
}

/** One operation on a side, under whatever permits it when it is sent. */
const operate = <T>(
  side: Side,
  place: Place<LogicalUnit>,
  { signal, path }: OperationOptions,
  run: (options: OperationOptions) => Promise<T>,
): Promise<T> => {
  const permit = (): void => {
    stillAllows(side, place);
    side.guard?.permit();
  };
  return guarded(side.guard, { signal, path }, () => {
    stillAllows(side, place);
    return run({ signal, path, permit });
  });
};

/** Piece by piece, from the end when the destination overlaps what is yet to be read. */
async function copy(
  { source, destination, from, to, length }: Move,
  place: Place<LogicalUnit>,
  options: OperationOptions,
): Promise<void> {
  const reading = sideOf(source, "read", place);
  const writing = sideOf(destination, "write", place);
  const backwards = source === destination && to > from && to < from + length;
  const pieces = Math.ceil(length / COPY_PIECE);
  for (let index = 0; index < pieces; index += 1) {
    const at = (backwards ? pieces - 1 - index : index) * COPY_PIECE;
    const piece = Math.min(COPY_PIECE, length - at);
    const data = await operate(reading, place, options, (each) =>
      source.device.read(from + at, piece, each),
    );
    await operate(writing, place, options, (each) => destination.device.write(to + at, data, each));
  }
}

/** Keeps for RECEIVE COPY STATUS how far a copy came. */
class CopyProgress {
  private readonly unit: LogicalUnit;
  private readonly nexus: Nexus;
  private readonly listId: number | undefined;
  private segmentsDone = 0;
  private bytesDone = 0;

  constructor({ unit, nexus }: Place<LogicalUnit>, listId: number | undefined) {
    this.unit = unit;
    this.nexus = nexus;
    this.listId = listId;
    if (listId !== undefined) unit.copies.begin(nexus.name, listId);
  }

  segmentDone(bytes: number): void {
    this.segmentsDone += 1;
    this.bytesDone += bytes;
    this.tell(COPY_STATE.inProgress);
  }

  /** Ends it with `result`. */
  ended(result: CommandResult): CommandResult {
    this.tell(result.status === STATUS.good ? COPY_STATE.done : COPY_STATE.failed);
    return result;
  }

  private tell(state: CopyState): void {
    const { listId, segmentsDone, bytesDone } = this;
    if (listId === undefined) return;
    this.unit.copies.update(this.nexus.name, { listId, state, segmentsDone, bytesDone });
  }
}

async function copySegments(
  { listId, addresses, segments }: CopyList,
  place: Place<LogicalUnit>,
  options: OperationOptions,
): Promise<CommandResult> {
  const progress = new CopyProgress(place, listId);
  const moves = segments.map((segment) => moveOf(segment, addresses, place));
  const repeatable = isRepeatable(moves);
  for (const [index, move] of moves.entries()) {
    if (!isMove(move)) return progress.ended(checkCondition({ ...move, information: index }));
    try {
      await copy(move, place, options);
    } catch (thrown) {
      const result = resultOfError(toSystemError(thrown));
      // Hosts repeat what met BUSY, and would copy what was copied over.
      const misleads = result.status === STATUS.busy && !result.fateUnknown && !repeatable;
      const aborted = checkCondition({ ...SENSE.copyTargetFailed, information: index });
      return progress.ended(misleads ? aborted : result);
    }
    progress.segmentDone(move.length);
  }
  return progress.ended(GOOD);
}

function execute(
  { listLength }: { readonly listLength: number },
  place: Place<LogicalUnit>,
  offer: DataOutOffer,
  options: OperationOptions,
): CommandResult | Promise<CommandResult> {
  if (listLength === 0) return GOOD;
  const list = parseCopyList(scatterJoin(offer.data));
  if (list instanceof Refusal) return checkCondition(list.sense);
  return copySegments(list, place, options);
}

export const EXTENDED_COPY = unitCommand({
  name: "EXTENDED COPY(LID1)",
  opcode: 0x83,
  serviceAction: 0x00,
  usage: "83000000000000000000ffffffff0000",
  reservation: "write",
  parse: (cdb) => {
    const listLength = cdb.readUInt32BE(10);
    return listLength > COPY_LIST_MAX
      ? new Refusal(SENSE.parameterListLengthError)
      : { listLength };
  },
  dataOutLength: ({ listLength }) => listLength,
  // Nothing goes to the initiator, but this much is held meanwhile.
  dataInLength: () => COPY_PIECE,
  execute,
});
