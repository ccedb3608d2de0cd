// Drives a Connection with an initiator's PDUs and writes down what passes, one line per PDU, so that
// behaviour can be read as prose. Execution, look-ups and waiting are done by hand or at once.
import { NO_PATH, scatterJoin, scatterLength } from "@ashlar/core";
import { executeCommand, type ScsiTarget } from "@ashlar/scsi";
import { Connection } from "../connection.ts";
import type { Authentication, TargetDirectory, TargetLookup, TargetQuery } from "../directory.ts";
import type { ConnectionEffect } from "../effect.ts";
import { STAGE, TAG_NONE } from "../opcode.ts";
import type { InitiatorPdu, TargetPdu, UnknownPdu } from "../pdu.ts";
import { targetPduDecoder } from "../pdu-decoder.ts";
import { encodeInitiatorPdu } from "../pdu-encoder.ts";
import type { Task } from "../task.ts";
import { formatText, parseText, type TextPair } from "../text.ts";

const TEXT_KINDS = new Set(["loginRequest", "loginResponse", "textRequest", "textResponse"]);
const SHOWN_BYTES = 8;

function formatData(kind: string, data: readonly Buffer[]): string {
  if (TEXT_KINDS.has(kind)) {
    return (parseText(data) ?? []).map(([key, value]) => `\n      ${key}=${value}`).join("");
  }
  const bytes = scatterJoin(data);
  const start = bytes.toString("hex", 0, Math.min(SHOWN_BYTES, bytes.length));
  return bytes.length > 0 ? ` data(${bytes.length})=${start}` : "";
}

/** `kind a=1 b` with false, zero and empty fields left out. */
export function formatPdu(pdu: object): string {
  let line = "";
  let data = "";
  let kind = "";
  for (const [name, value] of Object.entries(pdu)) {
    if (name === "kind") kind = String(value);
    else if (name === "data") data = formatData(kind, value as Buffer[]);
    else if (Buffer.isBuffer(value)) line += ` ${name}=${value.toString("hex")}`;
    else if (value === true) line += ` ${name}`;
    else if (value === TAG_NONE) line += ` ${name}=none`;
    else if (name === "status" && Number(value) > 0xff) line += ` status=0x0${value.toString(16)}`;
    else if (value !== false && value !== 0) line += ` ${name}=${value}`;
  }
  return `${kind}${line}${data}`;
}

export interface ScriptOptions {
  readonly targets: ReadonlyMap<string, ScsiTarget>;
  /** Looks up, opens, executes and manages at once; otherwise effects wait in `effects`. */
  readonly automatic?: boolean;
  /** What logins must prove, for targets and for discovery. */
  readonly authentication?: Authentication;
  /** What every look-up is answered, whatever there is. */
  readonly lookup?: TargetLookup;
}

export class ConnectionScript {
  readonly connection: Connection;
  readonly lines: string[] = [];
  /** What the target sent, in order. */
  readonly received: (TargetPdu | UnknownPdu)[] = [];
  /** Effects left to the test. */
  readonly effects: ConnectionEffect[] = [];
  closed: string | undefined;
  /** What the connection takes for the time. */
  nowMs = 0;
  private readonly options: ScriptOptions;
  private readonly decoder = targetPduDecoder({ dataSegmentMax: 2 ** 24 });
  private running: Promise<void>[] = [];
  private bytesDrawn = 0;

  constructor(options: ScriptOptions) {
    this.options = options;
    const directory: TargetDirectory = {
      list: () =>
        [...options.targets.keys()].map((name) => ({
          name,
          addresses: ["127.0.0.1:3260,1", "127.0.0.1:3261,2"],
        })),
    };
    this.connection = new Connection(directory, {
      tpgt: 1,
      // The n-th byte is n: no two challenges of a test are alike, and transcripts stay the same.
      randomBytes: (length) => Buffer.from(Array.from({ length }, () => ++this.bytesDrawn)),
      nowMs: () => this.nowMs,
      pathProof: NO_PATH,
    });
  }

  get transcript(): string {
    return `${this.lines.join("\n")}\n`;
  }

  note(text: string): void {
    this.lines.push(`# ${text}`);
  }

  /** Sends PDUs in one piece and waits until everything they started is done. */
  async send(...pdus: InitiatorPdu[]): Promise<void> {
    const out: Buffer[] = [];
    for (const pdu of pdus) {
      this.lines.push(`> ${formatPdu(pdu)}`);
      encodeInitiatorPdu(pdu, this.connection.digests, out);
    }
    this.perform(this.connection.receive(Buffer.concat(out)));
    await this.settled();
  }

  /** Sends bytes as they are, piece by piece, and waits until everything they started is done. */
  async sendBytes(pieces: readonly Buffer[]): Promise<void> {
    for (const piece of pieces) this.perform(this.connection.receive(piece));
    await this.settled();
  }

  perform(effects: readonly ConnectionEffect[]): void {
    for (const effect of effects) {
      if (effect.kind === "send") this.take(effect.buffers);
      else if (effect.kind === "close") {
        this.closed = effect.reason;
        this.lines.push(`closed: ${effect.reason}`);
      } else if (this.options.automatic === false) this.effects.push(effect);
      else this.doAtOnce(effect);
    }
  }

  /** Executes a task that was left to the test. */
  async execute(task: Task): Promise<void> {
    const result = await executeCommand(task.command, task.offer, task);
    this.perform(this.connection.complete(task, result));
  }

  find({ targetName }: Pick<TargetQuery, "targetName">): TargetLookup {
    const { lookup, authentication, targets } = this.options;
    if (lookup) return lookup;
    if (targetName === undefined) return { kind: "discovery", authentication };
    const scsi = targets.get(targetName);
    return scsi ? { kind: "found", scsi, authentication } : { kind: "unknown" };
  }

  private take(buffers: readonly Buffer[]): void {
    const fault = this.decoder.push(Buffer.concat(buffers), (pdu) => {
      this.received.push(pdu);
      // They hold from the first PDU after the login's last answer.
      if (pdu.kind === "loginResponse" && pdu.nsg === STAGE.fullFeature) {
        this.decoder.digests = this.connection.digests;
      }
      this.lines.push(`< ${formatPdu(pdu)}`);
    });
    if (fault) throw new Error(`the target sent a broken PDU: ${fault.reason}`);
  }

  private doAtOnce(effect: Exclude<ConnectionEffect, { kind: "send" | "close" }>): void {
    switch (effect.kind) {
      case "findTarget":
        this.perform(this.connection.targetFound(this.find(effect)));
        return;
      case "openSession":
        this.perform(this.connection.sessionOpened(1));
        return;
      case "execute":
        this.running.push(this.execute(effect.task));
        return;
      case "manage":
        this.perform(this.connection.managed(effect.management));
        return;
    }
  }

  private async settled(): Promise<void> {
    while (this.running.length > 0) {
      const { running } = this;
      this.running = [];
      await Promise.all(running);
    }
  }
}

/** A login that goes straight to the full-feature phase, as open-iscsi's does. */
export function loginTo(
  targetName: string | undefined,
  offers: readonly TextPair[] = [],
  initiatorName = "iqn.2026-11.test:a",
): InitiatorPdu {
  const session: readonly TextPair[] =
    targetName === undefined
      ? [["SessionType", "Discovery"]]
      : [
          ["SessionType", "Normal"],
          ["TargetName", targetName],
        ];
  return {
    kind: "loginRequest",
    transit: true,
    continued: false,
    csg: STAGE.operational,
    nsg: STAGE.fullFeature,
    versionMax: 0,
    versionMin: 0,
    isid: "80123456789a",
    tsih: 0,
    itt: 1,
    cid: 0,
    cmdSn: 1,
    expStatSn: 0,
    data: formatText([["InitiatorName", initiatorName], ...session, ...offers]),
  };
}

/** A command PDU with the fields that matter here. */
export function commandPdu(
  cdb: string,
  fields: Partial<Extract<InitiatorPdu, { kind: "scsiCommand" }>>,
): Extract<InitiatorPdu, { kind: "scsiCommand" }> {
  const bytes = Buffer.from(cdb.replaceAll(" ", ""), "hex");
  return {
    kind: "scsiCommand",
    immediate: false,
    final: true,
    read: false,
    write: false,
    attribute: 1,
    lun: 0,
    itt: 16,
    expectedLength: scatterLength(fields.data ?? []),
    cmdSn: 1,
    expStatSn: 0,
    cdb: Buffer.concat([bytes, Buffer.alloc(16 - bytes.length)]),
    data: [],
    ...fields,
  };
}

/** A Data-Out PDU with the fields that matter here. */
export function dataOutPdu(
  fields: Partial<Extract<InitiatorPdu, { kind: "dataOut" }>>,
): Extract<InitiatorPdu, { kind: "dataOut" }> {
  return {
    kind: "dataOut",
    final: true,
    lun: 0,
    itt: 16,
    ttt: 1,
    expStatSn: 0,
    dataSn: 0,
    bufferOffset: 0,
    data: [],
    ...fields,
  };
}
