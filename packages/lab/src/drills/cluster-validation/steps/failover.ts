// Simultaneous failover: all disks change owners at the same time, turn after turn. Each new owner reads what the
// former one wrote, through another gateway, and the former one can no longer write.
import { NO_KEY } from "@ashlar/initiator";
import { FILE_LENGTH, fileContent, fileOffset, firstDifference } from "../disk-layout.ts";
import type { Disk, HostPath } from "../fleet.ts";
import { JudgedPath, plain, registerHost, throughAll } from "../judged-path.ts";
import { clearDisk, newKeys, onEveryDisk, roundsIn, type StepContext } from "../step-context.ts";

async function writeFile({ judge }: StepContext, path: HostPath, turn: number): Promise<void> {
  const data = fileContent(path.disk.name, turn);
  const write = () => path.write(fileOffset(turn), data);
  await judge.good(path.place, plain(`WRITE of file ${turn}`), write);
}

async function verifyFile({ judge }: StepContext, path: HostPath, turn: number): Promise<void> {
  const what = `READ of file ${turn}`;
  const read = () => path.read(fileOffset(turn), FILE_LENGTH);
  const found = await judge.good(path.place, plain(what), read);
  const at = firstDifference(found, fileContent(path.disk.name, turn));
  judge.check(path.place, what, {
    ok: at === undefined,
    expected: "what the former owner wrote",
    found: `other data from byte ${at} on`,
  });
}

async function moveThroughHosts(context: StepContext, disk: Disk): Promise<void> {
  const { judge, fleet } = context;
  const keys = newKeys(context);
  const shift = fleet.shape.disks.indexOf(disk);
  let former: { readonly host: number; readonly turn: number } | undefined;
  await clearDisk(context, disk);
  for (const [turn, round] of roundsIn(context).entries()) {
    context.signal.throwIfAborted();
    const host = (round.owner + shift) % fleet.shape.hosts;
    const key = keys[host] ?? NO_KEY;
    const path = new JudgedPath(judge, fleet.path(disk, host, round.ownerGateway));
    await registerHost(judge, fleet.pathsOf(disk, host), key);
    if (former === undefined) await path.reserve(key);
    else {
      await path.preempt(key, keys[former.host] ?? NO_KEY);
      for (const each of fleet.pathsOf(disk, host)) await verifyFile(context, each, former.turn);
      await throughAll(judge, fleet.pathsOf(disk, former.host), (each) =>
        each.expectWriteConflicts(`former owner in turn ${turn}`),
      );
    }
    await throughAll(judge, fleet.pathsTo(disk), (each) => each.expectHeld(key));
    await writeFile(context, fleet.path(disk, host, round.challengerGateway), turn);
    former = { host, turn };
  }
}

export const failover = (context: StepContext): Promise<void> =>
  onEveryDisk(context, (disk) => moveThroughHosts(context, disk));
