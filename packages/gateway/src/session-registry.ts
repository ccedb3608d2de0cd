// All sessions of this gateway. It gives TSIHs, sees to it that one I_T nexus has one session (an
// older one dies first, RFC 7143 6.3.5), and lets a reset reach the sessions of all hosts.
import type { HeldSession } from "@ashlar/catalog";
import type { SessionIdentity } from "@ashlar/iscsi";
import { abortedSince, noticesFor, type Reservations, sameNexus } from "@ashlar/reservations";
import { type LogicalUnit, type Nexus, nexusId, type ScsiTarget, SENSE } from "@ashlar/scsi";

/** What holds a session: a connection's driver. */
export interface SessionHolder {
  /** Ends the session, and says so if `told`; resolves when none of its tasks can reach a disk any more. */
  end(options?: { readonly told?: boolean }): Promise<void>;
  /** Asks the initiator to log out within that time; the session goes on until it does. */
  requestLogout(withinSeconds: number): void;
  /** Aborts the session's tasks of a LUN at once: none of them begins anything any more. */
  abortTasks(lun: number): void;
  /** Interrupts tasks that their nexus may not do any more: none of them begins anything any more. */
  interruptForbidden(): void;
}

export interface NormalSession {
  readonly nexus: Nexus;
  readonly scsi: ScsiTarget;
}

/** A session's place in the registry. */
export interface SessionEntry {
  /** 1 .. 65535. */
  readonly tsih: number;
  /** Took the place of a session of the same nexus. */
  readonly reinstated: boolean;
  readonly holder: SessionHolder;
  readonly key: string | undefined;
  /** Undefined of a discovery session. */
  readonly held: HeldSession | undefined;
  session: NormalSession | undefined;
}

const TSIH_MAX = 0xffff;

/** One session per initiator name and ISID towards one target portal group. */
const keyOf = ({ initiatorName, isid, targetName, tpgt }: HeldSession): string =>
  `${initiatorName};${isid};${targetName};${tpgt}`;

function heldBy(identity: SessionIdentity, tpgt: number): HeldSession | undefined {
  if (identity.kind === "discovery") return undefined;
  const { initiatorName, isid, targetName } = identity;
  return { initiatorName, isid, targetName, tpgt };
}

export class SessionRegistry {
  private readonly byTsih = new Map<number, SessionEntry>();
  private readonly byKey = new Map<string, SessionEntry>();
  /** Deleted targets, for logins that found one just before. */
  private readonly gone = new WeakSet<ScsiTarget>();
  private lastTsih = 0;
  private changes = 0;

  get count(): number {
    return this.byTsih.size;
  }

  /** Another one whenever there are other sessions. */
  get revision(): number {
    return this.changes;
  }

  /** All but those for discovery. */
  sessions(): readonly HeldSession[] {
    return [...this.byKey.values()].flatMap(({ held }) => held ?? []);
  }

  entryOf(session: HeldSession): SessionEntry | undefined {
    return this.byKey.get(keyOf(session));
  }

  /** Makes place for a session and enters it; undefined when there is no TSIH left or no target. */
  async open(
    identity: SessionIdentity,
    { tpgt, holder }: { readonly tpgt: number; readonly holder: SessionHolder },
  ): Promise<SessionEntry | undefined> {
    const held = heldBy(identity, tpgt);
    const key = held && keyOf(held);
    let reinstated = false;
    for (let older = this.find(key); older; older = this.find(key)) {
      reinstated = true;
      await older.holder.end();
      await this.leave(older);
    }
    if (identity.kind === "normal" && this.gone.has(identity.scsi)) return undefined;
    const tsih = this.freeTsih();
    if (tsih === undefined) return undefined;
    const entry: SessionEntry = { tsih, reinstated, holder, key, held, session: undefined };
    this.changes += 1;
    this.byTsih.set(tsih, entry);
    if (key !== undefined) this.byKey.set(key, entry);
    return entry;
  }

  /** A normal session reached its full-feature phase. */
  establish(entry: SessionEntry, session: NormalSession): void {
    entry.session = session;
    session.scsi.establishNexus(session.nexus, { reinstated: entry.reinstated });
  }

  /** The session is over and its tasks are dead. Resolves when nothing is reserved by it alone any more. */
  async leave(entry: SessionEntry): Promise<void> {
    if (this.byTsih.get(entry.tsih) !== entry) return;
    this.changes += 1;
    this.byTsih.delete(entry.tsih);
    if (entry.key !== undefined) this.byKey.delete(entry.key);
    if (entry.session) await entry.session.scsi.loseNexus(entry.session.nexus);
  }

  /** A logical unit was reset, here or through another gateway: every nexus loses its tasks. */
  unitReset(scsi: ScsiTarget, ownLun: number): void {
    for (const { holder, session } of this.sessionsOf(scsi)) {
      const lun = session && scsi.lunOf(session.nexus, ownLun);
      if (lun !== undefined) holder.abortTasks(lun);
    }
    scsi.reset(ownLun);
  }

  /** Who may use the units of a target may have changed: its sessions are held to it from now on. */
  accessChanged(scsi: ScsiTarget): void {
    scsi.reviewAccess();
    for (const { holder } of this.sessionsOf(scsi)) holder.interruptForbidden();
  }

  /**
   * Who has reserved a unit changed, here or through another gateway: those whom it concerns are told, and the tasks
   * of those that were pre-empted and aborted end.
   */
  reservationsChanged(
    scsi: ScsiTarget,
    { ownLun, unit }: { readonly ownLun: number; readonly unit: LogicalUnit },
    { before, after }: { readonly before: Reservations; readonly after: Reservations },
  ): void {
    const aborted = abortedSince(before, after);
    for (const { holder, session } of this.sessionsOf(scsi)) {
      if (!session) continue;
      const nexus = nexusId(session.nexus);
      const lun = scsi.lunOf(session.nexus, ownLun);
      if (lun === undefined) continue;
      if (aborted.some((one) => sameNexus(one, nexus))) holder.abortTasks(lun);
      for (const notice of noticesFor(before, after, nexus)) {
        unit.attentions.raiseFor(session.nexus.name, SENSE[notice]);
      }
    }
  }

  /** Ends every session of a target that is no more. */
  async endTarget(scsi: ScsiTarget): Promise<void> {
    this.gone.add(scsi);
    await Promise.all(this.sessionsOf(scsi).map(({ holder }) => holder.end()));
  }

  private sessionsOf(scsi: ScsiTarget): SessionEntry[] {
    return [...this.byTsih.values()].filter(({ session }) => session?.scsi === scsi);
  }

  private find(key: string | undefined): SessionEntry | undefined {
    return key === undefined ? undefined : this.byKey.get(key);
  }

  private freeTsih(): number | undefined {
    if (this.byTsih.size >= TSIH_MAX) return undefined;
    do {
      this.lastTsih = this.lastTsih === TSIH_MAX ? 1 : this.lastTsih + 1;
    } while (this.byTsih.has(this.lastTsih));
    return this.lastTsih;
  }
}
