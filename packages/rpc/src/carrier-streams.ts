// The two streams that a carrier may go on, as the opening side gets them: each shows the ticket that it was given.
import { type ByteStream, GrpcStream, SocketStream } from "./byte-stream.ts";
import {
  ANSWER_LENGTH,
  checkGreeting,
  chunkService,
  encodePreamble,
  TICKET_KEY,
} from "./chunk-service.ts";
import type { OpenCarrierReply__Output } from "./gen/ashlar/v1/OpenCarrierReply.ts";
import { readGreeting } from "./greeting-socket.ts";
import type { GrpcClient } from "./grpc-client.ts";
import type { Network } from "./network.ts";
import { fromServiceError } from "./status.ts";

/** A plain connection. @throws SystemError rpc/disconnected, rpc/bad-frame, the signal's reason. */
export async function openSocket(
  network: Network,
  {
    host,
    reply: { port, ticket },
    signal,
  }: {
    readonly host: string;
    readonly reply: OpenCarrierReply__Output;
    readonly signal: AbortSignal;
  },
): Promise<ByteStream> {
  const socket = network.connect({ host, port });
  const onAbort = (): void => {
    socket.destroy();
  };
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    socket.write(encodePreamble(ticket));
    const fault = checkGreeting(await readGreeting(socket, ANSWER_LENGTH));
    if (fault) throw fault;
    signal.throwIfAborted();
    return new SocketStream(socket);
  } catch (thrown) {
    socket.destroy();
    throw thrown;
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

/** A Carry call, which ends with its client. @throws SystemError the peer's. */
export function openCall(
  client: GrpcClient,
  { ticket }: OpenCarrierReply__Output,
  signal: AbortSignal,
): Promise<ByteStream> {
  const hangUp = new AbortController();
  const call = client.bidi(chunkService.Carry, {
    signal: hangUp.signal,
    metadata: { [TICKET_KEY]: ticket.toString("hex") },
  });
  return new Promise((resolve, reject) => {
    const onAbort = (): void => hangUp.abort(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    const stop = (): void => {
      signal.removeEventListener("abort", onAbort);
      call.off("error", onError);
    };
    const onError = (error: Error): void => {
      stop();
      reject(fromServiceError(error, client.address));
    };
    // Stays when ours goes: an error between two listeners would end the process.
    call.on("error", () => {});
    call.on("error", onError);
    call.once("metadata", () => {
      stop();
      resolve(new GrpcStream(call, () => hangUp.abort()));
    });
  });
}
