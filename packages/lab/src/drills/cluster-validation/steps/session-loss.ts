// A session that is lost and logged in again: registration and reservation belong to the nexus and outlast it, so
// that a host goes on where it was (MPIO's path recovery, a gateway's restart), and nobody took its place meanwhile.
import { NO_KEY } from "@ashlar/initiator";
import { type Disk, type HostPath, type Round, randomKey } from "../fleet.ts";
import { JudgedPath, registerHost, throughAll } from "../judged-path.ts";
import {
  clearDisk,
  connect,
  onEveryDisk,
  othersThan,
  roundsIn,
  type StepContext,
} from "../step-context.ts";

const ENDS: readonly { readonly how: string; readonly end: (path: HostPath) => Promise<void> }[] = [
  { how: "lost connection", end: async (path) => path.drop() },
  { how: "logout", end: (path) => path.logout() },
];

async function loseAndReturn(context: StepContext, disk: Disk, round: Round): Promise<void> {
  const { judge, fleet, random } = context;
  const key = randomKey(random);
  const paths = fleet.pathsOf(disk, round.owner);
  const registered = paths.map(() => key);
  const path = fleet.path(disk, round.owner, round.ownerGateway);
  const holder = new JudgedPath(judge, path);
  const others = othersThan(context, round.owner).flatMap((host) => fleet.pathsOf(disk, host));
  await clearDisk(context, disk);
  await registerHost(judge, paths, key);
  await holder.reserve(key);
  for (const { how, end } of ENDS) {
    await end(path);
    await throughAll(judge, others, async (each) => {
      await each.expectHeld(key);
      await each.expectKeys(registered);
      await each.expectWriteConflicts(`during ${how}`);
    });
    await connect(context, path);
    await holder.expectKeys(registered);
    await holder.expectHeld(key);
    await holder.expectWritePasses(`after ${how}`);
  }
  // Only the nexus that reserved can release: it is the same one as before.
  await holder.release(key);
  await throughAll(judge, fleet.pathsTo(disk), (each) => each.expectHeld(undefined));
  await registerHost(judge, paths, NO_KEY);
}

export const sessionLoss = (context: StepContext): Promise<void> =>
  onEveryDisk(context, async (disk) => {
    for (const round of roundsIn(context)) {
      context.signal.throwIfAborted();
      await loseAndReturn(context, disk, round);
    }
  });
