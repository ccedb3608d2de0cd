import { getEventListeners } from "node:events";
import { present } from "@ashlar/core";
import { nodeClock } from "@ashlar/runtime";
import { afterEach, describe, expect, it } from "vitest";
import { ChunkChecks } from "./chunk-checks.ts";
import { chunkOf, ReplicaNodes } from "./testing/replica-nodes.ts";

let nodes: ReplicaNodes | undefined;
afterEach(() => nodes?.stop());

describe("a check of many chunks", () => {
  it("leaves no listener on its signal behind", async () => {
    nodes = new ReplicaNodes(1);
    const family = nodes.volume(1, 12, 1);
    const chunks = Array.from({ length: 12 }, (_, index) => chunkOf(family, index));
    for (const chunk of chunks) await nodes.operate(chunk);
    const { id, disk, replicas } = nodes.node(1);
    const checks = new ChunkChecks({
      node: id,
      view: nodes.catalog.state.view,
      disks: { all: [disk], get: () => disk },
      replicas: present(replicas, "the node runs"),
      clock: nodeClock,
    });
    const { signal } = new AbortController();
    const equal: boolean[] = [];
    const send = async ({ different, error }: { different: number; error: unknown }) => {
      expect(getEventListeners(signal, "abort")).toHaveLength(0);
      equal.push(different === 0 && error === undefined);
    };
    await checks.checkChunks(chunks, send, { signal });
    expect(equal).toEqual(chunks.map(() => true));
  });
});
