import { UNUSED_STATE, type VolumeRecord } from "@ashlar/catalog";
import { familyId, volumeId, volumeName } from "@ashlar/core";
import { expect, it } from "vitest";
import { checkKeptRecord, checkSameRecords } from "./same-records.ts";

const record: VolumeRecord = {
  volume: volumeId("0f8fad5b-d9cb-469f-a165-000000000001"),
  name: volumeName("demo"),
  family: familyId(1),
  sizeBytes: 1024,
  blockSize: 512,
  replicas: 1,
  ...UNUSED_STATE,
  access: "any",
  mappings: [],
  iqn: "iqn.2026-11.io.ashlar:demo",
  lun: 0,
  createdAt: "2026-11-22T00:00:00.000Z",
};
const cleared = { ...record.reservations, changes: 7 };

it("P11: all have the same record in the end", () => {
  const same = checkSameRecords([
    { at: "metadata-1", record },
    { at: "metadata-2", record: structuredClone(record) },
  ]);
  expect(same).toBe(record);
  const other = { at: "metadata-2", record: { ...record, reservations: cleared } };
  expect(() => checkSameRecords([{ at: "metadata-1", record }, other])).toThrow(/metadata-2 has/);
  expect(() => checkSameRecords([{ at: "metadata-1", record: undefined }])).toThrow(/P11/);
});

it("P11: a restart loses nothing of it", () => {
  checkKeptRecord(record, { ...record, generation: 9 });
  const lost = { ...record, reservations: cleared };
  expect(() => checkKeptRecord(record, lost)).toThrow(/P11: restart: reservations/);
  expect(() => checkKeptRecord(record, undefined)).toThrow(/P11: restart/);
});
