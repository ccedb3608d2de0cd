// Programmer errors stop the process: a broken invariant in a storage system must never be carried
// on to disk. Operating errors (a full disk, a lost peer) are SystemError instead, see errors.ts.

/** Thrown by {@link assert}; a process that sees one logs it and ends. */
export class AssertionError extends Error {
  override readonly name = "AssertionError";
}

/** States an invariant. `message` names the rule (K1, P13, …) or says what must hold. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new AssertionError(message);
}

/** Marks the default branch of an exhaustive switch. */
export function assertNever(value: never, message = "unexpected variant"): never {
  throw new AssertionError(`${message}: ${JSON.stringify(value)}`);
}

/** The value, asserted to be there: for look-ups that a rule says cannot fail. */
export function present<T>(value: T | undefined | null, message: string): T {
  if (value === undefined || value === null) throw new AssertionError(message);
  return value;
}
