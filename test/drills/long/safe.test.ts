// What can be stopped now is told with names, who would be missed does not stop, and a cluster that was shut down comes
// back whole.
import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ashlarOutcome, TestLab } from "../../support/test-lab.ts";

interface SafeDocument {
  readonly verdict: string;
  readonly volumes: readonly string[];
  readonly reasons: readonly { readonly kind: string; readonly message: string }[];
}

interface LogsDocument {
  readonly logs: readonly { readonly path: string }[];
}

let lab: TestLab;
beforeAll(async () => {
  lab = await TestLab.make();
});
afterAll(async () => {
  await lab?.remove();
});

async function outcome<T>(...args: string[]): Promise<T & { readonly exit: number | null }> {
  const { exit, stdout } = await ashlarOutcome(...args, "--dir", lab.dir, "--json");
  return { exit, ...(JSON.parse(stdout) as T) };
}
const safe = (...args: string[]) => outcome<SafeDocument>("safe", ...args);
const EVENTUALLY = { timeout: 30_000, interval: 300 };

test("after a node died the others are needed and refuse to stop, until it is back", async () => {
  expect(await safe("node", "storage-1", "--wait")).toMatchObject({ verdict: "SAFE", exit: 0 });
  expect(await safe("member", "metadata-1")).toMatchObject({ verdict: "SAFE", exit: 0 });
  await lab.command("lab", "stop", "storage-2", "--kill");
  await expect
    .poll(() => safe("node", "storage-1"), EVENTUALLY)
    .toMatchObject({
      verdict: "WOULD BREAK",
      exit: 3,
      volumes: ["demo"],
      reasons: [{ kind: "last-copy", message: expect.stringContaining("volume demo") }],
    });
  expect(await outcome("lab", "stop", "storage-1", "--if-safe")).toMatchObject({
    exit: 3,
    error: { code: "process/needed", message: expect.stringContaining("volume demo") },
  });

  const { logs } = await lab.command<LogsDocument>("lab", "logs", "storage-1");
  const told = (): Promise<string> => readFile(logs[0]?.path ?? "", "utf8");
  const pid = (await lab.pidOf("storage-1")) ?? 0;
  process.kill(pid, "SIGTERM");
  await expect.poll(told, EVENTUALLY).toMatch(/only copy in sync of \d+ chunks of volume demo/);
  expect(await told()).not.toContain("process stops");
  process.kill(pid, "SIGTERM");
  // It stops, and its supervisor starts it again.
  await expect.poll(() => lab.pidOf("storage-1"), EVENTUALLY).not.toBe(pid);

  await lab.command("lab", "start", "storage-2");
  expect(await safe("node", "storage-1", "--wait")).toMatchObject({ verdict: "SAFE", exit: 0 });
  expect((await lab.volume("demo")).degradedChunks).toBe(0);
});

test("a cluster that was shut down comes back with every copy in sync", async () => {
  expect(await lab.command("cluster", "shutdown")).toMatchObject({
    shutdown: true,
    members: ["metadata-1", "metadata-2", "metadata-3"],
  });
  expect(await outcome("lab", "status")).toMatchObject({ error: { code: "lab/not-running" } });
  await lab.up();
  expect(await lab.volume("demo")).toMatchObject({ degradedChunks: 0, unavailableChunks: 0 });
  expect(await safe("node", "storage-1", "--wait")).toMatchObject({ verdict: "SAFE" });
});
