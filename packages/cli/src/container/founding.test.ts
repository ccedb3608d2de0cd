// The founding on a real folder. What must never happen: a second cluster beside a first.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
// Loaded ahead of the tests, which have limits of time: the founding loads it only when it is needed.
import "@ashlar/metadata";
import { nodeDisk, nodeRandom } from "@ashlar/runtime";
import { afterEach, beforeEach, expect, test } from "vitest";
import { clusterNote, findNote, requireFounded } from "./cluster-note.ts";
import { foundOnce } from "./founding.ts";
import { readSettings } from "./settings.ts";

const settings = readSettings("metadata", {
  ASHLAR_ID: "metadata-1",
  ASHLAR_ADDRESS: "10.0.0.11",
  ASHLAR_METADATA: "metadata-1=10.0.0.11",
});
const ports = { disk: nodeDisk, random: nodeRandom };

let dir: string;
let note: string;
let data: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "ashlar-founding-"));
  note = join(dir, "cluster.json");
  data = join(dir, "metadata-1");
});
afterEach(() => rmSync(dir, { recursive: true }));

const found = () => foundOnce(ports, settings, { note, data });

test("a cluster is founded once; the next start finds it, also when the founder's folder is lost", async () => {
  await expect(requireFounded(note)).rejects.toMatchObject({ code: "cluster/unavailable" });
  const first = await found();
  expect(first.isNew).toBe(true);
  expect(await requireFounded(note)).toBe(first.clusterId);
  rmSync(data, { recursive: true });
  expect(await found()).toEqual({ clusterId: first.clusterId, isNew: false });
  await expect(nodeDisk.list(data)).rejects.toThrow();
});

test("a founding that was cut short goes on under the id that was chosen", async () => {
  const chosen = nodeRandom.uuid();
  writeFileSync(note, JSON.stringify(clusterNote(chosen, "chosen")));
  await expect(requireFounded(note)).rejects.toMatchObject({ code: "cluster/unavailable" });
  expect((await found()).clusterId).toBe(chosen);
  // Cut short once more, between the folder and the note of it.
  writeFileSync(note, JSON.stringify(clusterNote(chosen, "chosen")));
  expect((await found()).clusterId).toBe(chosen);
  expect(await findNote(note)).toEqual(clusterNote(chosen, "founded"));
});

test("a lost note beside a founder's folder founds nothing over it", async () => {
  await found();
  rmSync(note);
  await expect(found()).rejects.toMatchObject({ code: "disk/foreign" });
  await expect(requireFounded(note)).rejects.toMatchObject({ code: "cluster/unavailable" });
});

test.each(["", "{}", '{"version":2}', '{"version":1,"stage":"founded","clusterId":"x"}'])(
  "what is no note is refused: %s",
  async (text) => {
    writeFileSync(note, text);
    await expect(findNote(note)).rejects.toThrow();
  },
);
