// Limits of one chunk's replica, each with its reason.
import { MIB } from "@ashlar/core";

/** Uncommitted payload: what a new primary re-sends and a member holds in memory stays bounded. */
export const UNCOMMITTED_BYTES_MAX: number = 32 * MIB;
/** Uncommitted entries: their LSNs fit one promise message with room. */
export const UNCOMMITTED_ENTRIES_MAX = 1024;
/** Reads and miscompares in hand: as for writes, a silent member may keep all of them waiting. */
export const UNCONFIRMED_ANSWERS_MAX = 1024;
/** What they hold: as much as uncommitted writes may. */
export const UNCONFIRMED_BYTES_MAX: number = 32 * MIB;
/** Operations waiting for a range or for activation; more are told to come back. */
export const WAITING_OPERATIONS_MAX = 256;
/** Extents on their way to a learner: hides one round trip and one disk read, bounds memory. */
export const COPIES_IN_FLIGHT_MAX = 4;
/**
 * D of P9: how long an operation may be on its way, from the issue of its token to its LSN. Longer
 * than any healthy wait, shorter than the time after which an initiator tries another path.
 */
export const OPERATION_AGE_MAX_MS = 1000;
/**
 * Operations of one gateway incarnation that are logged in a chunk and not known to be resolved:
 * several times what it can have in flight to a node. Beyond it they are told to come back.
 */
export const WINDOW_OPERATIONS_MAX = 2048;
/** How far they may lie apart: windows travel and are stored as 32-bit distances. */
export const OPERATION_SPAN_MAX: number = 2 ** 32 - 1;
/** Gateway incarnations with a window in a chunk, the dead ones not counted: gateways are few. */
export const OPERATION_WINDOWS_MAX = 64;
/** Ticks (5 ms each) an operation is held for an activation under way before it is told to wait. */
export const HELD_TICKS_MAX = 20;
/** Ticks between attempts at a peer or an admission that was refused. */
export const RETRY_TICKS = 20;
/** Damaged units a member names when it has verified a chunk: the next check finds what is left. */
export const DAMAGED_UNITS_TOLD_MAX = 1024;
