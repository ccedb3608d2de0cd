// Disk arbitration and defence: the owner looks every three seconds who else has registered, and pre-empts
// them; a challenger registers, waits for twice as long, and takes the disk only if its registration is still there.
// So a living owner keeps the disk, and a dead one loses it to exactly one challenger.
import { NO_KEY, WRITE_EXCLUSIVE_REGISTRANTS_ONLY } from "@ashlar/initiator";
import { sleep } from "@ashlar/runtime";
import { inParallel } from "../../step-judge.ts";
import { type Disk, hostNamed } from "../fleet.ts";
import { JudgedPath, outNamed, registerHost, throughAll } from "../judged-path.ts";
import { clearDisk, newKeys, onEveryDisk, othersThan, type StepContext } from "../step-context.ts";

const TYPE = WRITE_EXCLUSIVE_REGISTRANTS_ONLY;
/** A challenger looks so often within one period of defence. */
const LOOKS_PER_PERIOD = 6;
/** Periods without a defence until a challenger takes the disk. */
const PERIODS_WAITED = 2;
const OWNER = 0;

interface Contest {
  readonly context: StepContext;
  readonly disk: Disk;
  readonly keys: readonly string[];
}

const keyOf = ({ keys }: Contest, host: number): string => keys[host] ?? NO_KEY;

/** Hosts are spread over the gateways. */
function pathOf({ context: { judge, fleet }, disk }: Contest, host: number): JudgedPath {
  const gateway = host % fleet.shape.gateways.length;
  return new JudgedPath(judge, fleet.path(disk, host, gateway));
}

/** Looks for challengers, again and again, until `over`. */
async function defend(contest: Contest, over: AbortSignal): Promise<void> {
  const { clock, defenceMs } = contest.context;
  const path = pathOf(contest, OWNER);
  const key = keyOf(contest, OWNER);
  for (let round = 0; !over.aborted; round++) {
    const foreign = new Set((await path.keys()).filter((each) => each !== key));
    for (const challenger of foreign) await path.preempt(key, challenger);
    await path.expectWritePasses(`defence ${round}`);
    await sleep(clock, defenceMs, { signal: over }).catch(() => {});
  }
}

/** Whether the host got the disk: lost to its defender, or beaten by another challenger. */
async function challenge(contest: Contest, host: number): Promise<"won" | "lost" | "beaten"> {
  const { clock, defenceMs, signal } = contest.context;
  const path = pathOf(contest, host);
  const key = keyOf(contest, host);
  await path.registerIgnoring(key);
  await path.outConflicts({ action: "reserve", key, type: TYPE });
  for (let look = 0; look < LOOKS_PER_PERIOD * PERIODS_WAITED; look++) {
    await sleep(clock, defenceMs / LOOKS_PER_PERIOD, { signal });
    if (!(await path.keys()).includes(key)) return "lost";
  }
  const preempt = { action: "preempt", key, serviceActionKey: keyOf(contest, OWNER) } as const;
  return (await path.outWins({ ...preempt, type: TYPE })) ? "won" : "beaten";
}

async function whileDefended(contest: Contest): Promise<void> {
  const { context, disk } = contest;
  const { judge, fleet } = context;
  const over = new AbortController();
  const defence = defend(contest, over.signal);
  // It is waited for below; until then nobody else looks at how it ends.
  defence.catch(() => {});
  try {
    const challengers = othersThan(context, OWNER);
    const outcomes = await inParallel(challengers.map((host) => challenge(contest, host)));
    challengers.forEach((host, index) => {
      const values = {
        expected: "the owner defends the disk",
        found: `a challenger has ${outcomes[index]}`,
      };
      const ok = outcomes[index] === "lost";
      judge.check(pathOf(contest, host).path.place, outNamed("preempt").command, { ok, ...values });
    });
    await throughAll(judge, fleet.pathsTo(disk), (path) => path.expectHeld(keyOf(contest, OWNER)));
  } finally {
    over.abort();
    await defence;
  }
}

/** The one that won, named; findings when it is not exactly one. */
async function expectOneWinner(
  { context, disk, keys }: Contest,
  { winners, command }: { readonly winners: readonly number[]; readonly command: string },
): Promise<void> {
  const { judge, fleet } = context;
  const names = winners.map(hostNamed).join(", ") || "none";
  const place = { disk: disk.name, host: names, path: "all paths" };
  const ok = winners.length === 1;
  judge.check(place, command, {
    ok,
    expected: "exactly one host wins",
    found: `winners: ${names}`,
  });
  const [winner] = winners;
  if (winner === undefined) return;
  await throughAll(judge, fleet.pathsTo(disk), (path) => path.expectHeld(keys[winner]));
}

export async function arbitration(context: StepContext): Promise<void> {
  const { judge, fleet } = context;
  await onEveryDisk(context, async (disk) => {
    const contest = { context, disk, keys: newKeys(context) };
    await clearDisk(context, disk);
    await registerHost(judge, fleet.pathsOf(disk, OWNER), keyOf(contest, OWNER));
    await pathOf(contest, OWNER).reserve(keyOf(contest, OWNER));
    await whileDefended(contest);
    const challengers = othersThan(context, OWNER);
    const outcomes = await inParallel(challengers.map((host) => challenge(contest, host)));
    const winners = challengers.filter((_, index) => outcomes[index] === "won");
    await expectOneWinner(contest, { winners, command: outNamed("preempt").command });
    await throughAll(judge, fleet.pathsOf(disk, OWNER), (path) =>
      path.expectWriteConflicts("former owner"),
    );
  });
}

/** Of all hosts that ask in the same moment, which got it. */
async function race(
  contest: Contest,
  { hosts, shift, victim }: { hosts: readonly number[]; shift: number; victim?: string },
): Promise<number[]> {
  const { judge, fleet } = contest.context;
  const outcomes = await inParallel(
    hosts.map((host) => {
      const gateway = (host + shift) % fleet.shape.gateways.length;
      const path = new JudgedPath(judge, fleet.path(contest.disk, host, gateway));
      const own = { key: keyOf(contest, host), type: TYPE };
      return victim === undefined
        ? path.outWins({ action: "reserve", ...own })
        : path.outWins({ action: "preempt", serviceActionKey: victim, ...own });
    }),
  );
  return hosts.filter((_, index) => outcomes[index]);
}

/** All hosts at once, once through each gateway: first for a free disk, then for one that is held. */
export async function multipleArbitration(context: StepContext): Promise<void> {
  const { judge, fleet } = context;
  await onEveryDisk(context, async (disk) => {
    for (let shift = 0; shift < fleet.shape.gateways.length; shift++) {
      const contest = { context, disk, keys: newKeys(context) };
      await clearDisk(context, disk, { gateway: shift });
      const hosts = othersThan(context);
      for (const host of hosts) {
        await registerHost(judge, fleet.pathsOf(disk, host), keyOf(contest, host));
      }
      const winners = await race(contest, { hosts, shift });
      await expectOneWinner(contest, { winners, command: outNamed("reserve").command });
      const [first] = winners;
      if (winners.length !== 1 || first === undefined) return;
      const rest = othersThan(context, first);
      const heirs = await race(contest, { hosts: rest, shift, victim: keyOf(contest, first) });
      await expectOneWinner(contest, { winners: heirs, command: outNamed("preempt").command });
    }
  });
}
