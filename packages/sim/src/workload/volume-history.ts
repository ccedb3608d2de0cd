// What the clients of all volumes did and saw, block by block.
import { assert, SystemError } from "@ashlar/core";
import type { BlockInput, BlockOperation, BlockOutput } from "../checkers/block-register.ts";
import type { GivenUp } from "../checkers/late-effects.ts";
import { BLOCK, stampOf, ZEROS } from "./stamps.ts";

export interface Range {
  readonly volume: string;
  readonly firstBlock: number;
  readonly blocks: number;
}

export interface Deed extends Range {
  readonly client: string;
  readonly kind: "read" | "write" | "unmap" | "swap";
  readonly expected: number;
  readonly stamp: number;
  readonly startedMs: number;
}

export class VolumeHistory {
  readonly operations: BlockOperation[] = [];
  /** By hosts; what was refused in the end is known to have no effect later. */
  readonly abandoned: GivenUp[] = [];
  /** The newest stamp that anybody has seen in a block. */
  private readonly lastSeen = new Map<string, number>();
  private readonly given = new Map<number, string>();

  seenIn(volume: string, block: number): number {
    return this.lastSeen.get(registerOf(volume, block)) ?? 0;
  }

  /** A stamp belongs to one range of one volume. */
  onStamp(stamp: number, { volume }: Range): void {
    this.given.set(stamp, volume);
  }

  /** The host turned away from it: it may take effect for a while yet. */
  givenUp(deed: Deed, atMs: number): void {
    this.unknown(deed);
    if (deed.stamp === ZEROS) return;
    for (let at = 0; at < deed.blocks; at += 1) {
      const register = registerOf(deed.volume, deed.firstBlock + at);
      this.abandoned.push({ register, stamp: deed.stamp, atMs });
    }
  }

  /** Nobody knows what became of it: it may take effect at any time. */
  unknown(deed: Deed): void {
    if (deed.kind !== "read") this.add(deed, undefined, () => undefined);
  }

  written(deed: Deed, endedMs: number): void {
    this.add(deed, endedMs, () => ({ kind: "written" }));
    for (let at = 0; at < deed.blocks; at += 1) {
      this.lastSeen.set(registerOf(deed.volume, deed.firstBlock + at), deed.stamp);
    }
  }

  miscompared(deed: Deed, endedMs: number): void {
    assert(deed.blocks === 1, "a swap is of one block");
    this.add(deed, endedMs, () => ({ kind: "miscompared" }));
  }

  read(deed: Deed, bytes: Buffer, endedMs: number): void {
    this.add(deed, endedMs, (block, at) => {
      const content = bytes.subarray(at * BLOCK, (at + 1) * BLOCK);
      const stamp = stampOf(content, block);
      const isKnown = stamp === 0 || (stamp !== undefined && this.given.get(stamp) === deed.volume);
      if (stamp === undefined || !isKnown) {
        const shown = content.subarray(0, 32).toString("hex");
        throw new SystemError("internal", `P14: ${deed.volume} block ${block} holds ${shown}`);
      }
      this.lastSeen.set(registerOf(deed.volume, block), stamp);
      return { kind: "read", stamp };
    });
  }

  private add(
    deed: Deed,
    returnTime: number | undefined,
    outputOf: (block: number, at: number) => BlockOutput | undefined,
  ): void {
    const { client, volume, firstBlock, blocks, kind, expected, stamp, startedMs } = deed;
    const asked: BlockInput["kind"] = kind === "unmap" ? "write" : kind;
    for (let at = 0; at < blocks; at += 1) {
      const block = firstBlock + at;
      const input = { register: registerOf(volume, block), kind: asked, expected, stamp };
      const output = outputOf(block, at);
      this.operations.push({ client, callTime: startedMs, returnTime, input, output });
    }
  }
}

const registerOf = (volume: string, block: number): string => `${volume}/${block}`;
