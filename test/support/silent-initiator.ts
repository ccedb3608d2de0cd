// An initiator that can fall silent: from then on it sends nothing and answers nothing, as a host that
// lost its power or its mind. Its connection stays.
import { randomBytes } from "node:crypto";
import {
  type Dial,
  dialTcp,
  LogicalUnit,
  openSession,
  parseIscsiUrl,
  type Session,
} from "@ashlar/initiator";

const INITIATOR = "iqn.2026-11.io.ashlar.test:stale-path";
const UNIT = 4096;
const PATIENCE_MS = 60_000;

export class SilentInitiator {
  private readonly session: Session;
  private readonly unit: LogicalUnit;
  private readonly silence: () => void;

  private constructor(session: Session, unit: LogicalUnit, silence: () => void) {
    this.session = session;
    this.unit = unit;
    this.silence = silence;
  }

  static async login(url: string): Promise<SilentInitiator> {
    const { portal, targetName, lun } = parseIscsiUrl(url);
    let silent = false;
    const dial: Dial = async (address, events, options) => {
      const wire = await dialTcp(
        address,
        {
          onBytes: (bytes) => {
            if (!silent) events.onBytes(bytes);
          },
          onClose: (error) => events.onClose(error),
        },
        options,
      );
      return {
        send: (buffers) => {
          if (!silent) wire.send(buffers);
        },
        close: () => wire.close(),
      };
    };
    const isid = `80${randomBytes(5).toString("hex")}`;
    const timers = { commandTimeoutMs: PATIENCE_MS, nopTimeoutMs: PATIENCE_MS };
    const options = { targetName, initiatorName: INITIATOR, isid, ...timers };
    const session = await openSession(portal, options, { dial });
    return new SilentInitiator(session, await LogicalUnit.open(session, { lun }), () => {
      silent = true;
    });
  }

  /** Fills the first unit. */
  async write(fill: number): Promise<void> {
    await this.unit.write(0, [Buffer.alloc(UNIT, fill)], patience());
  }

  /** The first byte of the first unit, all of which holds the same. */
  async read(): Promise<number> {
    const data = Buffer.concat(await this.unit.read(0, UNIT, patience()));
    const first = data.readUInt8(0);
    if (!data.every((byte) => byte === first)) throw new Error("a torn unit");
    return first;
  }

  fallSilent(): void {
    this.silence();
  }

  /** Ends the connection without a word. */
  drop(): void {
    this.session.drop();
  }
}

const patience = () => ({ signal: AbortSignal.timeout(PATIENCE_MS) });
