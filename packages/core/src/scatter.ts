// Payload travels as a list of buffers, from the socket of the initiator to the disk and back,
// without being joined: copying is the larger part of what a byte costs here.

/** Buffers whose concatenation is the payload. Nobody changes them once handed over. */
export type ScatterList = readonly Buffer[];

export function scatterLength(list: ScatterList): number {
  let length = 0;
  for (const buffer of list) length += buffer.length;
  return length;
}

/** The part `[offset, offset + length)` of a list, sharing its memory. */
export function scatterSlice(list: ScatterList, offset: number, length: number): Buffer[] {
  const parts: Buffer[] = [];
  let skip = offset;
  let left = length;
  for (const buffer of list) {
    if (left === 0) break;
    if (skip >= buffer.length) {
      skip -= buffer.length;
      continue;
    }
    const part = buffer.subarray(skip, Math.min(buffer.length, skip + left));
    parts.push(part);
    left -= part.length;
    skip = 0;
  }
  return parts;
}

/** One buffer with the whole payload; copies only when the list has more than one. */
export function scatterJoin(list: ScatterList): Buffer {
  return list.length === 1 && list[0] ? list[0] : Buffer.concat(list);
}

/** The bits of both, in memory of its own. The lists are equally long. */
export function scatterOr(a: ScatterList, b: ScatterList): Buffer {
  const bits = Buffer.concat(a);
  const more = scatterJoin(b);
  for (let at = 0; at < bits.length; at++) bits[at] = (bits[at] ?? 0) | (more[at] ?? 0);
  return bits;
}
