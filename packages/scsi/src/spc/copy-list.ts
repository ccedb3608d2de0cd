// The parameter list of EXTENDED COPY(LID1) (SPC-4 6.4.3): header, identification descriptors of the
// units, block-to-block segments. Whatever is wrong with its shape is refused before anything is copied.
import { readUInt64 } from "../cdb.ts";
import { Refusal } from "../result.ts";
import { SENSE, type Sense } from "../sense.ts";
import {
  BLOCK_TO_BLOCK,
  COPY_HEADER_LENGTH,
  CSCD_MAX,
  DESCRIPTOR_LIST_MAX,
  IDENTIFICATION_CSCD,
  SEGMENTS_MAX,
} from "./copy-limits.ts";

/** LIST ID USAGE. */
const LIST_ID_USAGE = { hold: 0, discard: 2, none: 3 } as const;
/** Beside it, LU ID TYPE and NUL of SPC-3: SPC-4 has them ignored. */
const PERIPHERAL_TYPE_MASK = 0x1f;
const CODE_SET_BINARY = 1;
/** ASSOCIATION of the unit, designator type NAA. */
const NAA_OF_UNIT = 0x03;
const NAA_LENGTH = 16;
/** DC: the number of blocks is counted in blocks of the destination. */
const DESTINATION_COUNT = 0x02;

/** A copy source or copy destination (CSCD) as a list names it. */
export interface CopyAddress {
  readonly naa: Buffer;
  readonly blockSize: number;
}

export interface CopySegment {
  /** Indexes into the addresses; may lie beyond them. */
  readonly source: number;
  readonly destination: number;
  readonly sourceLba: number;
  readonly destinationLba: number;
  readonly count: number;
  readonly countsDestination: boolean;
}

export interface CopyList {
  /** Undefined: nobody will ask what became of it. */
  readonly listId: number | undefined;
  readonly addresses: readonly CopyAddress[];
  readonly segments: readonly CopySegment[];
}

const wrongField = (listByte: number): Refusal =>
  new Refusal({ ...SENSE.invalidFieldInParameterList, listByte });
const wrong = (sense: Sense, listByte: number): Refusal => new Refusal({ ...sense, listByte });

function parseAddress(list: Buffer, at: number): CopyAddress | Refusal {
  if (list.readUInt8(at) !== IDENTIFICATION_CSCD.type) {
    return wrong(SENSE.unsupportedCopyTarget, at);
  }
  if ((list.readUInt8(at + 1) & PERIPHERAL_TYPE_MASK) !== 0) return wrongField(at + 1);
  const isNaa =
    (list.readUInt8(at + 4) & 0x0f) === CODE_SET_BINARY &&
    (list.readUInt8(at + 5) & 0x3f) === NAA_OF_UNIT &&
    list.readUInt8(at + 7) === NAA_LENGTH;
  // Units have other designators too, but every host finds the NAA name among them.
  if (!isNaa) return wrongField(at + 4);
  return {
    naa: list.subarray(at + 8, at + 8 + NAA_LENGTH),
    blockSize: list.readUIntBE(at + 29, 3),
  };
}

function parseSegment(list: Buffer, at: number): CopySegment | Refusal {
  if (list.readUInt8(at) !== BLOCK_TO_BLOCK.type) return wrong(SENSE.unsupportedSegment, at);
  if (list.length - at < BLOCK_TO_BLOCK.length) return new Refusal(SENSE.parameterListLengthError);
  if (list.readUInt16BE(at + 2) !== BLOCK_TO_BLOCK.length - 4) return wrongField(at + 2);
  return {
    source: list.readUInt16BE(at + 4),
    destination: list.readUInt16BE(at + 6),
    count: list.readUInt16BE(at + 10),
    sourceLba: readUInt64(list, at + 12),
    destinationLba: readUInt64(list, at + 20),
    countsDestination: (list.readUInt8(at + 1) & DESTINATION_COUNT) !== 0,
  };
}

/** Descriptors of one length, one after the other, from `start` up to `end`. */
function parseAll<T>(
  parse: (list: Buffer, at: number) => T | Refusal,
  list: Buffer,
  { start, end, length }: { readonly start: number; readonly end: number; readonly length: number },
): T[] | Refusal {
  const found: T[] = [];
  for (let at = start; at < end; at += length) {
    const one = parse(list, at);
    if (one instanceof Refusal) return one;
    found.push(one);
  }
  return found;
}

/** The list identifier, or undefined when there is none. */
function parseListId(list: Buffer): number | undefined | Refusal {
  const usage = (list.readUInt8(1) >> 3) & 3;
  const listId = list.readUInt8(0);
  if (usage === LIST_ID_USAGE.none) return listId === 0 ? undefined : wrongField(0);
  return usage === LIST_ID_USAGE.hold || usage === LIST_ID_USAGE.discard ? listId : wrongField(1);
}

/** A list of more than no bytes, or why it is refused. */
export function parseCopyList(list: Buffer): CopyList | Refusal {
  if (list.length < COPY_HEADER_LENGTH) return new Refusal(SENSE.parameterListLengthError);
  const listId = parseListId(list);
  if (listId instanceof Refusal) return listId;
  const addressesLength = list.readUInt16BE(2);
  const segmentsLength = list.readUInt32BE(8);
  if (list.readUInt32BE(12) !== 0) return wrongField(12);
  const segmentsAt = COPY_HEADER_LENGTH + addressesLength;
  const end = segmentsAt + segmentsLength;
  if (end > list.length || addressesLength + segmentsLength > DESCRIPTOR_LIST_MAX) {
    return new Refusal(SENSE.parameterListLengthError);
  }
  if (addressesLength % IDENTIFICATION_CSCD.length !== 0) return wrongField(2);
  if (addressesLength > CSCD_MAX * IDENTIFICATION_CSCD.length) {
    return wrong(SENSE.tooManyCopyTargets, 2);
  }
  const addresses = parseAll(parseAddress, list, {
    start: COPY_HEADER_LENGTH,
    end: segmentsAt,
    length: IDENTIFICATION_CSCD.length,
  });
  if (addresses instanceof Refusal) return addresses;
  if (segmentsLength > SEGMENTS_MAX * BLOCK_TO_BLOCK.length) {
    return wrong(SENSE.tooManySegments, 8);
  }
  const segments = parseAll(parseSegment, list.subarray(0, end), {
    start: segmentsAt,
    end,
    length: BLOCK_TO_BLOCK.length,
  });
  return segments instanceof Refusal ? segments : { listId, addresses, segments };
}
