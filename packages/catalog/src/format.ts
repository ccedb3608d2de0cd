// What the formats of commands, proposals and states have in common: a version comes first, equal
// values give equal bytes, and bytes that no version of ours wrote are a CodecError.
import { ByteReader, ByteWriter, CodecError } from "@ashlar/core";

/** Bytes of format `version`. @throws CodecError for a number that no format can hold. */
export function encoding(version: number, write: (to: ByteWriter) => void): Buffer {
  const to = new ByteWriter();
  to.u8(version);
  write(to);
  return to.take();
}

/** @throws CodecError for an unknown version, a field out of range, or bytes left over. */
export function decoding<T>(
  bytes: Buffer,
  known: readonly number[],
  read: (from: ByteReader, version: number) => T,
): T {
  const from = new ByteReader(bytes);
  const version = from.u8();
  if (!known.includes(version)) throw new CodecError(`format ${version} is unknown`);
  try {
    const value = read(from, version);
    from.end();
    return value;
  } catch (thrown) {
    if (thrown instanceof CodecError) throw thrown;
    throw new CodecError(`a field is out of range: ${String(thrown)}`);
  }
}

/** In one order, however the collection came about. */
export function sorted<T, K extends string | number>(
  values: Iterable<T>,
  key: (value: T) => K,
): T[] {
  return [...values].sort((a, b) => (key(a) < key(b) ? -1 : 1));
}
