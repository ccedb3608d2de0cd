// Binary encoding by combinators: a codec per type, a record's codec is a table of its fields, in
// order. Numbers are LEB128 and below 2^53, text is UTF-8 behind its length. Decoding never trusts a
// length: what runs past the end is a CodecError.

export class CodecError extends Error {
  override readonly name = "CodecError";
}

const INITIAL_BYTES = 256;
/** Seven bits per byte: 2^53 needs eight. */
const VARINT_BYTES_MAX = 8;

export class ByteWriter {
  private bytes = Buffer.allocUnsafe(INITIAL_BYTES);
  private length = 0;

  u8(value: number): void {
    this.room(1);
    this.bytes[this.length] = value;
    this.length += 1;
  }

  uint(value: number): void {
    if (!Number.isSafeInteger(value) || value < 0) throw new CodecError(`not a uint: ${value}`);
    this.room(VARINT_BYTES_MAX);
    let rest = value;
    while (rest >= 0x80) {
      this.bytes[this.length] = (rest % 0x80) + 0x80;
      this.length += 1;
      rest = Math.floor(rest / 0x80);
    }
    this.bytes[this.length] = rest;
    this.length += 1;
  }

  text(value: string): void {
    const size = Buffer.byteLength(value);
    this.uint(size);
    this.room(size);
    this.bytes.write(value, this.length);
    this.length += size;
  }

  /** What was written; the writer is not used afterwards. */
  take(): Buffer {
    return this.bytes.subarray(0, this.length);
  }

  private room(size: number): void {
    if (this.length + size <= this.bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.bytes.length * 2, this.length + size));
    this.bytes.copy(larger, 0, 0, this.length);
    this.bytes = larger;
  }
}

export class ByteReader {
  private readonly bytes: Buffer;
  private at = 0;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  u8(): number {
    if (this.at >= this.bytes.length) throw new CodecError("ends too early");
    const value = this.bytes.readUInt8(this.at);
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
    if (size > this.bytes.length - this.at) throw new CodecError("text runs past the end");
    const value = this.bytes.toString("utf8", this.at, this.at + size);
    this.at += size;
    return value;
  }

  /** A count of elements, each at least a byte long. */
  count(): number {
    const count = this.uint();
    if (count > this.bytes.length - this.at) throw new CodecError("list runs past the end");
    return count;
  }

  end(): void {
    if (this.at !== this.bytes.length) throw new CodecError("bytes are left over");
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
