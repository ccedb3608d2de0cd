// Copies and prints of whole objects, private fields included, so that a search can keep many states of a
// class that knows nothing of being copied. Whatever field the class gains later is part of both.

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

const isShared = (value: object): boolean => value instanceof Uint8Array || Object.isFrozen(value);

function emptyLike(value: object): object {
  if (Array.isArray(value)) return [];
  if (value instanceof Map) return new Map();
  if (value instanceof Set) return new Set();
  return Object.create(Object.getPrototypeOf(value));
}

/** Equal for equal contents, in whatever order sets and maps were filled; fields of `omitted` names are left out. */
export function printGraph(value: unknown, omitted: ReadonlySet<string> = NOTHING): string {
  if (typeof value === "function") return "";
  if (typeof value !== "object" || value === null) return String(value);
  if (value instanceof Uint8Array) return `x${Buffer.from(value).toString("hex")}`;
  const print = (item: unknown): string => printGraph(item, omitted);
  if (Array.isArray(value)) return `[${value.map(print).join()}]`;
  if (value instanceof Set) return `{${[...value].map(print).sort().join()}}`;
  if (value instanceof Map) {
    return `{${[...value]
      .map(([key, item]) => `${print(key)}:${print(item)}`)
      .sort()
      .join()}}`;
  }
  const fields = Object.entries(value).filter(([key]) => !omitted.has(key));
  return `(${fields.map(([key, item]) => `${key}:${print(item)}`).join()})`;
}

const NOTHING: ReadonlySet<string> = new Set();

/** Makes it an error to change any part of `value`, bytes excepted. */
export function freezeGraph<T>(value: T): T {
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return value;
  for (const item of Object.values(value)) freezeGraph(item);
  return Object.freeze(value);
}
