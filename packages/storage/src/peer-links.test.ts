import { testNode, testStore } from "@ashlar/catalog/testing";
import { chunkId, familyId, LSN_ZERO, SystemError } from "@ashlar/core";
import { REPLICATION_VERSION, type ReplicationMessage } from "@ashlar/replica";
import { type CarrierDialer, encodeReplication, type Frame } from "@ashlar/rpc";
import { memoryCarrierPair } from "@ashlar/rpc/testing";
import { nodeClock, silentLog } from "@ashlar/runtime";
import { afterEach, describe, expect, it } from "vitest";
import { PeerLinks } from "./peer-links.ts";

const head = { chunk: chunkId(familyId(1), 0), epoch: 1, session: 1 };
const ack: ReplicationMessage = { ...head, kind: "appendAck", lsn: LSN_ZERO, freeBytes: 0 };
const opening: ReplicationMessage = {
  ...head,
  kind: "newEpoch",
  store: testStore(1),
  version: 1,
  tail: LSN_ZERO,
  commit: LSN_ZERO,
};

const pair = () =>
  memoryCarrierPair({
    purpose: "replication",
    client: { node: testNode(1), incarnation: 1 },
    server: { node: testNode(2), incarnation: 1 },
  });

let links: PeerLinks | undefined;
afterEach(() => links?.stop());

/** Links whose every event is noted; they dial the given carrier once. */
function open(dialed?: ReturnType<typeof pair>["client"]): { heard: string[]; links: PeerLinks } {
  const heard: string[] = [];
  let left = dialed;
  const dialer: CarrierDialer = {
    dial: async () => {
      const carrier = left;
      left = undefined;
      if (!carrier) throw new SystemError("rpc/unavailable", "nobody there");
      return carrier;
    },
  };
  const addressOf = (): string => "peer";
  links = new PeerLinks(
    { dialer, clock: nodeClock, log: silentLog, addressOf },
    {
      onUp: () => heard.push("up"),
      onDown: () => heard.push("down"),
      fromMember: (_, { kind }) => heard.push(kind),
      fromPrimary: (_, { kind }) => heard.push(kind),
    },
  );
  return { heard, links };
}

const malformed: Frame = { type: 2, id: 0, body: [Buffer.alloc(3)] };

describe("a peer that sends what it must not", () => {
  it.each<[string, Frame]>([
    [
      "a member's message on a carrier it opened to lead",
      encodeReplication(ack, REPLICATION_VERSION),
    ],
    ["a frame that is no message", malformed],
  ])("%s: loses that carrier, and nothing is heard of it", async (_, frame) => {
    const { client, server } = pair();
    const { heard, links: accepting } = open();
    const closed = new Promise<Error>((resolve) => server.onClose(resolve));
    client.onFrame(() => {});
    accepting.accept(server);
    client.send(encodeReplication(opening, REPLICATION_VERSION));
    client.send(frame);
    expect(await closed).toMatchObject({ code: "rpc/bad-frame" });
    expect(heard).toEqual(["newEpoch"]);
  });

  it.each<[string, Frame]>([
    [
      "a primary's message on a carrier that leads it",
      encodeReplication(opening, REPLICATION_VERSION),
    ],
    ["a frame that is no message", malformed],
  ])("%s: loses the carrier that was dialed", async (_, frame) => {
    const { client, server } = pair();
    const { heard, links: dialing } = open(client);
    server.onFrame(() => {});
    const closed = new Promise<Error>((resolve) => client.onClose(resolve));
    dialing.want(testNode(2));
    server.send(encodeReplication(ack, REPLICATION_VERSION));
    server.send(frame);
    expect(await closed).toMatchObject({ code: "rpc/bad-frame" });
    expect(heard).toEqual(["up", "appendAck", "down"]);
  });
});
