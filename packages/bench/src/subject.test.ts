// How the bench uses the `ashlar` command, with a script in its place that notes what it was asked.
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MIB } from "@ashlar/core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openSubject } from "./subject.ts";

const { signal } = new AbortController();
const VOLUME = `bench-${process.pid}`;

/** Appends its arguments to `calls`; a command named in FAIL fails. */
const FAKE = `
const { appendFileSync } = require("node:fs");
const args = process.argv.slice(2);
appendFileSync(__dirname + "/calls", JSON.stringify(args) + "\\n");
const command = args.slice(0, 2).join(" ");
if (command === FAIL) { console.error("no luck"); process.exit(1); }
if (command === "lab status") console.log(JSON.stringify({
  portals: ["127.0.0.1:3260", "127.0.0.1:3261"],
  volumes: [{ name: "${VOLUME}", iqn: "iqn.x:bench", lun: 0 }],
  processes: [{ kind: "storage", id: "storage-1", pid: 17 }, { kind: "gateway", id: "g", pid: null }],
}));
`;

describe("openSubject", () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "ashlar-subject-"));
  });

  afterEach(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  async function fakeCommand(fail = ""): Promise<string> {
    const command = join(folder, "ashlar.cjs");
    await writeFile(command, `const FAIL = ${JSON.stringify(fail)};${FAKE}`);
    return command;
  }

  async function calls(): Promise<string[][]> {
    const text = await readFile(join(folder, "calls"), "utf8");
    return text
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
  }

  it("makes a volume in a running lab and deletes it at the end", async () => {
    const command = await fakeCommand();
    const options = { subject: { kind: "lab", dir: "/lab" }, sizeBytes: 64 * MIB } as const;
    const subject = await openSubject(options, { signal, command });
    expect(subject.url).toEqual({
      portal: { host: "127.0.0.1", port: 3260 },
      targetName: "iqn.x:bench",
      lun: 0,
    });
    expect(await subject.processes()).toEqual([{ id: "storage-1", pid: 17 }]);
    await subject.close();
    const asked = await calls();
    expect(asked[0]).toEqual([
      ...["volume", "create", VOLUME, "--size", String(64 * MIB), "--dir", "/lab", "--json"],
    ]);
    expect(asked.at(-1)).toEqual(["volume", "delete", VOLUME, "--dir", "/lab", "--json"]);
  });

  it("starts a lab of its own and leaves nothing of it", async () => {
    const command = await fakeCommand();
    const subject = { kind: "ownLab", carrier: "grpc" } as const;
    const opened = await openSubject({ subject, sizeBytes: 64 * MIB }, { signal, command });
    const [up] = await calls();
    const dir = up?.[up.indexOf("--dir") + 1] ?? "";
    const flags = ["--detach", "--json", "--carrier", "grpc"];
    expect(up).toEqual(["lab", "up", "--dir", dir, ...flags]);
    expect(existsSync(dir)).toBe(true);
    await opened.close();
    expect((await calls()).at(-1)).toEqual(["lab", "down", "--dir", dir, "--json"]);
    expect(existsSync(dir)).toBe(false);
  });

  it.each(["lab up", "volume create", "lab status"])(
    "leaves nothing when %s fails, and tells that failure",
    async (fail) => {
      const command = await fakeCommand(fail);
      const subject = { kind: "ownLab", carrier: undefined } as const;
      const opening = openSubject({ subject, sizeBytes: 64 * MIB }, { signal, command });
      await expect(opening).rejects.toThrow(/no luck/);
      const asked = await calls();
      const dir = asked[0]?.[3] ?? "";
      expect(asked.at(-1)?.slice(0, 2)).toEqual(["lab", "down"]);
      expect(dir).toContain("ashlar-bench-");
      expect(existsSync(dir)).toBe(false);
    },
  );
});
