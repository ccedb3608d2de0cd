// Binary encoding by combinators: a codec per type, a record's codec is a table of its fields, in
// order. Numbers are LEB128 and below 2^53, text is UTF-8 behind its length. Decoding never trusts a
// length: what runs past the end is a CodecError.

export class CodecError extends Error {
  override readonly name = "CodecError";
}

const INITIAL_BYTES = 256;
/** Seven bits per byte: 2^53 needs eight. */
const VARINT_BYTES_MAX = 8;

/** Fits into the bits of an integer. */
const SMALL_MAX = 0x7fff_ffff;

export class ByteWriter {
  private buffer = Buffer.allocUnsafe(INITIAL_BYTES);
  private length = 0;

  u8(value: number): void {
    this.room(1);
    this.buffer[this.length] = value;
    this.length += 1;
  }

  uint(value: number): void {
    if (!Number.isSafeInteger(value) || value < 0) throw new CodecError(`not a uint: ${value}`);
    this.room(VARINT_BYTES_MAX);
    let rest = value;
    while (rest > SMALL_MAX) {
      this.buffer[this.length] = (rest % 0x80) + 0x80;
      this.length += 1;
      rest = Math.floor(rest / 0x80);
    }
    // Nearly all are small, and bits are several times faster than divisions.
    while (rest >= 0x80) {
      this.buffer[this.length] = (rest & 0x7f) | 0x80;
      this.length += 1;
      rest >>>= 7;
    }
    this.buffer[this.length] = rest;
    this.length += 1;
  }

  text(value: string): void {
    const size = Buffer.byteLength(value);
    this.uint(size);
    this.room(size);
    this.buffer.write(value, this.length);
    this.length += size;
  }

  /** Bytes behind their length. */
  bytes(value: Uint8Array): void {
    this.uint(value.length);
    this.room(value.length);
    this.buffer.set(value, this.length);
    this.length += value.length;
  }

  /** Bytes as they are: what another writer wrote. */
  raw(value: Uint8Array): void {
    this.room(value.length);
    this.buffer.set(value, this.length);
    this.length += value.length;
  }

  /** What was written; the writer is not used afterwards. */
  take(): Buffer {
    return this.buffer.subarray(0, this.length);
  }

  private room(size: number): void {
    if (this.length + size <= this.buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.buffer.length * 2, this.length + size));
    this.buffer.copy(larger, 0, 0, this.length);
    this.buffer = larger;
  }
}

export class ByteReader {
  private readonly buffer: Buffer;
  private at = 0;

  constructor(bytes: Buffer) {
    this.buffer = bytes;
  }

  u8(): number {
    if (this.at >= this.buffer.length) throw new CodecError("ends too early");
    const value = this.buffer.readUInt8(this.at);
    this.at += 1;
    return value;
  }

  uint(): number {
    let value = 0;
    let factor = 1;
    for (let count = 0; count < VARINT_BYTES_MAX; count += 1) {
      const byte = this.u8();
      value += (byte % 0x80) * factor;
      factor *= 0x80;
      if (byte < 0x80) {
        if (!Number.isSafeInteger(value)) break;
        return value;
      }
    }
    throw new CodecError("number too large");
  }

  text(): string {
    const size = this.uint();
    if (size > this.buffer.length - this.at) throw new CodecError("text runs past the end");
    const value = this.buffer.toString("utf8", this.at, this.at + size);
    this.at += size;
    return value;
  }

  /** Bytes behind their length: a view of what is read. */
  bytes(): Buffer {
    const size = this.uint();
    if (size > this.buffer.length - this.at) throw new CodecError("bytes run past the end");
    this.at += size;
    return this.buffer.subarray(this.at - size, this.at);
  }

  /** A count of elements, each at least a byte long. */
  count(): number {
    const count = this.uint();
    if (count > this.buffer.length - this.at) throw new CodecError("list runs past the end");
    return count;
  }

  end(): void {
    if (this.at !== this.buffer.length) throw new CodecError("bytes are left over");
  }
}

export interface Codec<T> {
  readonly write: (to: ByteWriter, value: T) => void;
  readonly read: (from: ByteReader) => T;
}

export const uint: Codec<number> = {
  write: (to, value) => to.uint(value),
  read: (from) => from.uint(),
};

export const text: Codec<string> = {
  write: (to, value) => to.text(value),
  read: (from) => from.text(),
};

export const bytes: Codec<Uint8Array> = {
  write: (to, value) => to.bytes(value),
  read: (from) => from.bytes(),
};

export const flag: Codec<boolean> = {
  write: (to, value) => to.u8(value ? 1 : 0),
  read: (from) => {
    const value = from.u8();
    if (value > 1) throw new CodecError(`not a flag: ${value}`);
    return value === 1;
  },
};

/** A value that may be absent, behind a flag. */
export const optional = <T>(codec: Codec<T>): Codec<T | undefined> => ({
  write: (to, value) => {
    flag.write(to, value !== undefined);
    if (value !== undefined) codec.write(to, value);
  },
  read: (from) => (flag.read(from) ? codec.read(from) : undefined),
});

/** A branded value that stands as a plain one; `parse` checks and brands it. */
export const mapped = <P, T extends P>(plain: Codec<P>, parse: (value: P) => T): Codec<T> => ({
  write: (to, value) => plain.write(to, value),
  read: (from) => parse(plain.read(from)),
});

/** One of a few words, as its place in the list: append only. */
export const oneOf = <const T extends string>(words: readonly T[]): Codec<T> => ({
  write: (to, value) => to.u8(words.indexOf(value)),
  read: (from) => {
    const word = words[from.u8()];
    if (word === undefined) throw new CodecError(`none of ${words.join(", ")}`);
    return word;
  },
});

export const list = <T>(element: Codec<T>): Codec<readonly T[]> => ({
  write: (to, values) => {
    to.uint(values.length);
    for (const value of values) element.write(to, value);
  },
  read: (from) => {
    const values: T[] = [];
    for (let count = from.count(); count > 0; count -= 1) values.push(element.read(from));
    return values;
  },
});

/** Fields in the order of the table: the format, so a new field goes to the end of a new version. */
export function record<T extends object>(
  fields: {
    readonly [K in keyof T]-?: Codec<T[K]>;
  },
): Codec<T> {
  const entries = Object.entries(fields) as [keyof T & string, Codec<unknown>][];
  return {
    write: (to, value) => {
      for (const [name, codec] of entries) codec.write(to, value[name]);
    },
    read: (from) =>
      Object.fromEntries(entries.map(([name, codec]) => [name, codec.read(from)])) as T,
  };
}
