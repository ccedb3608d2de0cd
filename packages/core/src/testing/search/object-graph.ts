// Copies and prints of whole objects, private fields included, so that a search can keep many states of a
// class that knows nothing of being copied. Whatever field the class gains later is part of both. What a
// closure holds is in neither: whoever searches over a class that keeps closures prints that beside it.
import { crc32c } from "../../crc32c.ts";

/** A copy that shares with the original only what does not change: functions, bytes, frozen objects. */
export function copyGraph<T>(root: T): T {
  const copies = new Map<object, object>();
  const copy = (value: unknown): unknown => {
    if (typeof value !== "object" || value === null || isShared(value)) return value;
    const known = copies.get(value);
    if (known !== undefined) return known;
    const made = emptyLike(value);
    copies.set(value, made);
    if (value instanceof Map) {
      for (const [key, item] of value) (made as Map<unknown, unknown>).set(copy(key), copy(item));
    } else if (value instanceof Set) {
      for (const item of value) (made as Set<unknown>).add(copy(item));
    } else {
      for (const key of Object.keys(value)) {
        (made as Record<string, unknown>)[key] = copy((value as Record<string, unknown>)[key]);
      }
    }
    return made;
  };
  return copy(root) as T;
}

const isShared = (value: object): boolean => ArrayBuffer.isView(value) || Object.isFrozen(value);

function emptyLike(value: object): object {
  if (Array.isArray(value)) return [];
  if (value instanceof Map) return new Map();
  if (value instanceof Set) return new Set();
  return Object.create(Object.getPrototypeOf(value));
}

export interface PrintOptions {
  /** Names of fields that are left out: constant, or printed elsewhere. */
  readonly omitted?: ReadonlySet<string>;
  /** Counters of which only the distance to `newest` matters, and nothing below `oldest`. */
  readonly counters?: {
    readonly fields: ReadonlySet<string>;
    readonly oldest: number;
    readonly newest: number;
  };
}

/**
 * Equal for equal contents, in whatever order maps and sets of plain values were filled. An instance
 * of a class is printed where it is first met and named by a number from then on, so rings end.
 */
export function printGraph(
  root: unknown,
  { omitted = NOTHING, counters }: PrintOptions = {},
): string {
  const met = new Map<object, number>();
  const constants = constantsWithout(omitted);
  const field = (key: string, item: unknown): string => {
    if (!counters?.fields.has(key) || typeof item !== "number") return `${key}:${print(item)}`;
    return `${key}:${Math.max(item, counters.oldest) - counters.newest}`;
  };
  const fields = (value: object): string =>
    Object.entries(value)
      .filter(([key]) => !omitted.has(key))
      .map(([key, item]) => field(key, item))
      .join();
  const instance = (value: object): string => {
    const known = met.get(value);
    if (known !== undefined) return `#${known}`;
    met.set(value, met.size);
    return `(${fields(value)})`;
  };
  const print = (value: unknown): string => {
    if (typeof value === "function") return (value as { label?: string }).label ?? "";
    if (typeof value !== "object" || value === null) return String(value);
    if (ArrayBuffer.isView(value)) return printBytes(value);
    if (Array.isArray(value)) return `[${value.map(print).join()}]`;
    if (value instanceof Set) return `{${inOrder([...value], print).join()}}`;
    if (value instanceof Map) {
      const keys = [...value.keys()].sort();
      return `{${keys.map((key) => `${print(key)}:${print(value.get(key))}`).join()}}`;
    }
    if (Object.getPrototypeOf(value) !== Object.prototype) return instance(value);
    if (!Object.isFrozen(value)) return `(${fields(value)})`;
    return remembered(constants, value, () => `(${fields(value)})`);
  };
  return print(root);
}

const NOTHING: ReadonlySet<string> = new Set();

/** Bytes up to this length are printed as they are, longer ones by checksum. */
const PRINTED_BYTES_MAX = 64;

const checksums = new WeakMap<object, string>();

function printBytes(view: ArrayBufferView): string {
  const { buffer, byteOffset, byteLength } = view;
  const bytes = Buffer.from(buffer, byteOffset, byteLength);
  if (byteLength <= PRINTED_BYTES_MAX) return `x${bytes.toString("hex")}`;
  return remembered(checksums, view, () => `x${byteLength}.${crc32c(bytes).toString(16)}`);
}

/** Prints of frozen objects, by what was left out of them. */
const constantsByOmitted = new WeakMap<ReadonlySet<string>, WeakMap<object, string>>();

function constantsWithout(omitted: ReadonlySet<string>): WeakMap<object, string> {
  const known = constantsByOmitted.get(omitted);
  if (known !== undefined) return known;
  const made = new WeakMap<object, string>();
  constantsByOmitted.set(omitted, made);
  return made;
}

function remembered(prints: WeakMap<object, string>, value: object, print: () => string): string {
  const known = prints.get(value);
  if (known !== undefined) return known;
  const printed = print();
  prints.set(value, printed);
  return printed;
}

/** Plain values in any order are the same set; objects are told apart by their place. */
function inOrder(items: readonly unknown[], print: (item: unknown) => string): string[] {
  const printed = items.map(print);
  return items.some((item) => typeof item === "object") ? printed : printed.sort();
}

/** Makes it an error to change any part of `value`, bytes excepted. */
export function freezeGraph<T>(value: T): T {
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return value;
  for (const item of Object.values(value)) freezeGraph(item);
  return Object.freeze(value);
}
