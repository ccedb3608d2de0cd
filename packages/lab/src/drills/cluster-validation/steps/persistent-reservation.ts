// Persistent reservations as the validation of Windows clusters plays them ([MS-CSVP]): clear, register with a
// random key and whatever was there before, reserve, read it from everywhere, pre-empt from another host through
// another gateway, release, unregister. A round for each pair of gateways and each owner.
import { initiatorPortOf, NO_KEY, WRITE_EXCLUSIVE_REGISTRANTS_ONLY } from "@ashlar/initiator";
import { inParallel } from "../../step-judge.ts";
import type { Disk, Round } from "../fleet.ts";
import { inNamed, JudgedPath, registerHost, throughAll, unregisterHost } from "../judged-path.ts";
import {
  clearDisk,
  newKeys,
  onEveryDisk,
  othersThan,
  roundsIn,
  type StepContext,
} from "../step-context.ts";

const TYPE = WRITE_EXCLUSIVE_REGISTRANTS_ONLY;

interface Turn extends Round {
  readonly context: StepContext;
  readonly disk: Disk;
  readonly keys: readonly string[];
  /** Tells writes of this turn from those of others. */
  readonly mark: string;
}

const keyOf = ({ keys }: Turn, host: number): string => keys[host] ?? NO_KEY;

const ownerPath = ({ context: { judge, fleet }, disk, owner, ownerGateway }: Turn): JudgedPath =>
  new JudgedPath(judge, fleet.path(disk, owner, ownerGateway));
const challengerPath = (turn: Turn): JudgedPath =>
  new JudgedPath(
    turn.context.judge,
    turn.context.fleet.path(turn.disk, turn.challenger, turn.challengerGateway),
  );

/** One host after another, as the validation does: each change waits for the one before it anyway. */
async function registerEach(turn: Turn, hosts: readonly number[]): Promise<void> {
  const { judge, fleet } = turn.context;
  for (const host of hosts) {
    await registerHost(judge, fleet.pathsOf(turn.disk, host), keyOf(turn, host));
  }
}

/** READ FULL STATUS: every path is registered by name, and the owner's one holds the reservation. */
async function expectFullStatus({ context: { judge, fleet }, disk, ...turn }: Turn): Promise<void> {
  const path = fleet.path(disk, turn.challenger, turn.challengerGateway);
  const holder = fleet.path(disk, turn.owner, turn.ownerGateway);
  const what = inNamed("readFullStatus");
  const read = () => path.reservations.readFullStatus();
  const { registrants } = await judge.good(path.place, what, read);
  const text = (key: string, port: string, holds: boolean): string =>
    `${key} ${port}${holds ? " holds" : ""}`;
  const found = registrants.map((one) => text(one.key, one.initiatorPort, one.holdsReservation));
  const expected = fleet.pathsTo(disk).map((one) => {
    const port = initiatorPortOf(one.initiatorName, one.isid);
    return text(turn.keys[one.host] ?? NO_KEY, port, one === holder);
  });
  judge.equal(path.place, what.command, { expected: expected.sort(), found: found.sort() });
}

async function reserveAndLook(turn: Turn): Promise<void> {
  const { context, disk, owner, mark } = turn;
  const { judge, fleet } = context;
  const others = othersThan(context, owner);
  const otherPaths = others.flatMap((host) => fleet.pathsOf(disk, host));
  const ownerKey = keyOf(turn, owner);
  await registerEach(turn, [owner]);
  await ownerPath(turn).reserve(ownerKey);
  await throughAll(judge, fleet.pathsTo(disk), (path) => path.expectHeld(ownerKey));
  await throughAll(judge, otherPaths, async (path) => {
    await path.outConflicts({ action: "reserve", key: keyOf(turn, path.path.host), type: TYPE });
    await path.expectWriteConflicts(`${mark} unregistered`);
  });
  await throughAll(judge, fleet.pathsOf(disk, owner), (path) =>
    path.expectWritePasses(`${mark} owner`),
  );
  await registerEach(turn, others);
  await throughAll(judge, otherPaths, async (path) => {
    await path.outConflicts({ action: "reserve", key: keyOf(turn, path.path.host), type: TYPE });
    await path.expectWritePasses(`${mark} registered`);
  });
  const all = fleet.pathsTo(disk).map(({ host }) => keyOf(turn, host));
  await throughAll(judge, fleet.pathsTo(disk), async (path) => {
    await path.expectHeld(ownerKey);
    await path.expectKeys(all);
  });
  await expectFullStatus(turn);
}

async function preemptAndRelease(turn: Turn): Promise<void> {
  const { context, disk, owner, challenger, mark } = turn;
  const { judge, fleet } = context;
  const [victims, rest] = [
    fleet.pathsOf(disk, owner),
    fleet.pathsTo(disk).filter(({ host }) => host !== owner),
  ];
  const [ownerKey, key] = [keyOf(turn, owner), keyOf(turn, challenger)];
  await challengerPath(turn).preempt(key, ownerKey);
  await throughAll(judge, victims, (path) => path.expectWriteConflicts(`${mark} pre-empted`));
  await throughAll(judge, rest, (path) => path.expectWritePasses(`${mark} after PREEMPT`));
  await throughAll(judge, fleet.pathsTo(disk), async (path) => {
    await path.expectHeld(key);
    await path.expectKeys(rest.map(({ host }) => keyOf(turn, host)));
  });
  await challengerPath(turn).release(key);
  await throughAll(judge, fleet.pathsTo(disk), (path) => path.expectHeld(undefined));
  await throughAll(judge, victims, (path) => path.expectWritePasses(`${mark} after RELEASE`));
}

async function expectAble({ judge, fleet }: StepContext, disk: Disk): Promise<void> {
  await inParallel(
    fleet.pathsTo(disk).map(async ({ place, reservations }) => {
      const what = inNamed("reportCapabilities");
      const found = await judge.good(place, what, () => reservations.reportCapabilities());
      judge.check(place, what.command, {
        ok: found.persistsThroughPowerLoss && found.types?.includes(TYPE) === true,
        expected: `kept over a loss of power (PTPL_C), type ${TYPE} among the types`,
        found: JSON.stringify(found),
      });
    }),
  );
}

/** Of one disk after another round: owners and pairs in turn. */
export async function persistentReservation(context: StepContext): Promise<void> {
  const { judge, fleet } = context;
  await onEveryDisk(context, async (disk) => {
    await expectAble(context, disk);
    for (const [index, round] of roundsIn(context).entries()) {
      context.signal.throwIfAborted();
      const mark = `reservation ${disk.name} ${index}`;
      const turn: Turn = { ...round, context, disk, keys: newKeys(context), mark };
      await clearDisk(context, disk, { host: round.owner, gateway: round.ownerGateway });
      await reserveAndLook(turn);
      await preemptAndRelease(turn);
      await unregisterHost(judge, fleet.pathsTo(disk));
      await challengerPath(turn).expectKeys([]);
    }
  });
}
