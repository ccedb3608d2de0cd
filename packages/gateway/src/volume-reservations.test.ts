// What is told of reservations is proved, by whoever answers first; what a lost nexus had reserved is released.
import { CatalogMirror, UNUSED_STATE, type VolumeRecord } from "@ashlar/catalog";
import { familyId, type ScatterList, SystemError, volumeId, volumeName } from "@ashlar/core";
import { NO_RESERVATIONS, type ReservationAction, type Reservations } from "@ashlar/reservations";
import { silentLog } from "@ashlar/runtime";
import { ManualClock } from "@ashlar/runtime/testing";
import { beforeEach, expect, test } from "vitest";
import { VolumeReservations } from "./volume-reservations.ts";

const volume = volumeId("0f8fad5b-d9cb-469f-a165-000000000001");
const A = { initiatorPort: "iqn.2026-11.test:a,i,0x1", targetPort: 1 };
const never = new AbortController().signal;
const unavailable = new SystemError("cluster/unavailable", "nobody leads");
const record: VolumeRecord = {
  volume,
  name: volumeName("v"),
  family: familyId(1),
  sizeBytes: 2 ** 20,
  blockSize: 512,
  replicas: 1,
  ...UNUSED_STATE,
  iqn: "iqn.2026-11.io.ashlar:00000000:v",
  lun: 0,
  createdAt: "",
  access: "any",
  mappings: [],
};

let view: CatalogMirror;
let clock: ManualClock;
let index: number;
/** How the cluster answers; each call asks for the newest. */
let catchUp: (signal: AbortSignal) => Promise<void>;
let read: (signal: AbortSignal) => Promise<ScatterList>;
let asked: ReservationAction[];
let answer: () => Promise<"changed">;

beforeEach(() => {
  view = new CatalogMirror();
  clock = new ManualClock();
  index = 0;
  asked = [];
  catchUp = async () => {};
  read = async () => [];
  answer = async () => "changed";
  put(record);
});

function put(next: VolumeRecord): void {
  index += 1;
  view.apply([{ kind: "volume", record: next }], index);
}

const reservedBy = (gateway: number): Reservations => ({
  ...NO_RESERVATIONS,
  changes: 1,
  reserved: { ...A, gateway },
});

const open = (): VolumeReservations =>
  new VolumeReservations(
    {
      catalog: {
        view,
        catchUp: ({ signal }) => catchUp(signal),
        changeReservation: ({ action }) => {
          asked.push(action);
          return answer();
        },
      },
      device: { blockSize: 512, read: (_offset, _length, { signal }) => read(signal) },
      incarnation: () => 7,
      clock,
      log: silentLog,
    },
    volume,
  );

/** Never answers; rejects when nobody waits any more. */
const hanging = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));

test("the metadata service proves a copy while the volume stands still, which is asked no longer then", async () => {
  let given: AbortSignal | undefined;
  read = (signal) => {
    given = signal;
    return hanging(signal);
  };
  expect(await open().proved({ signal: never })).toBe(NO_RESERVATIONS);
  expect(given?.aborted).toBe(true);
});

test("a read under the copy's generation proves it without a metadata leader", async () => {
  catchUp = () => Promise.reject(unavailable);
  expect(await open().proved({ signal: never })).toBe(NO_RESERVATIONS);
});

test("P11: a read that went on under a newer generation proves nothing about the older copy", async () => {
  catchUp = () => Promise.reject(unavailable);
  let reads = 0;
  const reservations = reservedBy(8);
  read = async () => {
    reads += 1;
    if (reads === 1) put({ ...record, generation: 2, reservations });
    return [];
  };
  expect(await open().proved({ signal: never })).toEqual(reservations);
  expect(reads).toBe(2);
});

test("when nobody can prove it, it is not told", async () => {
  catchUp = () => Promise.reject(unavailable);
  read = () => Promise.reject(new SystemError("chunk/unavailable", "no replica answers"));
  await expect(open().proved({ signal: never })).rejects.toMatchObject({
    code: "cluster/unavailable",
  });
});

test("RESERVE names the gateway's incarnation, with which it ends", async () => {
  await open().change({ kind: "take", nexus: A }, { signal: never });
  expect(asked).toEqual([{ kind: "take", nexus: A, gateway: 7 }]);
});

test("a lost nexus releases what it had reserved, and asks for nothing else", async () => {
  const reservations = open();
  await reservations.nexusLost(A);
  expect(asked).toEqual([]);
  put({ ...record, reservations: reservedBy(7) });
  answer = async () => {
    put(record);
    return "changed";
  };
  await reservations.nexusLost(A);
  expect(asked).toEqual([{ kind: "give", nexus: A }]);
});

test("without a leader the end of a session waits a little for that, and it is tried until it is done", async () => {
  put({ ...record, reservations: reservedBy(7) });
  const reservations = open();
  let failures = 2;
  answer = async () => {
    if (failures-- > 0) throw unavailable;
    put(record);
    return "changed";
  };
  const lost = reservations.nexusLost(A);
  await expect.poll(() => asked.length).toBe(1);
  clock.advance(1_000);
  await expect.poll(() => asked.length).toBe(2);
  clock.advance(1_000);
  await lost;
  await expect.poll(() => asked.length).toBe(3);
  expect(reservations.current.reserved).toBeUndefined();
});

test("a volume that is closed tries no longer", async () => {
  put({ ...record, reservations: reservedBy(7) });
  const reservations = open();
  answer = () => Promise.reject(unavailable);
  const lost = reservations.nexusLost(A);
  await expect.poll(() => asked.length).toBe(1);
  reservations.close();
  await lost;
  clock.advance(60_000);
  expect(asked).toHaveLength(1);
});
