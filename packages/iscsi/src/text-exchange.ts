// Text requests in the full-feature phase (RFC 7143, 11.10, 11.11): SendTargets and nothing else. A
// long answer goes out in pieces of the initiator's segment length, each fetched by another request.
import { scatterJoin, scatterLength } from "@ashlar/core";
import type { CommandWindow } from "./command-window.ts";
import type { TargetDirectory } from "./directory.ts";
import { type Asker, isAbout, sendTargets } from "./discovery.ts";
import { TAG_NONE } from "./opcode.ts";
import type { TextRequest } from "./pdu.ts";
import { formatText, KEY, parseText, TextAssembler, type TextPair } from "./text.ts";
import type { Transmitter } from "./transmitter.ts";

/** Only one exchange is open at a time, so one tag serves for all. */
const EXCHANGE_TTT = 1;

interface Parts {
  readonly transmitter: Transmitter;
  readonly window: CommandWindow;
  readonly directory: TargetDirectory;
}

interface Options extends Asker {
  readonly segmentMax: number;
}

export class TextExchange {
  private readonly parts: Parts;
  private readonly options: Options;
  private readonly request = new TextAssembler();
  /** What is left to send of the current answer. */
  private rest: Buffer | undefined;

  constructor(parts: Parts, options: Options) {
    this.parts = parts;
    this.options = options;
  }

  /** Handles a request; false when it breaks the protocol. */
  receive(pdu: TextRequest): boolean {
    if (pdu.ttt === TAG_NONE) {
      // A new exchange; what is left of one that was broken off goes.
      this.rest = undefined;
      this.request.take();
    } else if (this.rest && scatterLength(pdu.data) === 0) {
      this.sendPiece(pdu, this.rest);
      return true;
    }
    if (!this.request.add(pdu.data)) return false;
    if (pdu.continued) {
      this.send(pdu, { data: Buffer.alloc(0), more: true, continued: false });
      return true;
    }
    const pairs = parseText(this.request.take());
    if (!pairs || hasRepeats(pairs) || !this.makesSense(pairs)) return false;
    const answers = pairs.flatMap(([key, value]) => this.answer(key, value));
    this.sendPiece(pdu, scatterJoin(formatText(answers)));
    return true;
  }

  /**
   * Whether there is anything to answer: a request for something else than targets is rejected, as other
   * targets do and libiscsi's tests want it, and in a normal session one for foreign targets is.
   */
  private makesSense(pairs: readonly TextPair[]): boolean {
    const asked = pairs.find(([key]) => key === KEY.sendTargets);
    if (!asked) return pairs.length === 0;
    const { ownTarget } = this.options;
    const [, value] = asked;
    return ownTarget === undefined || isAbout(value, ownTarget);
  }

  private answer(key: string, value: string): readonly TextPair[] {
    if (key !== KEY.sendTargets) return [[key, "NotUnderstood"]];
    return sendTargets(value, this.parts.directory, this.options);
  }

  private sendPiece(pdu: TextRequest, text: Buffer): void {
    const { segmentMax } = this.options;
    const more = text.length > segmentMax;
    this.rest = more ? text.subarray(segmentMax) : undefined;
    this.send(pdu, { data: more ? text.subarray(0, segmentMax) : text, more, continued: more });
  }

  private send(
    pdu: TextRequest,
    piece: { readonly data: Buffer; readonly more: boolean; readonly continued: boolean },
  ): void {
    const { transmitter, window } = this.parts;
    transmitter.send({
      kind: "textResponse",
      final: !piece.more,
      continued: piece.continued,
      lun: 0,
      itt: pdu.itt,
      ttt: piece.more ? EXCHANGE_TTT : TAG_NONE,
      ...transmitter.statusSerials(window),
      data: piece.data.length > 0 ? [piece.data] : [],
    });
  }
}

/** Each SendTargets is answered with every target: one small request must not ask for it often. */
const hasRepeats = (pairs: readonly TextPair[]): boolean =>
  new Set(pairs.map(([key]) => key)).size < pairs.length;
