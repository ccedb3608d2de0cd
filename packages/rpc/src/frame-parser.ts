// Push parser: received bytes, cut anywhere, become frames. A body that lies whole in one received
// chunk is a view of it; a longer one is collected into a buffer of its own, so each byte is copied
// at most once. Lengths are checked before anything is allocated.
import { FRAME_HEAD_SIZE, FRAME_LENGTH_MAX, FRAME_VERSION, type ReceivedFrame } from "./carrier.ts";
import { badFrame } from "./frame-codec.ts";

const TWO_32 = 2 ** 32;
const HIGH_WORD_LIMIT = 2 ** 21;

interface Head {
  readonly type: number;
  readonly id: number;
  readonly bodyLength: number;
}

function parseHead(buffer: Buffer, at: number): Head {
  const length = buffer.readUInt32LE(at);
  const version = buffer.readUInt8(at + 4);
  if (version !== FRAME_VERSION) throw badFrame(`version ${version}`);
  if (length < FRAME_HEAD_SIZE || length > FRAME_LENGTH_MAX) throw badFrame(`length ${length}`);
  const high = buffer.readUInt32LE(at + 12);
  if (high >= HIGH_WORD_LIMIT) throw badFrame("id beyond 2^53");
  return {
    type: buffer.readUInt8(at + 5),
    id: high * TWO_32 + buffer.readUInt32LE(at + 8),
    bodyLength: length - FRAME_HEAD_SIZE,
  };
}

export class FrameParser {
  private readonly deliver: (frame: ReceivedFrame) => void;
  /** A head cut by the border of two received chunks. */
  private readonly headBytes = Buffer.alloc(FRAME_HEAD_SIZE);
  private headFilled = 0;
  /** A body being collected. */
  private partial: { readonly head: Head; readonly body: Buffer; filled: number } | undefined;

  constructor(deliver: (frame: ReceivedFrame) => void) {
    this.deliver = deliver;
  }

  /**
   * Takes the next bytes, whose memory belongs to the frames from now on.
   * @throws SystemError rpc/bad-frame; the stream is useless after that.
   */
  push(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.partial) {
        at = this.collect(chunk, at);
        continue;
      }
      let head: Head;
      if (this.headFilled === 0 && chunk.length - at >= FRAME_HEAD_SIZE) {
        head = parseHead(chunk, at);
        at += FRAME_HEAD_SIZE;
      } else {
        const copied = chunk.copy(this.headBytes, this.headFilled, at);
        this.headFilled += copied;
        at += copied;
        if (this.headFilled < FRAME_HEAD_SIZE) return;
        this.headFilled = 0;
        head = parseHead(this.headBytes, 0);
      }
      const end = at + head.bodyLength;
      if (end <= chunk.length) {
        this.deliver({ type: head.type, id: head.id, body: chunk.subarray(at, end) });
        at = end;
      } else {
        this.partial = { head, body: Buffer.allocUnsafeSlow(head.bodyLength), filled: 0 };
      }
    }
  }

  /** Copies what belongs to the partial body; gives the position behind it. */
  private collect(chunk: Buffer, at: number): number {
    const partial = this.partial;
    if (!partial) return at;
    const copied = chunk.copy(partial.body, partial.filled, at);
    partial.filled += copied;
    if (partial.filled === partial.body.length) {
      this.partial = undefined;
      this.deliver({ type: partial.head.type, id: partial.head.id, body: partial.body });
    }
    return at + copied;
  }
}
