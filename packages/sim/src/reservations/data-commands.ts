// What a host does with the blocks of its units, over any of its paths. Commands are of whole units of 4 KiB, some
// of two, on both sides of a chunk's border; a compare-and-write is of one block.
import { AssertionError, hasCode, present } from "@ashlar/core";
import { cdb, type ScsiCommand } from "@ashlar/initiator";
import { BLOCK, stamped, ZEROS } from "../workload/stamps.ts";
import type { Deed } from "../workload/volume-history.ts";
import { type HostPorts, pickFrom } from "./host-ports.ts";
import { type CommandEnd, endOf } from "./unit-answers.ts";
import type { UnitPath } from "./unit-path.ts";

const LUN = 0;
/** Blocks of 4 KiB. */
export const UNIT_BLOCKS = 8;

export class DataCommands {
  private readonly ports: HostPorts;

  constructor(ports: HostPorts) {
    this.ports = ports;
  }

  /** One command; rejects when there is no session for it. */
  async next(): Promise<void> {
    const path = this.path();
    const unit = await path.unit();
    const deed = this.deedFor(path);
    const command = commandOf(deed);
    try {
      for (;;) {
        const result = await unit.execute(command, () => this.onArrived(deed));
        const end = endOf(result);
        if (end === undefined) {
          const { status, sense } = result;
          throw new AssertionError(`no host expects ${JSON.stringify({ status, sense })}`);
        }
        // It was not begun, and what was told is gone with the answer.
        if (end === "attention") {
          this.ports.figures.attentions += 1;
          this.ports.arrivals.delete(deed.stamp);
        } else {
          this.onEnd(deed, end, Buffer.concat([...result.dataIn]));
          return;
        }
      }
    } catch (thrown) {
      const isLost = hasCode(thrown, "rpc/disconnected") || hasCode(thrown, "operation/timeout");
      if (!isLost) throw thrown;
      this.ports.figures.unanswered += 1;
      this.ports.history.givenUp(deed, this.ports.world.nowMs);
    }
  }

  /** Mostly one with a registration, as far as the host knows. */
  private path(): UnitPath {
    const { paths, machine } = this.ports;
    const registered = paths.filter(({ isRegistered }) => isRegistered);
    const isAny = registered.length === 0 || machine.random.below(3) === 0;
    return pickFrom(this.ports, isAny ? paths : registered);
  }

  private deedFor({ volume, nexus }: UnitPath): Deed {
    const { machine, history, stamps, world } = this.ports;
    const place = pickFrom(this.ports, volume.places);
    const whole = { volume: volume.name, firstBlock: place, blocks: UNIT_BLOCKS };
    const made = { client: nexus, startedMs: world.nowMs };
    const drawn = machine.random.below(10);
    if (drawn < 3) return { ...made, ...whole, kind: "read", expected: 0, stamp: ZEROS };
    const [kind, blocks] = drawn < 4 ? (["swap", 1] as const) : (["write", UNIT_BLOCKS] as const);
    const range = { ...whole, blocks: drawn < 6 ? blocks : this.blocksFrom(volume, place) };
    const expected = kind === "swap" ? history.seenIn(volume.name, place) : 0;
    stamps.next += 1;
    history.onStamp(stamps.next, range);
    return { ...made, ...range, kind, expected, stamp: stamps.next };
  }

  private onArrived({ stamp }: Deed): void {
    const { arrivals, world } = this.ports;
    if (stamp !== ZEROS && !arrivals.has(stamp)) arrivals.set(stamp, world.nowMs);
  }

  /** Two units where the next one is used too. */
  private blocksFrom({ places }: UnitPath["volume"], place: number): number {
    return places.includes(place + UNIT_BLOCKS) ? 2 * UNIT_BLOCKS : UNIT_BLOCKS;
  }

  private onEnd(deed: Deed, end: Exclude<CommandEnd, "attention">, bytes: Buffer): void {
    const { figures, history, units, world } = this.ports;
    const now = world.nowMs;
    const { client, startedMs: callTime } = deed;
    switch (end) {
      case "good":
        figures.acked += 1;
        if (deed.kind === "read") history.read(deed, bytes, now);
        else history.written(deed, now);
        figures[deed.kind === "read" ? "reads" : deed.kind === "swap" ? "swaps" : "writes"] += 1;
        return;
      case "miscompare":
        figures.miscompares += 1;
        history.miscompared(deed, now);
        return;
      case "conflict": {
        figures.conflicts += 1;
        const rule = deed.kind === "read" ? "read" : "write";
        const unit = present(units.get(deed.volume), "the unit of the host's volume");
        // It was not done, so nobody may ever see its stamp.
        unit.refused({ client, callTime, returnTime: now }, client, rule);
        return;
      }
      case "denied":
      case "busy":
        figures[end] += 1;
        history.givenUp(deed, now);
        return;
    }
  }
}

function commandOf({ kind, firstBlock, blocks, expected, stamp }: Deed): ScsiCommand {
  switch (kind) {
    case "read":
      return { lun: LUN, cdb: cdb.read10(firstBlock, blocks), dataInLength: blocks * BLOCK };
    case "swap": {
      const dataOut = [stamped(expected, firstBlock, 1), stamped(stamp, firstBlock, 1)];
      return { lun: LUN, cdb: cdb.compareAndWrite(firstBlock, 1), dataOut };
    }
    case "write":
      return {
        lun: LUN,
        cdb: cdb.write10(firstBlock, blocks),
        dataOut: [stamped(stamp, firstBlock, blocks)],
      };
    case "unmap":
      throw new AssertionError("hosts with reservations do not unmap");
  }
}
