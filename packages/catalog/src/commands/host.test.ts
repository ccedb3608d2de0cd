import { hostName, type InitiatorName, initiatorName, LUN_MAX } from "@ashlar/core";
import { expect, test } from "vitest";
import { accessOf, changesNothing } from "../access.ts";
import { decodeState, encodeState } from "../encode.ts";
import { CatalogMirror } from "../mirror.ts";
import {
  type AccessEdit,
  HOSTS_MAX,
  INITIATORS_MAX,
  MAPPINGS_MAX,
  type VolumeRecord,
} from "../records.ts";
import { TestCatalog, testVolume } from "../testing/cluster.ts";

const volume = testVolume(1);
const one = hostName("one");
const two = hostName("two");
const SECRET = "a secret that is long";
const iqn = (name: string): InitiatorName => initiatorName(`iqn.2026-11.test:${name}`);
const at = { createdAt: "2026-11-01T00:00:00.000Z" };
const create = (name: string, ...initiators: InitiatorName[]) =>
  ({ kind: "createHost", host: hostName(name), initiators, chap: undefined, ...at }) as const;
const set = { kind: "setHost", host: one, added: [], removed: [], chap: undefined } as const;
const map = (host = one, lun = 0, readOnly = false): AccessEdit => ({
  kind: "map",
  mapping: { host, lun, readOnly },
});

/** A volume, and two hosts of one initiator each. */
function made(): TestCatalog {
  const catalog = TestCatalog.created(2);
  catalog.volume(1, 1);
  catalog.done(create("one", iqn("1")));
  catalog.done(create("two", iqn("2")));
  return catalog;
}

const recordOf = ({ state }: TestCatalog): VolumeRecord => state.view.volumes.get(volume)!;

const prepare = (edit: AccessEdit) =>
  ({ kind: "prepareChange", volume, change: { kind: "access", edit } }) as const;

function change(catalog: TestCatalog, edit: AccessEdit): void {
  const { generation } = catalog.done(prepare(edit));
  catalog.done({ kind: "commitChange", volume, generation });
}

const accessIn = (catalog: TestCatalog, name: string) =>
  accessOf(catalog.state.view, recordOf(catalog), iqn(name));

test("a volume is open to any initiator until it is mapped, and stays closed after the last unmap", () => {
  const catalog = made();
  expect(accessIn(catalog, "stranger")).toEqual({ kind: "readWrite", lun: 0 });
  catalog.done(prepare(map(one, 7)));
  expect(accessIn(catalog, "stranger"), "before it is committed").toMatchObject({ lun: 0 });
  catalog.done({ kind: "commitChange", volume, generation: 2 });
  expect(accessIn(catalog, "1")).toEqual({ kind: "readWrite", lun: 7 });
  for (const name of ["2", "stranger"]) expect(accessIn(catalog, name)).toEqual({ kind: "none" });
  change(catalog, map(two, 0, true));
  expect(accessIn(catalog, "2")).toEqual({ kind: "readOnly", lun: 0 });
  for (const host of [one, two]) change(catalog, { kind: "unmap", host });
  for (const name of ["1", "2", "stranger"]) {
    expect(accessIn(catalog, name)).toEqual({ kind: "none" });
  }
  change(catalog, { kind: "open" });
  expect(accessIn(catalog, "stranger")).toEqual({ kind: "readWrite", lun: 0 });
  expect(recordOf(catalog).generation).toBe(6);
  expect(catalog.faults).toEqual([]);
});

test("mapped again, a host has the new mapping alone; a change that is given up changes nothing", () => {
  const catalog = made();
  change(catalog, map(two));
  change(catalog, map(one, 1));
  change(catalog, map(one, 2, true));
  const mappings = [
    { host: one, lun: 2, readOnly: true },
    { host: two, lun: 0, readOnly: false },
  ];
  expect(recordOf(catalog).mappings).toEqual(mappings);
  expect(changesNothing(recordOf(catalog), map(one, 2, true))).toBe(true);
  expect(changesNothing(recordOf(catalog), map(one, 2, false))).toBe(false);
  expect(changesNothing(recordOf(catalog), { kind: "unmap", host: one })).toBe(false);
  const { generation } = catalog.done(prepare({ kind: "unmap", host: one }));
  catalog.done({ kind: "abortChange", volume, generation });
  expect(recordOf(catalog).mappings).toEqual(mappings);
  expect(catalog.faults).toEqual([]);
});

test("a host that is mapped, or about to be, is neither deleted nor loses an initiator", () => {
  const catalog = made();
  const refusal = { kind: "refused", code: "host/in-use", hint: expect.stringContaining("unmap") };
  const taken = { ...set, added: [iqn("3")], removed: [iqn("1")] };
  const { generation } = catalog.done(prepare(map()));
  const refuses = (): void => {
    expect(catalog.apply({ kind: "deleteHost", host: one }).result).toMatchObject(refusal);
    expect(catalog.apply(taken).result).toMatchObject(refusal);
  };
  refuses();
  catalog.done({ kind: "commitChange", volume, generation });
  refuses();
  catalog.done({ ...set, added: [iqn("3")] });
  expect(accessIn(catalog, "3")).toMatchObject({ kind: "readWrite" });
  change(catalog, { kind: "unmap", host: one });
  catalog.done({ ...set, removed: [iqn("1")] });
  catalog.done({ kind: "deleteHost", host: one });
  expect(catalog.apply({ kind: "deleteHost", host: one }).result).toMatchObject({
    code: "host/not-found",
  });
  expect(catalog.state.view.hostOf(iqn("3"))).toBeUndefined();
  expect(catalog.faults).toEqual([]);
});

test("an initiator belongs to one host", () => {
  const catalog = made();
  const refusal = { code: "host/initiator-taken", message: expect.stringContaining('host "two"') };
  expect(catalog.apply(create("three", iqn("2"))).result).toMatchObject(refusal);
  expect(catalog.apply({ ...set, added: [iqn("2")] }).result).toMatchObject(refusal);
  expect(catalog.apply(create("one", iqn("9"))).result).toMatchObject({ code: "host/exists" });
  catalog.done({ ...set, host: two, added: [iqn("4")], removed: [iqn("2")] });
  catalog.done({ ...set, added: [iqn("2")] });
  expect(catalog.state.view.hostOf(iqn("2"))?.host).toBe(one);
  expect(catalog.faults).toEqual([]);
});

test.each([
  ["no initiator", create("x"), "1 to 16"],
  [
    "too many initiators",
    create("x", ...Array.from({ length: INITIATORS_MAX + 1 }, (_, n) => iqn(`x${n}`))),
    "1 to 16",
  ],
  [
    "a short secret",
    { ...create("x", iqn("x")), chap: { user: "", secret: "eleven char", mutual: undefined } },
    "secret is not possible",
  ],
  [
    "a secret of other characters",
    { ...create("x", iqn("x")), chap: { user: "", secret: "sécret of a host", mutual: undefined } },
    "secret is not possible",
  ],
  [
    "a target without a user",
    {
      ...create("x", iqn("x")),
      chap: { user: "", secret: SECRET, mutual: { user: "", secret: `${SECRET}er` } },
    },
    "user is not possible",
  ],
  [
    "one secret for both directions",
    {
      ...create("x", iqn("x")),
      chap: { user: "", secret: SECRET, mutual: { user: "target", secret: SECRET } },
    },
    "the same secret",
  ],
])("a host with %s is refused", (_what, command, message) => {
  const { result } = made().apply(command);
  expect(result).toMatchObject({
    code: "argument/invalid",
    message: expect.stringContaining(message),
  });
  expect(JSON.stringify(result)).not.toContain(SECRET);
});

test("a secret is changed and taken away, the rest stays", () => {
  const catalog = made();
  const chap = { user: "u", secret: SECRET, mutual: { user: "t", secret: `${SECRET}er` } };
  catalog.done({ ...set, chap: { now: chap } });
  catalog.done({ ...set, added: [iqn("3")] });
  expect(catalog.state.view.hosts.get(one)).toMatchObject({
    chap,
    initiators: [iqn("1"), iqn("3")],
  });
  catalog.done({ ...set, chap: { now: undefined } });
  expect(catalog.state.view.hosts.get(one)?.chap).toBeUndefined();
});

test("mappings name hosts that exist and LUNs of one byte, and there is a limit to them", () => {
  const catalog = made();
  const unknown = map(hostName("nobody"));
  expect(catalog.apply(prepare(unknown)).result).toMatchObject({ code: "host/not-found" });
  const beyond = catalog.apply(prepare(map(one, LUN_MAX + 1)));
  expect(beyond.result).toMatchObject({ code: "argument/invalid" });
  const never = catalog.apply(prepare({ kind: "unmap", host: one }));
  expect(never.result).toMatchObject({ code: "host/not-mapped" });
  const hosts = Array.from({ length: MAPPINGS_MAX + 1 }, (_, n) => hostName(`h${n}`));
  for (const host of hosts) catalog.done(create(host, iqn(host)));
  for (const host of hosts.slice(1)) change(catalog, map(host));
  const refusal = { code: "volume/too-many-mappings" };
  expect(catalog.apply(prepare(map(hosts[0]))).result).toMatchObject(refusal);
  change(catalog, map(hosts[1], LUN_MAX));
  change(catalog, { kind: "unmap", host: hosts[1]! });
  change(catalog, map(hosts[0]));
  expect(catalog.faults).toEqual([]);
});

test("there is a limit to hosts", () => {
  const catalog = TestCatalog.created(1);
  for (let number = 0; number < HOSTS_MAX; number += 1) {
    catalog.done(create(`h${number}`, iqn(`${number}`)));
  }
  expect(catalog.apply(create("more", iqn("more"))).result).toMatchObject({
    code: "host/too-many",
  });
});

test("a volume may be made for nobody, and a snapshot keeps who may use what", () => {
  const catalog = made();
  const draft = catalog.begin(2, 1, 0, "mapped");
  const chap = { user: "u", secret: SECRET, mutual: { user: "t", secret: `${SECRET}er` } };
  catalog.done({ ...set, chap: { now: chap } });
  change(catalog, map(one, 3, true));
  catalog.done(prepare({ kind: "unmap", host: one }));
  const read = new TestCatalog(decodeState(encodeState(catalog.state)));
  expect(read.state.drafts.get(draft)?.record).toMatchObject({ access: "mapped", mappings: [] });
  expect(recordOf(read)).toEqual(recordOf(catalog));
  expect([...read.state.view.hosts]).toEqual([...catalog.state.view.hosts]);
  read.done({ kind: "commitChange", volume, generation: 3 });
  expect(accessIn(read, "1")).toEqual({ kind: "none" });
});

test("a mirror that is replaced knows no host that is gone, nor its initiators", () => {
  const { view } = made().state;
  const mirror = new CatalogMirror();
  mirror.apply([...view.list()], 1);
  const list = [...view.list()].filter(({ kind }) => kind !== "host");
  const told = mirror.replace(list, 2);
  expect(told.filter(({ kind }) => kind === "hostDeleted")).toHaveLength(2);
  expect([mirror.hosts.size, mirror.hostOf(iqn("1"))]).toEqual([0, undefined]);
});
