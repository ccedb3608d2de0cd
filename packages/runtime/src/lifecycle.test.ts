import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, test } from "vitest";
import { Lifecycle } from "./lifecycle.ts";
import { silentLog } from "./log.ts";

function parts(failing?: string) {
  const calls: string[] = [];
  const part = (name: string) =>
    [
      name,
      {
        start: async () => {
          calls.push(`start ${name}`);
          if (name === failing) throw new Error(name);
        },
        stop: async () => {
          calls.push(`stop ${name}`);
        },
      },
    ] as const;
  return { calls, list: ["a", "b", "c"].map(part) };
}

test("starts in order, stops in reverse", async () => {
  const { calls, list } = parts();
  const lifecycle = new Lifecycle({ log: silentLog });
  await lifecycle.start(list);
  await lifecycle.stop();
  expect(calls).toEqual(["start a", "start b", "start c", "stop c", "stop b", "stop a"]);
});

test("what ran is stopped when a later part cannot start", async () => {
  const { calls, list } = parts("c");
  await expect(new Lifecycle({ log: silentLog }).start(list)).rejects.toThrow("c");
  expect(calls).toEqual(["start a", "start b", "start c", "stop b", "stop a"]);
});

/** Runs a process with `start` as its node's start; SIGTERM follows when it says `when`. */
async function runTerminated({ start, when }: { start: string; when: string }) {
  const runtime = JSON.stringify(new URL("./index.ts", import.meta.url).href);
  const code = `
    const { nodeClock, runProcess, silentLog, sleep } = await import(${runtime});
    const { signal } = new AbortController();
    await runProcess(silentLog, async () => ({
      start: async () => { ${start} },
      stop: async () => console.log("stopped"),
    }));
    console.log("started");`;
  const flags = ["--conditions=ashlar-source", "--import", "tsx", "--input-type=module"];
  const child = spawn(process.execPath, [...flags, "-e", code]);
  let said = "";
  child.stdout.on("data", (part: Buffer) => {
    said += part.toString();
    if (said === `${when}\n`) child.kill("SIGTERM");
  });
  const [status] = await once(child, "close");
  return [status, said.trimEnd().split("\n")];
}

test("a process that waits on the clock while it starts stays alive, and ends in order", async () => {
  const start = "await sleep(nodeClock, 100, { signal });";
  expect(await runTerminated({ start, when: "started" })).toEqual([0, ["started", "stopped"]]);
});

test("a signal while it starts: it stops in order when the start comes to its end", async () => {
  const start = `process.once("SIGTERM", () => console.log("told"));
    console.log("starting");
    while (process.listenerCount("SIGTERM") > 1) await sleep(nodeClock, 10, { signal });`;
  const [status, said] = await runTerminated({ start, when: "starting" });
  expect(status).toBe(0);
  expect(said).toEqual(expect.arrayContaining(["starting", "told", "stopped"]));
});

test("a signal while it starts and waits for ever: it ends, with exit status 0", async () => {
  const start = 'console.log("starting"); await new Promise(() => {});';
  expect(await runTerminated({ start, when: "starting" })).toEqual([0, ["starting"]]);
});
