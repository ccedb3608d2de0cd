// One path of a host to a logical unit: a session at one portal, opened when it is needed and again when it was
// lost. The nexus stays the same, and with it what is registered for it.
import { hasCode, type SystemError } from "@ashlar/core";
import {
  type CommandExecutor,
  initiatorPortOf,
  openSession,
  type ScsiCommand,
  type ScsiResult,
  type Session,
} from "@ashlar/initiator";
import type { NexusName } from "../checkers/unit-model.ts";
import { ISCSI_PORT } from "../cluster/sim-cluster.ts";
import type { ClientVolume } from "../workload/sim-client.ts";
import type { HostMachine } from "./host-machine.ts";

/** Of a host that has other paths. */
const LOGIN_TIMEOUT_MS = 5_000;
const ABORT_TIMEOUT_MS = 5_000;
const NOP_MS = 3_000;
/** One ISID for all portal groups, as initiators have it: nexuses differ by the portal alone. */
const ISID = "800000000001";

const INITIATOR_PREFIX = "iqn.2026-11.io.ashlar.sim:";
export const initiatorOf = (host: string): string => `${INITIATOR_PREFIX}${host}`;

/** As checkers name a nexus: by what READ FULL STATUS tells of it. */
export function nexusOf(initiatorPort: string, relativePort: number): NexusName {
  const name = initiatorPort.slice(0, initiatorPort.indexOf(","));
  const host = name.startsWith(INITIATOR_PREFIX) ? name.slice(INITIATOR_PREFIX.length) : name;
  const isOwn = initiatorPort === initiatorPortOf(name, ISID);
  return isOwn ? `${host}@${relativePort}` : `${initiatorPort}@${relativePort}`;
}

export interface UnitPathOptions {
  readonly volume: ClientVolume;
  /** From 1; also the portal's tag. */
  readonly gateway: number;
  /** How long a command may take before it is aborted. */
  readonly patienceMs: number;
  /** A login came to its end, with a session or without. */
  readonly onLogin: (isIn: boolean) => void;
  /** The gateway broke a rule of iSCSI. */
  readonly onBroken: (reason: SystemError) => void;
}

export interface UnitAtPath extends CommandExecutor {
  /** @param onArrived called when the command has certainly reached the unit, before its answer if at all. */
  execute(command: ScsiCommand, onArrived?: () => void): Promise<ScsiResult>;
}

export class UnitPath {
  readonly nexus: NexusName;
  readonly volume: ClientVolume;
  readonly gateway: number;
  private readonly machine: HostMachine;
  private readonly options: UnitPathOptions;
  /** As far as the host knows: others may have changed it. */
  isRegistered = false;
  private opening: Promise<Session> | undefined;
  private current: Session | undefined;
  /** Commands of the session that are not answered, in order, by whom to tell when they have arrived. */
  private sent = new Set<() => void>();

  constructor(machine: HostMachine, options: UnitPathOptions) {
    this.machine = machine;
    this.options = options;
    this.volume = options.volume;
    this.gateway = options.gateway;
    this.nexus = `${machine.name}@${options.gateway}`;
  }

  /** The unit behind it. Rejects when there is no login now. */
  async unit(): Promise<UnitAtPath> {
    const session = await this.session();
    const { patienceMs: timeoutMs } = this.options;
    return {
      execute: async (command, onArrived = () => {}) => {
        const { sent } = this;
        sent.add(onArrived);
        try {
          const result = await session.execute({ ...command, timeoutMs });
          this.onAnswer(onArrived, sent);
          return result;
        } finally {
          sent.delete(onArrived);
        }
      },
    };
  }

  /** The session that is open, or a new one. Rejects when there is no login now. */
  async session(): Promise<Session> {
    if (this.current?.isOpen) return this.current;
    this.opening ??= this.open().finally(() => {
      this.opening = undefined;
    });
    return this.opening;
  }

  /** Commands reach the unit in the order in which they were sent: all before an answered one have. */
  private onAnswer(answered: () => void, sent: ReadonlySet<() => void>): void {
    for (const onArrived of sent) {
      if (onArrived === answered) return;
      onArrived();
    }
  }

  private async open(): Promise<Session> {
    const { clock, dial, random, name } = this.machine;
    const portal = { host: `gateway-${this.gateway}`, port: ISCSI_PORT };
    const { volume, patienceMs } = this.options;
    const options = {
      targetName: volume.iqn,
      initiatorName: initiatorOf(name),
      isid: ISID,
      loginTimeoutMs: LOGIN_TIMEOUT_MS,
      commandTimeoutMs: patienceMs,
      abortTimeoutMs: ABORT_TIMEOUT_MS,
      nopIntervalMs: NOP_MS,
      nopTimeoutMs: NOP_MS,
    };
    const session = await openSession(portal, options, { clock, dial, random }).catch(
      (thrown: unknown) => {
        this.options.onLogin(false);
        throw thrown;
      },
    );
    this.current = session;
    this.sent = new Set();
    this.options.onLogin(true);
    void session.closed.then((reason) => {
      if (hasCode(reason, "rpc/bad-frame")) this.options.onBroken(reason);
    });
    return session;
  }
}
