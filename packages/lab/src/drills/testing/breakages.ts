// Ways in which a cluster can be wrong, each with the step that is to find it. The next ones belong here.
import { type NexusId, type Reservations, sameNexus } from "@ashlar/reservations";
import {
  type CommandResult,
  checkCondition,
  nexusId,
  type ReadyCommand,
  SENSE,
  STATUS,
} from "@ashlar/scsi";
import { expect } from "vitest";
import type { Finding } from "../receipt.ts";
import { type Asked, type Bending, FILES_LBA, withData, withResult } from "./bent-cluster.ts";

const isVpd = ({ cdb }: Asked, page: number): boolean =>
  cdb[0] === 0x12 && (cdb.readUInt8(1) & 1) === 1 && cdb[2] === page;
const isInquiry = ({ cdb }: Asked): boolean => cdb[0] === 0x12 && (cdb.readUInt8(1) & 1) === 0;
const isRead = ({ cdb }: Asked): boolean => cdb[0] === 0x88;
const isWrite = ({ cdb }: Asked): boolean => cdb[0] === 0x8a;
const isReserveIn = ({ cdb }: Asked, action: number): boolean =>
  cdb[0] === 0x5e && cdb[1] === action;
const isReserveOut = ({ cdb }: Asked, ...actions: number[]): boolean =>
  cdb[0] === 0x5f && actions.includes(cdb.readUInt8(1));
const isSecond = ({ nexus }: Asked): boolean => nexus.tpgt === 2;
const good: CommandResult = { status: STATUS.good, sense: undefined, dataIn: [] };
const isConflict = ({ status }: CommandResult): boolean => status === STATUS.reservationConflict;

/** Bends the commands that are meant, and no others. */
const bending = (
  isMeant: (asked: Asked) => boolean,
  bend: (command: ReadyCommand, asked: Asked) => ReadyCommand,
): Bending => ({ command: (command, asked) => (isMeant(asked) ? bend(command, asked) : command) });

const setByte = (at: number, value: number) => (command: ReadyCommand) =>
  withData(command, (data) => {
    const changed = Buffer.from(data);
    changed[at] = value;
    return changed;
  });

/** Answers GOOD and does nothing. */
const doingNothing = (command: ReadyCommand): ReadyCommand => ({ ...command, run: () => good });
const unguarded = (command: ReadyCommand): ReadyCommand => ({ ...command, guard: undefined });
const neverConflicting = (command: ReadyCommand): ReadyCommand =>
  withResult(command, (result) => (isConflict(result) ? good : result));

const slow =
  (ms: number) =>
  (command: ReadyCommand, { cluster }: Asked): ReadyCommand =>
    withResult(command, (result) => {
      cluster.passTime(ms);
      return result;
    });

/** Whom a PREEMPT has removed goes on writing, until it registers again. */
function writingVictims(): Bending {
  const victims = new Set<string>();
  const nameOf = ({ initiatorPort, targetPort }: NexusId): string =>
    `${initiatorPort} ${targetPort}`;
  return {
    command: (command, asked) => {
      const name = nameOf(nexusId(asked.nexus));
      if (isWrite(asked) && victims.has(name)) return unguarded(command);
      if (isReserveOut(asked, 6)) victims.delete(name);
      if (!isReserveOut(asked, 4)) return command;
      return withResult(command, (result) => {
        const left = new Set(asked.current().registrants.map(nameOf));
        const gone = asked.state.registrants.map(nameOf).filter((each) => !left.has(each));
        for (const victim of gone) victims.add(victim);
        return result;
      });
    },
  };
}

/** Two RESERVEs in the same moment both find the disk free. */
const racing = (command: ReadyCommand, { state, current }: Asked): ReadyCommand => ({
  ...command,
  run: async (offer, options) => {
    await new Promise((resolve) => setTimeout(resolve, 20));
    const result = await command.run(offer, options);
    const isBeaten = state.held === undefined && current().held !== undefined;
    return isBeaten && isConflict(result) ? good : result;
  },
});

/** A PREEMPT takes the reservation; of one that would only remove a registration this comes instead. */
const defenceless =
  (instead: CommandResult) =>
  (command: ReadyCommand, { state }: Asked): ReadyCommand => ({
    ...command,
    run: (offer, options) => {
      const victim = Buffer.concat(offer.data).toString("hex", 8, 16);
      const holder = state.registrants.find(
        (one) => state.held?.holder && sameNexus(one, state.held.holder),
      );
      const isChallenger =
        holder?.key !== victim && state.registrants.some(({ key }) => key === victim);
      return isChallenger ? instead : command.run(offer, options);
    },
  });

const loseRegistration = (state: Reservations, nexus: NexusId): Reservations => {
  const isHeld = state.held?.holder !== undefined && sameNexus(state.held.holder, nexus);
  const registrants = state.registrants.filter((one) => !sameNexus(one, nexus));
  return {
    ...state,
    changes: state.changes + 1,
    notices: [],
    registrants,
    held: isHeld ? undefined : state.held,
  };
};

export interface Breakage {
  readonly what: string;
  readonly bending: Bending;
  readonly step: string;
  readonly finding: Partial<Record<keyof Finding, unknown>>;
}

const RESERVE_IN = "PERSISTENT RESERVE IN";
const RESERVE_OUT = "PERSISTENT RESERVE OUT";

export const BREAKAGES: readonly Breakage[] = [
  {
    what: "a gateway without one of the disks",
    bending: { missingDisk: true },
    step: "connect",
    finding: { disk: "disk-2", path: "gateway-2", command: "login, TEST UNIT READY" },
  },
  {
    what: "a gateway that does not tell of the other one",
    bending: { hiddenPortal: true },
    step: "list-disks",
    finding: { path: "gateway-2", command: "SendTargets", found: "memory:2" },
  },
  {
    what: "another identity through the second gateway",
    bending: bending((asked) => isVpd(asked, 0x83) && isSecond(asked), setByte(15, 0xee)),
    step: "list-disks",
    finding: { path: "gateway-2", command: "INQUIRY, VPD 83" },
  },
  {
    what: "disks that share a serial number",
    bending: bending(
      (asked) => isVpd(asked, 0x80),
      (command) =>
        withData(command, (data) =>
          Buffer.concat([data.subarray(0, 4), Buffer.alloc(data.length - 4, "1")]),
        ),
    ),
    step: "list-disks",
    finding: { command: "INQUIRY, VPD 80", expected: "an identity of its own" },
  },
  {
    what: "another size through the second gateway",
    bending: bending((asked) => asked.cdb[0] === 0x9e && isSecond(asked), setByte(7, 0x01)),
    step: "list-disks",
    finding: { path: "gateway-2", command: "READ CAPACITY" },
  },
  {
    what: "a list of pages that does not ascend",
    bending: bending((asked) => isVpd(asked, 0x00), setByte(5, 0xff)),
    step: "device-vpd",
    finding: { command: "INQUIRY, VPD 00" },
  },
  {
    what: "limits that differ between gateways",
    bending: bending((asked) => isVpd(asked, 0xb0) && isSecond(asked), setByte(11, 0x01)),
    step: "device-vpd",
    finding: { path: "gateway-2", command: "INQUIRY, VPD B0" },
  },
  {
    what: "a rotation rate that is not told",
    bending: bending((asked) => isVpd(asked, 0xb1), setByte(5, 0)),
    step: "device-vpd",
    finding: { command: "INQUIRY, VPD B1", expected: "a rotation rate" },
  },
  {
    what: "no UNMAP",
    bending: bending((asked) => isVpd(asked, 0xb2), setByte(5, 0)),
    step: "device-vpd",
    finding: { command: "INQUIRY, VPD B2" },
  },
  {
    what: "an INQUIRY that does not speak of iSCSI",
    bending: bending(isInquiry, (command) =>
      withData(command, (data) => Buffer.from(data).fill(0, 58, 74)),
    ),
    step: "device-vpd",
    finding: { command: "INQUIRY", expected: expect.stringContaining("0960h") },
  },
  {
    what: "TPGS through one gateway only",
    bending: bending((asked) => isInquiry(asked) && isSecond(asked), setByte(5, 0)),
    step: "mpio",
    finding: { path: "gateway-2", command: "INQUIRY", expected: "TPGS other than 0" },
  },
  {
    what: "a gateway that calls itself unavailable",
    bending: bending((asked) => asked.cdb[0] === 0xa3 && isSecond(asked), setByte(16, 0x03)),
    step: "mpio",
    finding: { path: "gateway-2", command: "REPORT TARGET PORT GROUPS" },
  },
  {
    what: "one relative port for both gateways",
    bending: bending(
      (asked) => isVpd(asked, 0x83),
      (command) =>
        withData(command, (data) => {
          const changed = Buffer.from(data);
          for (let at = 4; at < changed.length; at += 4 + changed.readUInt8(at + 3)) {
            if ((changed.readUInt8(at + 1) & 0x3f) === 0x14) changed[at + 7] = 1;
          }
          return changed;
        }),
    ),
    step: "mpio",
    finding: { command: expect.stringMatching(/INQUIRY, VPD 83|REPORT TARGET PORT GROUPS/) },
  },
  {
    what: "reads that are not what was written",
    bending: bending((asked) => isRead(asked) && isSecond(asked), setByte(100, 0xff)),
    step: "access-latency",
    finding: { path: "gateway-2", command: "READ after WRITE" },
  },
  {
    what: "writes that take longer than a cluster waits",
    bending: bending(isWrite, slow(21_000)),
    step: "access-latency",
    finding: { command: "WRITE", expected: "an answer within 20000 ms" },
  },
  {
    what: "a READ RESERVATION that does not show the reservation",
    bending: bending(
      (asked) => isReserveIn(asked, 1),
      (command) =>
        withData(command, (data) => Buffer.concat([data.subarray(0, 4), Buffer.alloc(4)])),
    ),
    step: "persistent-reservation",
    finding: { command: `${RESERVE_IN}, READ RESERVATION`, found: "no reservation" },
  },
  {
    what: "a gateway that knows nothing of the reservation",
    bending: bending((asked) => isWrite(asked) && isSecond(asked), unguarded),
    step: "persistent-reservation",
    finding: {
      path: "gateway-2",
      command: "WRITE",
      expected: "RESERVATION CONFLICT",
      found: "GOOD",
    },
  },
  {
    what: "a RESERVE that succeeds while another host has reserved",
    bending: bending((asked) => isReserveOut(asked, 1), neverConflicting),
    step: "persistent-reservation",
    finding: {
      command: `${RESERVE_OUT}, RESERVE`,
      expected: "RESERVATION CONFLICT",
      found: "GOOD",
    },
  },
  {
    what: "a PREEMPT that lets the victim write",
    bending: writingVictims(),
    step: "persistent-reservation",
    finding: { command: "WRITE", expected: "RESERVATION CONFLICT", found: "GOOD" },
  },
  {
    what: "a PREEMPT that takes longer than MSDSM waits",
    bending: bending((asked) => isReserveOut(asked, 4), slow(4_000)),
    step: "persistent-reservation",
    finding: { command: `${RESERVE_OUT}, PREEMPT`, expected: "an answer within 3000 ms" },
  },
  {
    what: "a refused write that was done all the same",
    bending: bending(isWrite, (command, { state, nexus }) => {
      const holder = state.registrants.find((one) => sameNexus(one, nexusId(nexus)));
      if (state.held === undefined || holder) return command;
      const conflict: CommandResult = { ...good, status: STATUS.reservationConflict };
      return withResult(unguarded(command), () => conflict);
    }),
    step: "persistent-reservation",
    finding: { command: "READ", found: "what was refused" },
  },
  {
    what: "a RELEASE that does nothing",
    bending: bending((asked) => isReserveOut(asked, 2), doingNothing),
    step: "persistent-reservation",
    finding: { command: `${RESERVE_IN}, READ RESERVATION`, expected: "no reservation" },
  },
  {
    what: "a CLEAR that does nothing",
    bending: bending((asked) => isReserveOut(asked, 3), doingNothing),
    step: "persistent-reservation",
    finding: { command: `${RESERVE_IN}, READ KEYS`, expected: "[]" },
  },
  {
    what: "READ KEYS without the last key",
    bending: bending(
      (asked) => isReserveIn(asked, 0),
      (command) =>
        withData(command, (data) => {
          const length = Math.max(0, data.readUInt32BE(4) - 8);
          const changed = Buffer.from(data.subarray(0, 8 + length));
          changed.writeUInt32BE(length, 4);
          return changed;
        }),
    ),
    step: "persistent-reservation",
    finding: { command: `${RESERVE_IN}, READ KEYS` },
  },
  {
    what: "READ FULL STATUS without the holder",
    bending: bending((asked) => isReserveIn(asked, 3), setByte(8 + 12, 0)),
    step: "persistent-reservation",
    finding: { command: `${RESERVE_IN}, READ FULL STATUS` },
  },
  {
    what: "reservations that are not kept over a loss of power",
    bending: bending((asked) => isReserveIn(asked, 2), setByte(2, 0)),
    step: "persistent-reservation",
    finding: { command: `${RESERVE_IN}, REPORT CAPABILITIES` },
  },
  {
    what: "a REGISTER with a wrong key that succeeds",
    bending: bending((asked) => isReserveOut(asked, 0), neverConflicting),
    step: "storage-spaces",
    finding: {
      command: `${RESERVE_OUT}, REGISTER`,
      expected: "RESERVATION CONFLICT",
      found: "GOOD",
    },
  },
  {
    what: "a PREEMPT of an unknown key that succeeds",
    bending: bending((asked) => isReserveOut(asked, 4), neverConflicting),
    step: "storage-spaces",
    finding: {
      command: `${RESERVE_OUT}, PREEMPT`,
      expected: "RESERVATION CONFLICT",
      found: "GOOD",
    },
  },
  {
    what: "a defence that removes no challenger",
    bending: bending((asked) => isReserveOut(asked, 4), defenceless(good)),
    step: "arbitration",
    finding: { command: `${RESERVE_OUT}, PREEMPT`, expected: "the owner defends the disk" },
  },
  {
    what: "a defence that is refused",
    bending: bending(
      (asked) => isReserveOut(asked, 4),
      defenceless(checkCondition(SENSE.invalidFieldInCdb)),
    ),
    step: "arbitration",
    finding: { host: "host-1", command: `${RESERVE_OUT}, PREEMPT`, expected: "GOOD" },
  },
  {
    what: "two hosts that reserve in the same moment",
    bending: bending((asked) => isReserveOut(asked, 1), racing),
    step: "multiple-arbitration",
    finding: { command: `${RESERVE_OUT}, RESERVE`, expected: "exactly one host wins" },
  },
  {
    what: "files of the former owner that are others through the second gateway",
    bending: bending(
      (asked) => isRead(asked) && isSecond(asked) && asked.cdb.readUInt32BE(6) >= FILES_LBA,
      setByte(5_000, 0xff),
    ),
    step: "failover",
    finding: {
      path: "gateway-2",
      command: "READ of file 0",
      found: "other data from byte 5000 on",
    },
  },
  {
    what: "a registration that ends with its session",
    bending: { afterLoss: loseRegistration },
    step: "session-loss",
    finding: { command: `${RESERVE_IN}, READ RESERVATION`, found: "no reservation" },
  },
  {
    what: "a reservation that ends with its session",
    bending: { afterLoss: (state) => ({ ...state, changes: state.changes + 1, held: undefined }) },
    step: "session-loss",
    finding: { command: `${RESERVE_IN}, READ RESERVATION`, found: "no reservation" },
  },
];
