// Looks now and then whether each way to a peer is well, also those that nothing travels on now: so that one
// that is lost is known before it is needed, and one that is preferred is used again when it is well. Says nothing of
// whether the peer lives, and nothing waits for it.
import type { Clock, Log, Timer } from "@ashlar/runtime";
import { ANSWER_LENGTH, checkGreeting, encodePreamble, NO_TICKET } from "./chunk-service.ts";
import { readGreeting } from "./greeting-socket.ts";
import type { Network } from "./network.ts";
import type { Path } from "./path-silences.ts";

const LOOK_MS = 5_000;
/** Far more than a round trip; a look is over before the next one. */
const ANSWER_MS = 2_000;
/** So many looks in a row that nobody answered: one may be a peer that is busy. */
const MISSED_MAX = 2;
/** So many in a row that were answered: a network that comes and goes is not moved to each time. */
const WELL_LOOKS = 3;
/** Twice as many each time that what was moved there fell silent within a minute: a look is small, and passes where more does not. */
const WELL_LOOKS_MAX = 96;
const SOON_MS = 60_000;

/**
 * Told at each look at a way that has been well for a while. Who moves a connection there asks `claim` in that very turn,
 * which lets one go with each look.
 */
export type OnWell = (path: Path, claim: () => boolean) => void;

interface Followed {
  readonly hosts: readonly { readonly path: string; readonly host: string }[];
  readonly port: number;
}

interface Seen {
  answered: number;
  missed: number;
  isLost: boolean;
  /** Looks in a row that show that it is well. */
  wellLooks: number;
  /** When something was moved there last. */
  movedAtMs: number;
}

export class PathWatch {
  private readonly clock: Clock;
  private readonly network: Network;
  private readonly log: Log;
  private readonly isUsed: (address: string) => boolean;
  private readonly onWell: OnWell;
  private readonly followed = new Map<string, Followed>();
  /** By address and path. */
  private readonly seen = new Map<string, Map<string, Seen>>();
  private timer: Timer | undefined;
  /** Of this look. */
  private isClaimed = false;

  constructor(
    deps: { readonly clock: Clock; readonly network: Network; readonly log: Log },
    {
      isUsed,
      onWell,
    }: {
      /** Whether there is a connection to this peer; one without is followed no longer. */
      readonly isUsed: (address: string) => boolean;
      readonly onWell: OnWell;
    },
  ) {
    this.clock = deps.clock;
    this.network = deps.network;
    this.log = deps.log;
    this.isUsed = isUsed;
    this.onWell = onWell;
  }

  /** Looks at these ways to `address` from now on, and no longer at others. */
  follow(address: string, followed: Followed): void {
    this.followed.set(address, followed);
    const paths = new Set(followed.hosts.map(({ path }) => path));
    const seen = this.seen.get(address);
    for (const path of seen?.keys() ?? []) if (!paths.has(path)) seen?.delete(path);
    this.timer ??= this.clock.every(LOOK_MS, () => this.look());
  }

  /** Looks no longer: there is but one way. */
  unfollow(address: string): void {
    this.followed.delete(address);
    this.seen.delete(address);
  }

  /** A connection over this way ended for its silence, or none came about. */
  missed(path: Path): void {
    if (!this.follows(path)) return;
    const seen = this.seenOf(path);
    seen.answered = 0;
    const wasSoon = this.clock.nowMs() - seen.movedAtMs < SOON_MS;
    seen.wellLooks = wasSoon ? Math.min(2 * seen.wellLooks, WELL_LOOKS_MAX) : WELL_LOOKS;
    this.markLost(path, seen);
  }

  lost(): readonly Path[] {
    return [...this.seen].flatMap(([address, paths]) =>
      [...paths].flatMap(([path, { isLost }]) => (isLost ? [{ address, path }] : [])),
    );
  }

  close(): void {
    this.timer?.cancel();
    this.timer = undefined;
    this.followed.clear();
    this.seen.clear();
  }

  private follows({ address, path }: Path): boolean {
    return this.followed.get(address)?.hosts.some((one) => one.path === path) ?? false;
  }

  private look(): void {
    this.isClaimed = false;
    for (const [address, { hosts, port }] of this.followed) {
      if (!this.isUsed(address)) {
        this.unfollow(address);
        continue;
      }
      for (const { path, host } of hosts) void this.lookAt({ address, path }, { host, port });
    }
    if (this.followed.size === 0) this.close();
  }

  private async lookAt(
    path: Path,
    at: { readonly host: string; readonly port: number },
  ): Promise<void> {
    const { clock, network } = this;
    const isAnswered = await answers(at, { clock, network });
    if (!this.follows(path)) return;
    const seen = this.seenOf(path);
    if (!isAnswered) {
      seen.answered = 0;
      seen.missed += 1;
      if (seen.missed >= MISSED_MAX) this.markLost(path, seen);
      return;
    }
    seen.missed = 0;
    seen.answered += 1;
    if (seen.isLost) this.log.info(path, "network path is heard again");
    seen.isLost = false;
    if (seen.answered >= seen.wellLooks) this.onWell(path, () => this.claim(seen));
  }

  private claim(seen: Seen): boolean {
    if (this.isClaimed) return false;
    this.isClaimed = true;
    seen.movedAtMs = this.clock.nowMs();
    return true;
  }

  private markLost(path: Path, seen: Seen): void {
    if (!seen.isLost) this.log.warn(path, "network path is lost");
    seen.isLost = true;
  }

  private seenOf({ address, path }: Path): Seen {
    const paths = this.seen.get(address) ?? new Map<string, Seen>();
    const seen = paths.get(path) ?? {
      answered: 0,
      missed: 0,
      isLost: false,
      wellLooks: WELL_LOOKS,
      movedAtMs: Number.NEGATIVE_INFINITY,
    };
    this.seen.set(address, paths.set(path, seen));
    return seen;
  }
}

/** Whether carriers are taken there. */
async function answers(
  at: { readonly host: string; readonly port: number },
  { clock, network }: { readonly clock: Clock; readonly network: Network },
): Promise<boolean> {
  const socket = network.connect(at);
  const timeout = clock.after(ANSWER_MS, () => socket.destroy());
  try {
    socket.write(encodePreamble(NO_TICKET));
    return checkGreeting(await readGreeting(socket, ANSWER_LENGTH)) === undefined;
  } catch {
    return false;
  } finally {
    timeout.cancel();
    socket.destroy();
  }
}
