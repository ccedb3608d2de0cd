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
let prove: (signal: AbortSignal) => Promise<{ readonly changes: number }>;
let read: (signal: AbortSignal) => Promise<ScatterList>;
let asked: ReservationAction[];
let answer: () => Promise<"changed">;

beforeEach(() => {
  view = new CatalogMirror();
  clock = new ManualClock();
  index = 0;
  asked = [];
  prove = async () => newest();
  read = async () => [];
  answer = async () => "changed";
  put(record);
});

function put(next: VolumeRecord): void {
  index += 1;
  view.apply([{ kind: "volume", record: next }], index);
}

const newest = (): Reservations => view.volumes.get(volume)?.reservations ?? NO_RESERVATIONS;

const reservedBy = (gateway: number, serial = 1): Reservations => ({
  ...NO_RESERVATIONS,
  changes: 1,
  reserved: { ...A, gateway, serial },
});
const take = { kind: "take", nexus: A, seen: 0 } as const;
const give = { kind: "give", nexus: A, seen: 0, gateway: 7 } as const;

const open = (): VolumeReservations =>
  new VolumeReservations(
    {
      catalog: {
        view,
        proveReservations: (_volume, { signal }) => prove(signal),
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
  prove = () => Promise.reject(unavailable);
  expect(await open().proved({ signal: never })).toBe(NO_RESERVATIONS);
});

test("P11: a read that went on under a newer generation proves nothing about the older copy", async () => {
  prove = () => Promise.reject(unavailable);
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

test("P11: the metadata service proves the state that it named, and not a newer one that came meanwhile", async () => {
  read = hanging;
  const reservations = reservedBy(8);
  const proven: number[] = [];
  prove = async () => {
    const { changes } = newest();
    proven.push(changes);
    if (proven.length === 1) put({ ...record, generation: 2, reservations });
    return { changes };
  };
  expect(await open().proved({ signal: never })).toEqual(reservations);
  expect(proven).toEqual([0, 1]);
});

test("when nobody can prove it, it is not told", async () => {
  prove = () => Promise.reject(unavailable);
  read = () => Promise.reject(new SystemError("chunk/unavailable", "no replica answers"));
  await expect(open().proved({ signal: never })).rejects.toMatchObject({
    code: "cluster/unavailable",
  });
});

test("a change that cannot be had in time is the cluster's trouble, not the target's", async () => {
  answer = () => Promise.reject(new DOMException("too late", "TimeoutError"));
  const clear = { kind: "clear", nexus: A, seen: 0, key: "00000000000000aa" } as const;
  await expect(open().change(clear)).rejects.toMatchObject({ code: "cluster/unavailable" });
});

test("a session's RESERVE has a number of the gateway's incarnation, also when it asks again", async () => {
  const reservations = open();
  await reservations.change(take);
  answer = () => Promise.reject(unavailable);
  await expect(reservations.change(take)).rejects.toBe(unavailable);
  answer = async () => "changed";
  await reservations.change({ ...take, kind: "give" });
  await reservations.nexusLost(A);
  await reservations.change(take);
  expect(asked).toEqual([
    { ...take, gateway: 7, serial: 1 },
    { ...take, gateway: 7, serial: 1 },
    { ...give, serial: 1 },
    { ...give, serial: 1 },
    { ...take, gateway: 7, serial: 2 },
  ]);
});

test("a lost nexus releases what it had reserved, and asks for nothing else", async () => {
  const reservations = open();
  await reservations.nexusLost(A);
  expect(asked).toEqual([]);
  await reservations.change(take);
  await reservations.nexusLost(A);
  await reservations.nexusLost(A);
  expect(asked.slice(1)).toEqual([{ ...give, serial: 1 }]);
});

test("a RESERVE that is under way when its session ends is released when it is known", async () => {
  const reservations = open();
  let settle = (): void => {};
  answer = () =>
    new Promise((resolve) => {
      settle = () => resolve("changed");
    });
  const taken = reservations.change(take);
  const lost = reservations.nexusLost(A);
  expect(asked).toHaveLength(1);
  settle();
  await taken;
  await expect.poll(() => asked.length).toBe(2);
  settle();
  await lost;
  expect(asked[1]).toEqual({ ...give, serial: 1 });
});

test("without a leader the end of a session waits a little; what its successor reserves is another", async () => {
  const reservations = open();
  await reservations.change(take);
  let failures = 2;
  answer = async () => {
    if (failures-- > 0) throw unavailable;
    return "changed";
  };
  const lost = reservations.nexusLost(A);
  await expect.poll(() => asked.length).toBe(2);
  clock.advance(1_000);
  await expect.poll(() => asked.length).toBe(3);
  clock.advance(1_000);
  await lost;
  await reservations.change(take);
  await expect.poll(() => asked.length).toBe(5);
  expect(asked.slice(3)).toContainEqual({ ...give, serial: 1 });
  expect(asked.slice(3)).toContainEqual({ ...take, gateway: 7, serial: 2 });
});

test("a volume that is closed tries no longer", async () => {
  const reservations = open();
  await reservations.change(take);
  answer = () => Promise.reject(unavailable);
  const lost = reservations.nexusLost(A);
  await expect.poll(() => asked.length).toBe(2);
  reservations.close();
  await lost;
  clock.advance(60_000);
  expect(asked).toHaveLength(2);
});
