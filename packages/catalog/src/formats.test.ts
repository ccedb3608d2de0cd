import { MIB, volumeName } from "@ashlar/core";
import { describe, expect, test } from "vitest";
import { decodeCommand, encodeCommand } from "./command-codecs.ts";
import { decodeState, encodeState, stateFormatOf } from "./encode.ts";
import { FORMATS, FORMATS_UNTOLD } from "./formats.ts";
import { check } from "./invariants.ts";
import { TestCatalog, testDisk, testNode, testStore, testVolume } from "./testing/cluster.ts";

/** A node, its failed store, a gateway and a volume of one chunk, as format 2 wrote them. */
const STATE_V2 = Buffer.from(
  [
    "02070201012461626364656630312d303030302d343030302d383030302d303030303030303030303030",
    "8080800818323032362d31312d30315430303a30303a30302e3030305a01010973746f726167652d3100",
    "0108626f6f742d312d310e3132372e302e302e313a3730303101066469736b2d31243030303030303030",
    "2d303030302d343030302d383030302d303030303030303130313030808080800401010973746f726167",
    "652d3900020167010e3132372e302e302e313a3332363001012431313131313131312d303030302d3430",
    "30302d383030302d30303030303030303030303108766f6c756d652d310180808008800401012769716e",
    "2e323032362d31312e696f2e6173686c61723a61626364656630313a766f6c756d652d31001832303236",
    "2d31312d30315430303a30303a30302e3030305a00012430303030303030302d303030302d343030302d",
    "383030302d303030303030303130313030010973746f726167652d31066469736b2d3124303030303030",
    "30302d303030302d343030302d383030302d303030303030303130313030010180808002010201000100",
    "01",
  ].join(""),
  "hex",
);

/** A node, a volume of one chunk and one in creation, as format 3 wrote them. */
const STATE_V3 = Buffer.from(
  [
    "03060102012461626364656630312d303030302d343030302d383030302d303030303030303030303030",
    "8080800818323032362d31312d30315430303a30303a30302e3030305a0100010973746f726167652d31",
    "000108626f6f742d312d310e3132372e302e302e313a3730303101066469736b2d312430303030303030",
    "302d303030302d343030302d383030302d30303030303030313031303080808080040000012431313131",
    "313131312d303030302d343030302d383030302d30303030303030303030303108766f6c756d652d3101",
    "80808008800401012769716e2e323032362d31312e696f2e6173686c61723a61626364656630313a766f",
    "6c756d652d310018323032362d31312d30315430303a30303a30302e3030305a01243131313131313131",
    "2d303030302d343030302d383030302d30303030303030303030303208766f6c756d652d320280808008",
    "800401012769716e2e323032362d31312e696f2e6173686c61723a61626364656630313a766f6c756d65",
    "2d320018323032362d31312d30315430303a30303a30302e3030305a010000010973746f726167652d31",
    "066469736b2d312430303030303030302d303030302d343030302d383030302d30303030303030313031",
    "303001018080800201010100010001000000000000",
  ].join(""),
  "hex",
);

/** The same, as format 5 wrote it. */
const STATE_V5 = Buffer.from(
  [
    "05060102012461626364656630312d303030302d343030302d383030302d303030303030303030303030",
    "8080800818323032362d31312d30315430303a30303a30302e3030305a0100010973746f726167652d31",
    "000108626f6f742d312d310e3132372e302e302e313a3730303101066469736b2d312430303030303030",
    "302d303030302d343030302d383030302d30303030303030313031303080808080040000012431313131",
    "313131312d303030302d343030302d383030302d30303030303030303030303108766f6c756d652d3101",
    "80808008800401012769716e2e323032362d31312e696f2e6173686c61723a61626364656630313a766f",
    "6c756d652d310018323032362d31312d30315430303a30303a30302e3030305a00000124313131313131",
    "31312d303030302d343030302d383030302d30303030303030303030303208766f6c756d652d32028080",
    "8008800401012769716e2e323032362d31312e696f2e6173686c61723a61626364656630313a766f6c75",
    "6d652d320018323032362d31312d30315430303a30303a30302e3030305a0000010000010973746f7261",
    "67652d31066469736b2d312430303030303030302d303030302d343030302d383030302d303030303030",
    "30313031303001018080800201010100010001000000000000",
  ].join(""),
  "hex",
);

/** And as format 6 did. */
const STATE_V6 = Buffer.from(
  [
    "06060102012461626364656630312d303030302d343030302d383030302d303030303030303030303030",
    "8080800818323032362d31312d30315430303a30303a30302e3030305a0100010973746f726167652d31",
    "000108626f6f742d312d310e3132372e302e302e313a3730303101066469736b2d312430303030303030",
    "302d303030302d343030302d383030302d30303030303030313031303080808080040000012431313131",
    "313131312d303030302d343030302d383030302d30303030303030303030303108766f6c756d652d3101",
    "80808008800401012769716e2e323032362d31312e696f2e6173686c61723a61626364656630313a766f",
    "6c756d652d310018323032362d31312d30315430303a30303a30302e3030305a00000000000000000000",
    "0000012431313131313131312d303030302d343030302d383030302d3030303030303030303030320876",
    "6f6c756d652d320280808008800401012769716e2e323032362d31312e696f2e6173686c61723a616263",
    "64656630313a766f6c756d652d320018323032362d31312d30315430303a30303a30302e3030305a0000",
    "00000000000000000000010000010973746f726167652d31066469736b2d312430303030303030302d30",
    "3030302d343030302d383030302d30303030303030313031303001018080800201010100010001000000",
    "00000000",
  ].join(""),
  "hex",
);

/** And as format 7 did. */
const STATE_V7 = Buffer.from(
  [
    "07060102012461626364656630312d303030302d343030302d383030302d303030303030303030303030",
    "8080800818323032362d31312d30315430303a30303a30302e3030305a010000010973746f726167652d",
    "31000108626f6f742d312d310e3132372e302e302e313a3730303101066469736b2d3124303030303030",
    "30302d303030302d343030302d383030302d303030303030303130313030808080800400000000012431",
    "313131313131312d303030302d343030302d383030302d30303030303030303030303108766f6c756d65",
    "2d310180808008800401012769716e2e323032362d31312e696f2e6173686c61723a6162636465663031",
    "3a766f6c756d652d310018323032362d31312d30315430303a30303a30302e3030305a00000000000000",
    "0000000000012431313131313131312d303030302d343030302d383030302d3030303030303030303030",
    "3208766f6c756d652d320280808008800401012769716e2e323032362d31312e696f2e6173686c61723a",
    "61626364656630313a766f6c756d652d320018323032362d31312d30315430303a30303a30302e303030",
    "5a000000000000000000000000010000010973746f726167652d31066469736b2d312430303030303030",
    "302d303030302d343030302d383030302d30303030303030313031303001018080800201010100010001",
    "0000000000000000",
  ].join(""),
  "hex",
);

/** And as format 8 did. */
const STATE_V8 = Buffer.from(
  [
    "08060102012461626364656630312d303030302d343030302d383030302d303030303030303030303030",
    "8080800818323032362d31312d30315430303a30303a30302e3030305a0100001480808004010973746f",
    "726167652d31000108626f6f742d312d310e3132372e302e302e313a3730303101066469736b2d312430",
    "303030303030302d303030302d343030302d383030302d30303030303030313031303080808080040000",
    "0000012431313131313131312d303030302d343030302d383030302d3030303030303030303030310876",
    "6f6c756d652d310180808008800401012769716e2e323032362d31312e696f2e6173686c61723a616263",
    "64656630313a766f6c756d652d310018323032362d31312d30315430303a30303a30302e3030305a0000",
    "00000000000000000000012431313131313131312d303030302d343030302d383030302d303030303030",
    "30303030303208766f6c756d652d320280808008800401012769716e2e323032362d31312e696f2e6173",
    "686c61723a61626364656630313a766f6c756d652d320018323032362d31312d30315430303a30303a30",
    "302e3030305a000000000000000000000000010000010973746f726167652d31066469736b2d31243030",
    "3030303030302d303030302d343030302d383030302d3030303030303031303130300101808080020101",
    "01000100010000000000000000",
  ].join(""),
  "hex",
);

/** Test node 1 registering with one disk, as format 1 wrote it. */
const NODE_UP_V1 = Buffer.from(
  [
    "01020973746f726167652d3108626f6f742d312d310e3132372e302e302e313a3730303101066469736b",
    "2d312430303030303030302d303030302d343030302d383030302d303030303030303130313030808080",
    "800400",
  ].join(""),
  "hex",
);

describe("what earlier versions wrote is read", () => {
  test("a snapshot of format 2: the group of members is empty", () => {
    const catalog = TestCatalog.created(1);
    catalog.volume(1, 1);
    const portals = [{ address: "127.0.0.1:3260", tpgt: 1, role: "direct" as const }];
    catalog.done({
      kind: "gatewayUp",
      gateway: testNode(9),
      bootId: "g",
      portals,
      incarnationSeen: 0,
    });
    catalog.done({ kind: "storeDown", store: testStore(1) });
    expect(catalog.state.view.appliedIndex).toBe(7);
    const read = decodeState(STATE_V2);
    expect(check(read)).toEqual([]);
    expect(encodeState(read)).toEqual(encodeState(catalog.state));
  });

  test("a snapshot of format 3: no generation was ever changed", () => {
    const catalog = TestCatalog.created(1);
    catalog.volume(1, 1);
    catalog.begin(2, 1);
    const read = decodeState(STATE_V3);
    expect(check(read)).toEqual([]);
    expect(encodeState(read)).toEqual(encodeState(catalog.state));
  });

  test("a snapshot of format 1: no family was given", () => {
    // Its cluster record lacks the number of families, here the byte behind "2026-...Z".
    const at = STATE_V2.indexOf("Z") + 1;
    const earlier = Buffer.concat([
      Buffer.from([1]),
      STATE_V2.subarray(1, at),
      STATE_V2.subarray(at + 1),
    ]);
    const { view } = decodeState(earlier);
    expect(view.cluster).toEqual({ ...decodeState(STATE_V2).view.cluster, familiesGiven: 0 });
    expect(view.volumes.size).toBe(1);
  });

  test("snapshots of formats 5 to 8: all is open to all, nodes take part, nothing is leaving, copies heed the default, people apply", () => {
    const catalog = TestCatalog.created(1);
    catalog.volume(1, 1);
    catalog.begin(2, 1);
    for (const earlier of [STATE_V5, STATE_V6, STATE_V7, STATE_V8]) {
      const read = decodeState(earlier);
      expect(check(read)).toEqual([]);
      expect(encodeState(read)).toEqual(encodeState(catalog.state));
    }
  });

  test("a volume that is begun of format 7: it is open to any initiator", () => {
    const volume = { volume: testVolume(1), name: volumeName("v"), sizeBytes: MIB };
    const shape = { blockSize: 512, replicas: 2, createdAt: "", access: "any" } as const;
    const command = { kind: "beginVolume", ...volume, ...shape } as const;
    const now = encodeCommand(command);
    for (const version of [1, 3, 5, 6, 7]) {
      const earlier = Buffer.concat([Buffer.from([version]), now.subarray(1, -1)]);
      expect(decodeCommand(earlier)).toEqual(command);
    }
    const mapped = { ...command, access: "mapped" } as const;
    expect(decodeCommand(encodeCommand(mapped))).toEqual(mapped);
  });

  test("a registration of format 8: the node is a zone for itself", () => {
    const shape = { node: testNode(1), bootId: "b", address: "a:1", disks: [testDisk(1)] };
    const seen = { familySeen: 1, incarnationSeen: 2 };
    const command = { kind: "nodeUp", ...shape, ...seen, zone: "" } as const;
    const now = encodeCommand(command);
    const earlier = Buffer.concat([Buffer.from([8]), now.subarray(1, -1)]);
    expect(decodeCommand(earlier)).toEqual(command);
    const inRack = { ...command, zone: "rack" };
    expect(decodeCommand(encodeCommand(inRack))).toEqual(inRack);
  });

  test("a registration of format 1: its stores tell nothing of what they saw", () => {
    expect(decodeCommand(NODE_UP_V1)).toEqual({
      kind: "nodeUp",
      node: testNode(1),
      bootId: "boot-1-1",
      address: "127.0.0.1:7001",
      disks: [{ ...testDisk(1), sizeBytes: 1024 * MIB }],
      familySeen: 0,
      incarnationSeen: 0,
      zone: "",
    });
  });

  test("a node that is down of format 5: nobody else fell silent", () => {
    const command = { kind: "nodeDown", node: testNode(1), incarnation: 7, unheard: [] } as const;
    const now = encodeCommand(command);
    // The number of the others came last, a byte 0 here.
    for (const version of [1, 3, 5]) {
      const earlier = Buffer.concat([Buffer.from([version]), now.subarray(1, -1)]);
      expect(decodeCommand(earlier)).toEqual(command);
    }
    const together = { ...command, unheard: [testNode(2), testNode(3)] };
    expect(decodeCommand(encodeCommand(together))).toEqual(together);
  });

  test("a gateway of format 7: none of its portals redirects", () => {
    const command = {
      kind: "gatewayUp",
      gateway: testNode(9),
      bootId: "g",
      portals: [{ address: "a:1", tpgt: 1, role: "direct" }],
      incarnationSeen: 0,
    } as const;
    const now = encodeCommand(command);
    // The role is the last byte but one.
    for (const version of [4, 5, 6, 7]) {
      const earlier = Buffer.concat([
        Buffer.from([version]),
        now.subarray(1, -2),
        Buffer.from([0]),
      ]);
      expect(decodeCommand(earlier)).toEqual(command);
    }
    const shown = { ...command, portals: [{ address: "a:1", tpgt: 1, role: "public" }] } as const;
    expect(decodeCommand(encodeCommand(shown))).toEqual(shown);
  });

  test("a gateway and a leader of format 3: the one saw nothing, the other skipped nothing", () => {
    const gateway = { kind: "gatewayUp", gateway: testNode(9), bootId: "g", portals: [] } as const;
    const term = { kind: "beginTerm", member: 1, run: "r" } as const;
    for (const command of [
      { ...gateway, incarnationSeen: 0 },
      { ...term, incarnationsSkipped: 0 },
    ] as const) {
      const now = encodeCommand(command);
      // The number came last, a byte 0 here.
      for (const version of [1, 2, 3]) {
        const earlier = Buffer.concat([Buffer.from([version]), now.subarray(1, -1)]);
        expect(decodeCommand(earlier)).toEqual(command);
      }
      expect(decodeCommand(now)).toEqual(command);
    }
  });
});

const speed = { kind: "setCopySpeed", latencyTargetMs: 10, floorBytesPerSecond: 1 } as const;
const advice = { kind: "setAdvice", advice: "auto" } as const;
const slow = {
  kind: "setSlow",
  store: testStore(1),
  slow: { reason: "a quarter of its reads takes 900 ms", since: "2026-11-01T00:00:00.000Z" },
} as const;
const well = { kind: "setSlow", store: testStore(1), slow: undefined } as const;
const keeps = { kind: "keepSlowDisks", keeps: true } as const;

describe("states in the formats of the releases before", () => {
  const made = () => {
    const catalog = TestCatalog.created(3);
    catalog.volume(1, 4, 2);
    return catalog;
  };
  const session = { session: 1, sequence: 1, answeredBelow: 1 };

  test("say the same, where they can", () => {
    const { state } = made();
    expect(stateFormatOf(state)).toBe(7);
    for (const format of [7, 8, 9]) {
      const bytes = encodeState(state, format);
      expect(bytes[0]).toBe(format);
      expect(encodeState(decodeState(bytes))).toEqual(encodeState(state));
    }
    expect(() => encodeState(state, 6)).toThrow("a format of states that is written");
    expect(() => encodeState(state, FORMATS.state + 1)).toThrow("that is written");
  });

  test.each([
    [{ ...speed, floorBytesPerSecond: MIB }, 8],
    [advice, 9],
    [slow, 9],
    [keeps, 9],
  ])("cannot say everything: what %j does takes format %i", (command, format) => {
    const { state } = made();
    const catalog = made();
    catalog.apply(command);
    expect(stateFormatOf(catalog.state)).toBe(format);
    const bytes = encodeState(catalog.state, format);
    expect(encodeState(decodeState(bytes))).toEqual(encodeState(catalog.state));
    expect(encodeState(catalog.state)).not.toEqual(encodeState(state));
  });

  test("nor an answer to a command that came later", () => {
    const catalog = made();
    const { session: opened } = catalog.done({ kind: "openSession" });
    const id = { ...session, session: opened };
    catalog.apply({ kind: "setAdvice", advice: "manual" }, id);
    expect(stateFormatOf(catalog.state)).toBe(9);
  });
});

describe("commands in the format of the release before", () => {
  const up = {
    kind: "nodeUp",
    node: testNode(1),
    bootId: "boot",
    address: "127.0.0.1:7001",
    disks: [testDisk(1)],
    familySeen: 3,
    incarnationSeen: 4,
    zone: "rack-1",
  } as const;

  test("say the same, where they can", () => {
    for (const command of [up, { kind: "storeDown", store: testStore(1) } as const]) {
      const bytes = encodeCommand(command, 9);
      expect(bytes[0]).toBe(9);
      expect(decodeCommand(bytes)).toEqual(command);
    }
    for (const command of [speed, advice, slow, well, keeps]) {
      expect(decodeCommand(encodeCommand(command))).toEqual(command);
    }
  });

  test.each([
    [speed, 9, "has no setCopySpeed"],
    [advice, 10, "has no setAdvice"],
    [slow, 10, "has no setSlow"],
    [keeps, 10, "has no keepSlowDisks"],
    [up, 8, "is not written"],
    [up, FORMATS.command + 1, "is not written"],
  ])("cannot say everything: %j in format %i", (command, format, message) => {
    expect(() => encodeCommand(command, format)).toThrow(message);
  });

  test("a member that has told nothing reads what was written before members told", () => {
    expect(FORMATS_UNTOLD).toEqual({ command: 9, state: 7 });
  });
});
