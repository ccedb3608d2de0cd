import type { AccessEdit, CatalogChange } from "@ashlar/catalog";
import { TestCatalog, testNode, testVolume } from "@ashlar/catalog/testing";
import { hostName, initiatorName } from "@ashlar/core";
import { describe, expect, test } from "vitest";
import type { WatchMessage__Output } from "../gen/ashlar/v1/WatchMessage.ts";
import { catalogService } from "../services.ts";
import { CHUNKS_PER_MESSAGE_MAX, changesOf, toWatchMessages, type WatchStep } from "./catalog.ts";

function overTheWire(step: WatchStep): WatchMessage__Output[] {
  const { responseSerialize, responseDeserialize } = catalogService.Watch;
  return [...toWatchMessages(step)].map((message) =>
    responseDeserialize(responseSerialize(message)),
  );
}

const changesIn = (messages: readonly WatchMessage__Output[]): CatalogChange[] =>
  messages.flatMap((message) => [...changesOf(message)]);

/** Hosts of every form, and volumes that are mapped or about to be. */
function hostsOf(catalog: TestCatalog): void {
  const chap = { user: "", secret: "a secret of one", mutual: undefined };
  const mutual = { user: "target", secret: "a secret of two" };
  const forms = { bare: undefined, proven: chap, both: { ...chap, user: "user", mutual } };
  for (const [name, form] of Object.entries(forms)) {
    const initiators = [
      initiatorName(`iqn.2026-11.test:${name}`),
      initiatorName(`naa.${Buffer.from(name.padEnd(8)).toString("hex")}`),
    ];
    const host = { host: hostName(name), initiators, chap: form, createdAt: "2026" };
    catalog.done({ kind: "createHost", ...host });
  }
  const bare = { host: hostName("bare"), lun: 255, readOnly: true };
  const both = { host: hostName("both"), lun: 0, readOnly: false };
  const edits: readonly AccessEdit[] = [
    { kind: "map", mapping: bare },
    { kind: "map", mapping: both },
    { kind: "unmap", host: bare.host },
  ];
  const volume = testVolume(1);
  edits.forEach((edit, at) => {
    const change = { kind: "access", edit } as const;
    const { generation } = catalog.done({ kind: "prepareChange", volume, change });
    if (at < edits.length - 1) catalog.done({ kind: "commitChange", volume, generation });
  });
  catalog.volume(3, 1);
  const change = { kind: "access", edit: edits[0]! } as const;
  catalog.done({ kind: "prepareChange", volume: testVolume(3), change });
  catalog.volume(4, 1);
  catalog.done({
    kind: "prepareChange",
    volume: testVolume(4),
    change: { kind: "access", edit: { kind: "open" } },
  });
}

describe("a step of the watch over the wire", () => {
  test("is the same list of changes, every kind of record included", () => {
    const catalog = TestCatalog.created(3, 2);
    catalog.done({
      kind: "gatewayUp",
      gateway: testNode(9),
      bootId: "g",
      portals: [{ address: "127.0.0.1:3260", tpgt: 1, role: "private" }],
      incarnationSeen: 0,
    });
    const drain = { kind: "drainGateway", gateway: testNode(9) } as const;
    catalog.done({ ...drain, draining: true, force: true });
    catalog.nodeUp(3, { boot: 2, disks: 2, familySeen: 4 });
    catalog.volume(1, 7, 3);
    catalog.volume(2, 5, 2);
    catalog.done({ kind: "advanceGeneration", volume: testVolume(2), reset: true });
    const change = { kind: "delete" } as const;
    catalog.done({ kind: "prepareChange", volume: testVolume(2), change });
    hostsOf(catalog);
    catalog.nodeDown(1);
    catalog.nodeUp(1, { boot: 2, disks: 2 });
    const metadata = { node: testNode(8), address: "127.0.0.1:7100" };
    catalog.done({ kind: "memberExpected", ...metadata });
    catalog.done({ kind: "memberJoined", ...metadata, member: 2 ** 48 - 1 });
    const { view } = catalog.state;
    const changes: CatalogChange[] = [...view.list()];
    changes.push({ kind: "hostDeleted", host: hostName("bare") });
    changes.push({ kind: "memberRemoved", node: testNode(8) });
    const [volume] = [...view.volumes.values()];
    changes.push({ kind: "volumeDeleted", volume: volume!.volume, family: volume!.family });
    const messages = overTheWire({ logId: "log", index: 77, full: true, changes });
    expect(changesIn(messages)).toEqual(changes);
    expect(messages.map(({ complete }) => complete)).toEqual([false, true]);
    expect(messages[0]).toMatchObject({ logId: "log", index: 77, full: true });
  });

  test("holds at most CHUNKS_PER_MESSAGE_MAX chunks a message, and an empty one is complete", () => {
    const catalog = TestCatalog.created(2);
    const family = catalog.volume(1, 10);
    const one = catalog.state.view.chunksOf(family);
    const many = Array.from({ length: 2 * CHUNKS_PER_MESSAGE_MAX + 5 }, (_, at) => ({
      kind: "chunk" as const,
      record: one[at % one.length]!,
    }));
    const messages = overTheWire({ logId: "log", index: 1, full: false, changes: many });
    expect(messages.map(({ chunks }) => chunks?.chunks.length)).toEqual([
      CHUNKS_PER_MESSAGE_MAX,
      CHUNKS_PER_MESSAGE_MAX,
      5,
    ]);
    expect(messages.map(({ complete }) => complete)).toEqual([false, false, true]);
    const [empty] = overTheWire({ logId: "log", index: 2, full: false, changes: [] });
    expect(empty).toMatchObject({ index: 2, complete: true });
  });
});
