// What clients did and saw, and whether it can be explained: every 512-byte sector must be a
// linearizable register (P6). Values are the seq of the operation that wrote them, or those of several whose
// bits were joined; 0 is zeros.

export interface SectorOperation {
  /** A miscompare is a read, too: of anything but what was expected. */
  readonly kind: "read" | "write" | "or" | "swap" | "miscompare";
  /** Read or expected. */
  readonly before: number;
  /** Written; of an or-write the bits that it sets. */
  readonly after: number;
  readonly start: number;
  /** Infinity when nobody knows whether it took effect. */
  end: number;
}

function fits({ kind, before }: SectorOperation, value: number): boolean {
  if (kind === "write" || kind === "or") return true;
  return kind === "miscompare" ? before !== value : before === value;
}

function leaves({ kind, after }: SectorOperation, value: number): number {
  if (kind === "or") return value | after;
  return kind === "write" || kind === "swap" ? after : value;
}

/** Whether some order of the operations explains all results (Wing and Gong, with memory). */
export function isLinearizable(operations: readonly SectorOperation[]): boolean {
  const sorted = [...operations].sort((a, b) => a.start - b.start);
  const seen = new Set<string>();
  const explain = (left: readonly SectorOperation[], value: number): boolean => {
    if (left.every(({ end }) => end === Number.POSITIVE_INFINITY)) return true;
    const key = `${value}:${left.map((operation) => sorted.indexOf(operation)).join()}`;
    if (seen.has(key)) return false;
    seen.add(key);
    const firstEnd = Math.min(...left.map(({ end }) => end));
    for (const operation of left) {
      if (operation.start > firstEnd) break;
      if (!fits(operation, value)) continue;
      const next = leaves(operation, value);
      if (
        explain(
          left.filter((other) => other !== operation),
          next,
        )
      )
        return true;
    }
    return false;
  };
  return explain(sorted, 0);
}
