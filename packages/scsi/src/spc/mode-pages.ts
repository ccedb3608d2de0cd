// The mode pages (SPC-4 7.5), for MODE SENSE and MODE SELECT. Nothing is changeable: the values hold
// for the unit through every gateway, and none of them is kept where all gateways see it.

export const BLOCK_DESCRIPTOR_LENGTH = 8;
/** Header lengths of the 6 and 10 byte commands. */
export const MODE_HEADER = { six: 4, ten: 8 } as const;

/** Page bodies after code and length, current values. */
export const MODE_PAGES: ReadonlyMap<number, Buffer> = new Map([
  // Disconnect-reconnect: no limits.
  [0x02, Buffer.alloc(14)],
  // Caching: WCE 0, read cache on.
  [0x08, Buffer.alloc(18)],
  // Control: TST 0, QERR 0, D_SENSE 0, SWP 0, TAS 0, unlimited busy timeout.
  [0x0a, Buffer.from([0, 0x10, 0, 0, 0, 0, 0xff, 0xff, 0, 0])],
  // Power condition: no timers.
  [0x1a, Buffer.alloc(10)],
  // Informational exceptions: none reported.
  [0x1c, Buffer.alloc(10)],
]);
