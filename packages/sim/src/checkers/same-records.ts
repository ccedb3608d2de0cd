// P11, R9: in the end all members of the metadata group, and whoever follows them, have the same record of a
// volume, its reservations, mappings and generation included; and it is the one that a restart of everything
// found again.
import { isDeepStrictEqual } from "node:util";
import type { VolumeRecord } from "@ashlar/catalog";
import { assert } from "@ashlar/core";

export interface KeptRecord {
  /** Who has it. */
  readonly at: string;
  readonly record: VolumeRecord | undefined;
}

/** The one that all have. */
export function checkSameRecords(records: readonly KeptRecord[]): VolumeRecord {
  const [first, ...others] = records;
  assert(first?.record !== undefined, "P11: members: the first has the volume");
  for (const { at, record } of others) {
    const [one, other] = [first.record, record].map((each) => JSON.stringify(each));
    assert(
      isDeepStrictEqual(record, first.record),
      `P11: members: ${first.at} has ${one}, ${at} has ${other}`,
    );
  }
  return first.record;
}

/** What hosts rely on; generations may go on. */
export function checkKeptRecord(before: VolumeRecord, after: VolumeRecord | undefined): void {
  for (const part of ["reservations", "access", "mappings", "resets"] as const) {
    assert(
      isDeepStrictEqual(before[part], after?.[part]),
      `P11: restart: ${part} were ${JSON.stringify(before[part])}, are ${JSON.stringify(after?.[part])}`,
    );
  }
}
