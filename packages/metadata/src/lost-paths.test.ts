import { nodeId } from "@ashlar/core";
import { expect, test } from "vitest";
import { LostPaths } from "./lost-paths.ts";

const [one, two] = [nodeId("storage-1"), nodeId("gateway-1")];
const peers = [
  { id: "storage-2", address: "10.0.1.2:7,10.0.2.2:7" },
  { id: "metadata-1", address: "10.0.1.9:7,10.0.2.9:7" },
];
const [storage, member] = peers.map(({ address }) => address) as [string, string];
const all = () => true;

test("what processes tell last is listed by the names of peers, until they tell that it is over", () => {
  const lost = new LostPaths();
  lost.heard(one, 3, [
    { address: storage, path: "10.0.2.2" },
    { address: member, path: "10.0.2.9:7" },
    { address: "10.9.9.9:7,10.9.8.9:7", path: "10.9.9.9:7" },
  ]);
  lost.heard(two, 4, [{ address: storage, path: "10.0.2.2" }]);
  expect(lost.list(peers, all)).toEqual([
    { process: two, peer: "storage-2", path: "10.0.2.2" },
    { process: one, peer: "metadata-1", path: "10.0.2.9:7" },
    { process: one, peer: "storage-2", path: "10.0.2.2" },
  ]);
  lost.heard(one, 3, []);
  expect(lost.list(peers, all).map(({ process }) => process)).toEqual([two]);
});

test("who is down, or another by now, has said nothing", () => {
  const lost = new LostPaths();
  lost.heard(one, 3, [{ address: storage, path: "10.0.2.2" }]);
  expect(
    lost.list(peers, (process, incarnation) => process === one && incarnation === 3),
  ).toHaveLength(1);
  expect(lost.list(peers, (_, incarnation) => incarnation === 5)).toEqual([]);
});
