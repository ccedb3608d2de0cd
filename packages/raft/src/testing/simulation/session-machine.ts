// A state machine with client sessions (thesis 6.3). Its state depends on every entry and their order;
// a request that was applied already has no effect and gets the result of the first time (R10).
import type { Entry, Index } from "../../types.ts";

/** A client's request: the same session and number name the same request, however often it is sent. */
export interface Request {
  readonly session: number;
  readonly number: number;
}

export interface Outcome {
  readonly request: Request;
  /**
   * Requests that had an effect until then, this one included: what its client is told. Undefined for a
   * late one, whose client has gone on since.
   */
  readonly result: number | undefined;
  readonly duplicate: boolean;
}

const HEAD_BYTES = 6;

/** `padding` bytes more make entries of different sizes. */
export function encodeRequest({ session, number }: Request, padding: number): Buffer {
  const data = Buffer.alloc(HEAD_BYTES + padding);
  data.writeUInt16BE(session, 0);
  data.writeUInt32BE(number, 2);
  return data;
}

function decodeRequest(data: Uint8Array): Request {
  const view = new DataView(data.buffer, data.byteOffset, data.length);
  return { session: view.getUint16(0), number: view.getUint32(2) };
}

interface Session {
  readonly number: number;
  readonly result: number;
}

interface MachineState {
  readonly hash: number;
  readonly effects: number;
  readonly sessions: readonly (readonly [session: number, state: Session])[];
}

export class SessionMachine {
  applied: Index = 0;
  hash = 0;
  private effects = 0;
  private sessions = new Map<number, Session>();

  /** Undefined for entries that are nobody's request. */
  apply({ index, term, kind, data }: Entry): Outcome | undefined {
    this.applied = index;
    this.fold(index);
    this.fold(term);
    for (const byte of data) this.fold(byte);
    if (kind !== "normal" || data.length === 0) return undefined;
    const request = decodeRequest(data);
    const before = this.sessions.get(request.session);
    if (before !== undefined && request.number <= before.number) {
      const isLatest = request.number === before.number;
      return { request, result: isLatest ? before.result : undefined, duplicate: true };
    }
    this.effects += 1;
    this.sessions.set(request.session, { number: request.number, result: this.effects });
    return { request, result: this.effects, duplicate: false };
  }

  /** The last request of a session that had its effect, 0 if none. */
  lastOf(session: number): number {
    return this.sessions.get(session)?.number ?? 0;
  }

  save(): Uint8Array {
    const { hash, effects } = this;
    const state: MachineState = { hash, effects, sessions: [...this.sessions] };
    return Buffer.from(JSON.stringify(state));
  }

  restore(index: Index, data: Uint8Array): void {
    const state = JSON.parse(Buffer.from(data).toString()) as MachineState;
    this.applied = index;
    this.hash = state.hash;
    this.effects = state.effects;
    this.sessions = new Map(state.sessions);
  }

  private fold(value: number): void {
    this.hash = (Math.imul(this.hash, 31) + value) >>> 0;
  }
}
