// The other end of a session machine, played by hand: it reads what the machine sends and answers
// with PDUs a test makes, right or wrong. Serial numbers are kept unless the test gives its own.
import {
  encodeTargetPdu,
  formatText,
  type InitiatorPdu,
  initiatorPduDecoder,
  NO_DIGESTS,
  type TargetPdu,
  type TextPair,
  type UnknownPdu,
} from "@ashlar/iscsi";
import type { SessionEffect } from "../session/effects.ts";
import type { LoginProof } from "../session/initiator-security.ts";
import { OFFERED_DEFAULT, type OfferedParameters } from "../session/parameters.ts";
import { SessionMachine } from "../session/session-machine.ts";

/** A PDU without the numbering, which the target fills in. */
export type Reply = TargetPdu extends infer P
  ? P extends TargetPdu
    ? Omit<P, "statSn" | "expCmdSn" | "maxCmdSn"> &
        Partial<Pick<P, "statSn" | "expCmdSn" | "maxCmdSn">>
    : never
  : never;

/** What a target answers to the operational keys unless a test says otherwise. */
const ANSWERS: readonly TextPair[] = [
  ["InitialR2T", "Yes"],
  ["ImmediateData", "Yes"],
  ["MaxRecvDataSegmentLength", "8192"],
  ["MaxBurstLength", "16384"],
  ["FirstBurstLength", "8192"],
];

export class ScriptedTarget {
  readonly machine: SessionMachine;
  /** Everything the machine did besides sending, in order. */
  readonly effects: SessionEffect[] = [];
  statSn = 100;
  expCmdSn = 1;
  /** Commands beyond ExpCmdSN that the window admits. */
  window = 32;
  private readonly decoder = initiatorPduDecoder({ dataSegmentMax: 1 << 24 });
  private arrived: (InitiatorPdu | UnknownPdu)[] = [];

  constructor({
    discovery = false,
    offer = {},
    proof,
  }: { discovery?: boolean; offer?: Partial<OfferedParameters>; proof?: LoginProof } = {}) {
    const targetName = discovery ? undefined : "iqn.2026-11.io.ashlar.test:target";
    const initiatorName = "iqn.2026-11.io.ashlar.test:initiator";
    const identity = { initiatorName, isid: "800102030000", targetName, proof };
    this.machine = new SessionMachine(identity, { ...OFFERED_DEFAULT, ...offer });
  }

  /** Takes effects, decodes what was sent, keeps the rest. */
  take(effects: readonly SessionEffect[]): void {
    for (const effect of effects) {
      if (effect.kind !== "send") this.effects.push(effect);
      else
        for (const buffer of effect.buffers)
          this.decoder.push(Buffer.from(buffer), (pdu) => this.note(pdu));
    }
  }

  /** PDUs that arrived since the last call. */
  sent(): (InitiatorPdu | UnknownPdu)[] {
    return this.arrived.splice(0);
  }

  /** The one PDU that arrived, of the kind expected. */
  only<K extends InitiatorPdu["kind"]>(kind: K): Extract<InitiatorPdu, { kind: K }> {
    const pdus = this.sent();
    const [pdu] = pdus;
    if (pdus.length !== 1 || pdu?.kind !== kind) {
      throw new Error(`expected one ${kind}, got ${pdus.map((each) => each.kind).join(", ")}`);
    }
    return pdu as Extract<InitiatorPdu, { kind: K }>;
  }

  /** Answers; `consumes` says whether the PDU uses up a StatSN. */
  reply(reply: Reply, { consumes = true } = {}): void {
    const numbers = {
      statSn: this.statSn,
      expCmdSn: this.expCmdSn,
      maxCmdSn: this.expCmdSn + this.window - 1,
    };
    const out: Buffer[] = [];
    encodeTargetPdu({ ...numbers, ...reply } as TargetPdu, NO_DIGESTS, out);
    if (consumes) this.statSn++;
    this.take(this.machine.receive(Buffer.concat(out)));
  }

  replyLogin(
    pairs: readonly TextPair[],
    fields: Partial<Extract<Reply, { kind: "loginResponse" }>> = {},
  ): void {
    this.reply({
      kind: "loginResponse",
      transit: true,
      continued: false,
      csg: 0,
      nsg: 1,
      versionMax: 0,
      versionActive: 0,
      isid: "800102030000",
      tsih: 0,
      itt: 0,
      status: 0,
      data: formatText(pairs),
      ...fields,
    });
  }

  /** The whole login; leaves the machine in full feature phase. */
  login(answers: readonly TextPair[] = []): this {
    this.take(this.machine.start());
    this.replyLogin([
      ["AuthMethod", "None"],
      ["TargetPortalGroupTag", "1"],
    ]);
    const merged = new Map([...ANSWERS, ...answers]);
    this.replyLogin([...merged], { csg: 1, nsg: 3, tsih: 7 });
    this.sent();
    this.effects.length = 0;
    return this;
  }

  private note(pdu: InitiatorPdu | UnknownPdu): void {
    this.arrived.push(pdu);
    if ("cmdSn" in pdu && pdu.kind !== "loginRequest" && "immediate" in pdu && !pdu.immediate) {
      this.expCmdSn = pdu.cmdSn + 1;
    }
  }
}
