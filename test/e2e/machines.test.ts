// A cluster of machines, each made by one command: the first founds it, a second one joins by token, is lost, and an
// empty one with its name takes its place by the same command.
import { rm } from "node:fs/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  ashlar,
  ashlarOutcome,
  type CheckDocument,
  type NodesDocument,
  type VolumeDocument,
} from "../support/test-lab.ts";
import { TestMachine } from "../support/test-machine.ts";
import { run, scratchFolder, until } from "../support/tools.ts";

const DEADLINE_MS = 60_000;
const MIB = 2 ** 20;

let folder: Awaited<ReturnType<typeof scratchFolder>>;
const machines: TestMachine[] = [];
beforeAll(async () => {
  folder = await scratchFolder();
});
afterAll(async () => {
  for (const machine of machines.reverse()) await machine.stop();
  await folder?.remove();
});

test("founded by one command, joined by one, and a lost machine replaced by one", async () => {
  const { machine: first, token } = await TestMachine.first(folder.path);
  machines.push(first);
  const at = ["--admin", first.admin];
  const untilUp = (count: number): Promise<unknown> =>
    until(
      `${count} nodes up`,
      DEADLINE_MS,
      () => ashlar<NodesDocument>("node", "list", ...at),
      ({ nodes }) => nodes.filter(({ state }) => state === "up").length === count,
    );
  const untilWhole = (): Promise<unknown> =>
    until(
      "all copies in sync",
      DEADLINE_MS,
      () => ashlar<VolumeDocument>("volume", "show", "kept", ...at),
      ({ degradedChunks }) => degradedChunks === 0,
    );
  await untilUp(1);
  expect(await ashlar("cluster", "token", ...at)).toEqual({ token });
  const volume = await ashlar<VolumeDocument>("volume", "create", "kept", "--size", "64MiB", ...at);
  const url = `iscsi://${first.portal}/${volume.iqn}/${volume.lun}`;
  await run("qemu-io", "-f", "raw", "-c", `write -P 0x5a 0 ${8 * MIB}`, url);

  const second = TestMachine.join(token, 2, folder.path);
  machines.push(second);
  await untilUp(2);
  // Its name is taken for as long as it runs.
  const refused = await ashlarOutcome(
    ...["node", "join", token, "--dir", `${second.dir}-twin`, "--host", first.host],
    ...["--name", second.name, "--disk", "1GiB", "--no-run", "--json"],
  );
  expect(refused).toMatchObject({ exit: 3, stdout: expect.stringContaining("node/busy") });
  await ashlar("volume", "set", "kept", "--replicas", "2", ...at);
  await until(
    "two copies",
    DEADLINE_MS,
    () => ashlar<CheckDocument>("volume", "check", "kept", ...at),
    ({ replicas }) => replicas === 2,
  );
  await untilWhole();

  await second.stop();
  await rm(second.dir, { recursive: true });
  await run("qemu-io", "-f", "raw", "-c", `write -P 0x6b ${4 * MIB} ${8 * MIB}`, url);
  const again = TestMachine.join(token, 2, folder.path);
  machines.push(again);
  await untilUp(2);
  await untilWhole();
  const check = await ashlar<CheckDocument>("volume", "check", "kept", ...at);
  expect(check).toMatchObject({ chunks: 1, replicas: 2, different: 0, damaged: 0 });
  const other = `iscsi://${again.portal}/${volume.iqn}/${volume.lun}`;
  await run("qemu-io", "-f", "raw", "-c", `read -P 0x6b ${4 * MIB} ${8 * MIB}`, other);
});
