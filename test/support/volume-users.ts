// Users at work on a few shared volume names: each makes one call after the other, and waits for the
// answer, if not always to the end.
import { setTimeout } from "node:timers/promises";
import { type VolumeName, volumeName } from "@ashlar/core";
import { type AdminClientOptions, createAdminClient } from "@ashlar/rpc";
import type { Random } from "@ashlar/runtime";
import type { User, VolumeCall, VolumeHistory } from "./volume-history.ts";

/**
 * A name is left for a fresh one after so many calls: those of which nobody knows what came may take
 * effect whenever the checker likes, and each doubles what it has to try.
 */
const CALLS_PER_NAME = 60;
const PAUSE_MAX_MS = 25;
/** A call of a hasty user, and of others one in so many, is given up after so long. */
const HASTY_MS = 300;
const HASTY_ONE_IN = 5;
/** Far beyond a client's own patience. */
const CALL_DEADLINE_MS = 60_000;

export class VolumeNames {
  /** All that were ever used. */
  readonly used: VolumeName[] = [];
  private readonly current: { name: VolumeName; calls: number }[];

  /** `count`: how many are in use at a time. */
  constructor(count: number) {
    this.current = Array.from({ length: count }, () => this.fresh());
  }

  take(random: Random): VolumeName {
    const place = random.below(this.current.length);
    let taken = this.current[place];
    if (!taken || taken.calls >= CALLS_PER_NAME) {
      taken = this.fresh();
      this.current[place] = taken;
    }
    taken.calls += 1;
    return taken.name;
  }

  private fresh(): { name: VolumeName; calls: number } {
    const name = volumeName(`shared-${this.used.length + 1}`);
    this.used.push(name);
    return { name, calls: 0 };
  }
}

/** Has one client for good, which remembers who leads; gives how to end it, too. */
export function settledUser(label: string, cluster: AdminClientOptions): User & { close(): void } {
  const admin = createAdminClient(cluster);
  return { label, with: (use) => use(admin), close: () => admin.close() };
}

/**
 * Comes each time as someone new, who asks any member first: one that has lost its place and does not know
 * it yet is asked while others are served by its successor.
 */
export function restlessUser(label: string, cluster: AdminClientOptions, random: Random): User {
  const { addresses } = cluster;
  return {
    label,
    with: async (use) => {
      const first = random.below(addresses.length);
      const turned = [...addresses.slice(first), ...addresses.slice(0, first)];
      const admin = createAdminClient({ ...cluster, addresses: turned });
      try {
        return await use(admin);
      } finally {
        admin.close();
      }
    },
  };
}

/** What a user does all day. */
export interface Habit {
  readonly calls: readonly VolumeCall[];
  readonly hasty: boolean;
}

export interface UseOptions {
  readonly history: VolumeHistory;
  readonly names: VolumeNames;
  readonly random: Random;
  readonly until: AbortSignal;
}

/** Goes on until told to stop. */
export async function useVolumes(
  user: User,
  { calls, hasty }: Habit,
  { history, names, random, until }: UseOptions,
): Promise<void> {
  while (!until.aborted) {
    const kind = calls[random.below(calls.length)] ?? "get";
    const givesUp = random.below(HASTY_ONE_IN) === 0 || hasty;
    const signal = AbortSignal.timeout(givesUp ? HASTY_MS : CALL_DEADLINE_MS);
    await history.record(user, { kind, name: names.take(random) }, { signal });
    await setTimeout(random.below(PAUSE_MAX_MS));
  }
}

/** Each asks for every name: what the calls so far have come to. */
export async function readAll(
  users: readonly User[],
  { history, names }: Pick<UseOptions, "history" | "names">,
): Promise<void> {
  for (const user of users) {
    for (const name of names.used) {
      const signal = AbortSignal.timeout(CALL_DEADLINE_MS);
      await history.record(user, { kind: "get", name }, { signal });
    }
  }
}
