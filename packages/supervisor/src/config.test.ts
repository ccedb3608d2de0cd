import { expect, test } from "vitest";
import { parseSupervisorConfig } from "./config.ts";

const GOOD = {
  version: 1,
  clusterId: "6f2c1f6e-3a52-4f0e-8a3c-0d4f7d1f6a11",
  metadata: ["127.0.0.1:20001"],
  socketPath: "/run/a.sock",
  statePath: "/run/state.json",
  processes: [
    {
      id: "storage-1",
      kind: "storage",
      configPath: "/c",
      logPath: "/l",
      namespace: "ash7-storage-1",
    },
    { id: "storage-2", kind: "storage", configPath: "/c" },
  ],
};
const [PROCESS] = GOOD.processes;

test("a configuration is read as written", () => {
  expect(parseSupervisorConfig(GOOD, "f.json")).toEqual(GOOD);
});

test.each([
  ["no object", [], "is not a JSON object"],
  ["an unknown field", { ...GOOD, extra: 1 }, 'unknown field "extra"'],
  ["another version", { ...GOOD, version: 2 }, "version must be 1"],
  ["metadata that is no list", { ...GOOD, metadata: "127.0.0.1:1" }, "metadata must be a list"],
  ["an unknown kind", { ...GOOD, processes: [{ ...PROCESS, kind: "raft" }] }, "processes must be"],
  ["a stray field", { ...GOOD, processes: [{ ...PROCESS, port: 1 }] }, "processes must be a list"],
  ["no log", { ...GOOD, processes: [{ ...PROCESS, logPath: "" }] }, "processes must be a list"],
  ["no namespace", { ...GOOD, processes: [{ ...PROCESS, namespace: "" }] }, "processes must be"],
  ["an id twice", { ...GOOD, processes: [PROCESS, PROCESS] }, "different ids"],
])("%s is refused and named", (_, document, message) => {
  expect(() => parseSupervisorConfig(document, "f.json")).toThrow(message);
});
