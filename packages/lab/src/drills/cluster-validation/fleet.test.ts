// Who plays whom, and where on a disk: the plan of a rehearsal.
import { seededRandom } from "@ashlar/runtime";
import { expect, test } from "vitest";
import {
  BLOCK_LENGTH,
  DISK_SIZE_MIN,
  FILE_LENGTH,
  fileContent,
  fileOffset,
  firstDifference,
  GATEWAYS_MAX,
  HOSTS_MAX,
  scratchOffset,
} from "./disk-layout.ts";
import { randomKey, roundsOf } from "./fleet.ts";

test.each([
  { hosts: 2, gateways: 2 },
  { hosts: 16, gateways: 2 },
  { hosts: 2, gateways: 4 },
  { hosts: 5, gateways: 3 },
])("$hosts hosts and $gateways gateways: every pair both ways, every host as owner", (shape) => {
  const rounds = roundsOf(shape);
  const pairs = new Set(
    rounds.map(({ ownerGateway, challengerGateway }) => `${ownerGateway} ${challengerGateway}`),
  );
  expect(pairs.size).toBe(shape.gateways * (shape.gateways - 1));
  expect(new Set(rounds.map(({ owner }) => owner)).size).toBe(shape.hosts);
  for (const round of rounds) {
    expect(round.owner).not.toBe(round.challenger);
    expect(round.ownerGateway).not.toBe(round.challengerGateway);
  }
});

test("keys are random and never zero", () => {
  const random = seededRandom(1);
  const zerosFirst = [Buffer.alloc(8), Buffer.from("00000000000000a1", "hex")];
  const scripted = {
    bytes: () => zerosFirst.shift() ?? Buffer.alloc(8),
    uuid: () => random.uuid(),
    below: (bound: number) => random.below(bound),
  };
  expect(randomKey(scripted)).toBe("00000000000000a1");
  expect(randomKey(random)).toMatch(/^[0-9a-f]{16}$/);
});

test("scratch blocks and files lie apart, within the smallest disk", () => {
  const scratch = Array.from({ length: HOSTS_MAX }, (_, host) =>
    Array.from({ length: GATEWAYS_MAX }, (__, gateway) => scratchOffset({ host, gateway })),
  ).flat();
  expect(new Set(scratch).size).toBe(HOSTS_MAX * GATEWAYS_MAX);
  const files = Array.from({ length: 100 }, (_, turn) => fileOffset(turn));
  expect(Math.max(...scratch) + BLOCK_LENGTH).toBeLessThanOrEqual(Math.min(...files));
  expect(Math.max(...files) + FILE_LENGTH).toBeLessThanOrEqual(DISK_SIZE_MIN);
});

test("files tell disk, turn and place, and where one differs", () => {
  const file = fileContent("disk-1", 3);
  expect(file.toString("latin1", BLOCK_LENGTH)).toMatch(/^disk-1 turn 3 at 4096\n/);
  expect(firstDifference(file, fileContent("disk-1", 3))).toBeUndefined();
  expect(firstDifference(fileContent("disk-1", 4), file)).toBe("disk-1 turn ".length);
  expect(firstDifference(file.subarray(0, 100), file)).toBe(100);
  const swapped = Buffer.from(file);
  file.copy(swapped, 0, BLOCK_LENGTH, 2 * BLOCK_LENGTH);
  expect(firstDifference(swapped, file)).toBeDefined();
});
