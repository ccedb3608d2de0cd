import { expect, test } from "vitest";
import { MetadataExitReporter } from "./metadata-exit-reporter.ts";

type Reported = Parameters<MetadataExitReporter["report"]>[0];

function recorded() {
  const calls: string[] = [];
  const load = async () => {
    calls.push("load");
    return () => ({
      reportExit: async (report: { readonly process: string; readonly status: string }) => {
        calls.push(`${report.process}: ${report.status}`);
      },
      close: () => void calls.push("close"),
    });
  };
  return { calls, reporter: new MetadataExitReporter({ load }) };
}

const killed: Reported = { id: "storage-1", bootId: "b", status: null, signal: "SIGKILL" };

test("what was loaded ahead is not loaded again with a report", async () => {
  const { calls, reporter } = recorded();
  await reporter.prepare();
  expect(calls).toEqual(["load"]);
  await reporter.report(killed);
  await reporter.report({ ...killed, signal: null, status: 70 });
  expect(calls).toEqual([
    "load",
    "storage-1: signal SIGKILL",
    "close",
    "storage-1: exit 70",
    "close",
  ]);
});

test("a report that comes first loads what it needs", async () => {
  const { calls, reporter } = recorded();
  await reporter.report({ ...killed, signal: null });
  expect(calls).toEqual(["load", "storage-1: exit unknown", "close"]);
});
