// Writes of odd sizes at odd places, checked through the other gateway: patterns that straddle chunk
// borders, and a long seeded mixture that is applied to a plain file as well and compared.
import { truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { TestLab } from "../support/test-lab.ts";
import { run, scratchFolder } from "../support/tools.ts";

const KIB = 1024;
const MIB = 1024 * KIB;
const CHUNK = 64 * MIB;

let lab: TestLab;
let folder: Awaited<ReturnType<typeof scratchFolder>>;

beforeAll(async () => {
  folder = await scratchFolder();
  // Over the gRPC carrier: the other tests use sockets.
  lab = await TestLab.make("--metadata", "1", "--carrier", "grpc");
});
afterAll(async () => {
  await lab?.remove();
  await folder.remove();
});

/** Runs qemu-io commands in one session; fails when a pattern does not verify. */
async function qemuIo(target: string, commands: readonly string[]): Promise<void> {
  const args = commands.flatMap((command) => ["-c", command]);
  const said = await run("qemu-io", "-f", "raw", ...args, target);
  expect(said).not.toContain("verification failed");
  expect(said).not.toContain("error");
}

const SIZES = [
  512,
  1_024,
  1_536,
  3_584,
  4_096,
  4_608,
  12_800,
  65_024,
  65_536,
  66_048,
  131_072 + 512,
  1 * MIB - 512,
  1 * MIB,
];

test("sizes from 512 B to 1 MiB across chunk borders verify, and their neighbours stay zero", async () => {
  const volume = await lab.volume("demo");
  const cases = SIZES.map((size, index) => {
    const before = Math.ceil(size / 1024) * 512;
    return { at: (index + 1) * CHUNK - before, size, pattern: index + 1 };
  });
  const writes = cases.map(({ at, size, pattern }) => `write -P ${pattern} ${at} ${size}`);
  await qemuIo(lab.url(volume, 1), writes);
  const reads = cases.flatMap(({ at, size, pattern }) => [
    `read -P ${pattern} ${at} ${size}`,
    `read -P 0 ${at - 1536} 1536`,
    `read -P 0 ${at + size} 1536`,
  ]);
  await qemuIo(lab.url(volume, 2), reads);
});

/** A small generator (mulberry32), so that a failure can be repeated. */
function seeded(seed: number): (bound: number) => number {
  let state = seed;
  return (bound) => {
    state = (state + 0x6d2b79f5) | 0;
    let value = Math.imul(state ^ (state >>> 15), 1 | state);
    value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value;
    return ((value ^ (value >>> 14)) >>> 0) % bound;
  };
}

const MIXTURE_BYTES = 3 * CHUNK;
const MIXTURE_COMMANDS = 150;
const SEED = 20_261_122;

function mixture(): string[] {
  const below = seeded(SEED);
  return Array.from({ length: MIXTURE_COMMANDS }, (_, index) => {
    if (index % 10 === 9) return `discard ${below(MIXTURE_BYTES / MIB - 4)}M ${1 + below(4)}M`;
    const size = 512 * (1 + below(index % 2 === 0 ? 64 : 2048));
    // Every third begins close to a border, so that it lies across it.
    const around = CHUNK * (1 + below(2)) - 512 * below(128);
    const at = index % 3 === 0 ? around : 512 * below((MIXTURE_BYTES - size) / 512);
    if (index % 10 === 4) return `write -z ${at} ${size}`;
    return `write -P ${1 + (index % 255)} ${at} ${size}`;
  });
}

test("a seeded mixture of writes, zeroes and discards leaves what it leaves in a file", async () => {
  const model = join(folder.path, "model");
  await writeFile(model, "");
  await truncate(model, MIXTURE_BYTES);
  const volume = await lab.createVolume("mixture", `${MIXTURE_BYTES / MIB}MiB`);
  const commands = mixture();
  await qemuIo(model, commands);
  await qemuIo(lab.url(volume, 1), commands);
  const compared = await run("qemu-img", "compare", "-f", "raw", model, lab.url(volume, 2));
  expect(compared).toContain("Images are identical");
});
