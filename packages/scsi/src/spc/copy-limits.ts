// What EXTENDED COPY takes, as RECEIVE COPY OPERATING PARAMETERS and VPD page 8F tell it: one source, one
// destination, and segments that together stay well below the time that hosts give a command.
import { MIB } from "@ashlar/core";

export const COPY_HEADER_LENGTH = 16;
/** Identification CSCD descriptor, the only kind of address here. */
export const IDENTIFICATION_CSCD = { type: 0xe4, length: 32 } as const;
/** Block device to block device, the only kind of segment here. */
export const BLOCK_TO_BLOCK = { type: 0x02, length: 28 } as const;
/** A source and a destination. */
export const CSCD_MAX = 2;
export const SEGMENTS_MAX = 8;
/** Bytes of one segment; eight of them are 128 MiB, a second or two of work. */
export const SEGMENT_LENGTH_MAX = 16 * MIB;
export const DESCRIPTOR_LIST_MAX =
  CSCD_MAX * IDENTIFICATION_CSCD.length + SEGMENTS_MAX * BLOCK_TO_BLOCK.length;
/** Bytes of a whole parameter list; there is no inline data. */
export const COPY_LIST_MAX = COPY_HEADER_LENGTH + DESCRIPTOR_LIST_MAX;
/** In rising order. */
export const DESCRIPTOR_TYPES = [BLOCK_TO_BLOCK.type, IDENTIFICATION_CSCD.type];
/** Copies that one nexus can find again by list identifier. */
export const IDENTIFIED_COPIES = 1;
/** All copies at a time: as many as the transport lets a session queue. */
export const CONCURRENT_COPIES = 32;
