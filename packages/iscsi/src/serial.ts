// 32-bit serial-number arithmetic (RFC 1982), as RFC 7143 uses it for CmdSN, StatSN and DataSN.
// A serial is a number 0 .. 2^32 - 1; comparing two that lie 2^31 or more apart has no meaning.

export const serialAdd = (serial: number, count: number): number => (serial + count) >>> 0;

/** How far `to` lies ahead of `from`: negative when behind. */
export const serialDistance = (from: number, to: number): number => (to - from) | 0;

export const serialLess = (a: number, b: number): boolean => serialDistance(a, b) > 0;

/** Whether `serial` lies in the closed window; an empty window is one whose last precedes first. */
export const serialWithin = (serial: number, first: number, last: number): boolean =>
  serialDistance(first, serial) >= 0 && serialDistance(serial, last) >= 0;
