// Persistent reservations as Storage Spaces uses them: with explicit keys, so that a stale one is refused.
import { NO_KEY, WRITE_EXCLUSIVE_REGISTRANTS_ONLY } from "@ashlar/initiator";
import { type Disk, type Round, randomKey } from "../fleet.ts";
import { inNamed, JudgedPath, registerHost, throughAll } from "../judged-path.ts";
import { clearDisk, onEveryDisk, roundsIn, type StepContext } from "../step-context.ts";

const TYPE = WRITE_EXCLUSIVE_REGISTRANTS_ONLY;

interface Keys {
  readonly first: string;
  readonly owner: string;
  readonly challenger: string;
  readonly unknown: string;
}

const newPoolKeys = ({ random }: StepContext): Keys => ({
  first: randomKey(random),
  owner: randomKey(random),
  challenger: randomKey(random),
  unknown: randomKey(random),
});

/** Registers, changes the key, and reserves under the new one; the old one is worth nothing then. */
async function own(context: StepContext, disk: Disk, round: Round, keys: Keys): Promise<void> {
  const { judge, fleet } = context;
  const paths = fleet.pathsOf(disk, round.owner);
  await registerHost(judge, paths, keys.first);
  for (const path of paths.map((each) => new JudgedPath(judge, each))) {
    const change = { action: "register", serviceActionKey: keys.owner, aptpl: true } as const;
    await path.outConflicts({ ...change, key: keys.unknown });
    await path.out({ ...change, key: keys.first });
  }
  const path = new JudgedPath(judge, fleet.path(disk, round.owner, round.ownerGateway));
  const found = await path.keys();
  const expected = paths.map(() => keys.owner);
  judge.equal(path.path.place, inNamed("readKeys").command, { expected, found });
  await path.outConflicts({ action: "reserve", key: keys.first, type: TYPE });
  await path.reserve(keys.owner);
  await throughAll(judge, fleet.pathsTo(disk), (each) => each.expectHeld(keys.owner));
}

/** Another host takes the pool through another gateway, gives it back and clears it. */
async function take(context: StepContext, disk: Disk, round: Round, keys: Keys): Promise<void> {
  const { judge, fleet } = context;
  const path = new JudgedPath(judge, fleet.path(disk, round.challenger, round.challengerGateway));
  await path.outConflicts({
    action: "register",
    key: keys.unknown,
    serviceActionKey: keys.challenger,
  });
  await path.out({ action: "register", key: NO_KEY, serviceActionKey: keys.challenger });
  const preempt = { action: "preempt", key: keys.challenger, type: TYPE } as const;
  await path.outConflicts({ ...preempt, serviceActionKey: keys.unknown });
  await path.out({ ...preempt, serviceActionKey: keys.owner });
  await throughAll(judge, fleet.pathsTo(disk), async (each) => {
    await each.expectHeld(keys.challenger);
    await each.expectKeys([keys.challenger]);
  });
  await throughAll(judge, fleet.pathsOf(disk, round.owner), (each) =>
    each.outConflicts({ action: "register", key: keys.owner, serviceActionKey: keys.first }),
  );
  await path.release(keys.challenger);
  await throughAll(judge, fleet.pathsTo(disk), (each) => each.expectHeld(undefined));
  await path.clear(keys.challenger);
  await throughAll(judge, fleet.pathsTo(disk), (each) => each.expectKeys([]));
}

export async function storageSpaces(context: StepContext): Promise<void> {
  await onEveryDisk(context, async (disk) => {
    for (const round of roundsIn(context)) {
      context.signal.throwIfAborted();
      const keys = newPoolKeys(context);
      await clearDisk(context, disk, { host: round.owner, gateway: round.ownerGateway });
      await own(context, disk, round, keys);
      await take(context, disk, round, keys);
    }
  });
}
