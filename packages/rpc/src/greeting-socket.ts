// The first bytes of a socket carrier, read before frames begin; what follows them stays unread.
import { SystemError } from "@ashlar/core";
import type { Connection } from "./network.ts";

/**
 * Exactly `length` bytes; the socket is paused behind them, without listeners of ours.
 * @throws SystemError rpc/disconnected.
 */
export function readGreeting(socket: Connection, length: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    let received = Buffer.alloc(0);
    const stop = (): void => {
      socket.pause();
      socket.off("data", onBytes);
      socket.off("error", onError);
      socket.off("close", onClose);
    };
    const onError = (error: Error): void => {
      stop();
      reject(new SystemError("rpc/disconnected", error.message, {}, error));
    };
    const onClose = (): void => {
      stop();
      reject(new SystemError("rpc/disconnected", "the peer closed the connection"));
    };
    const onBytes = (bytes: Buffer): void => {
      received = Buffer.concat([received, bytes]);
      if (received.length < length) return;
      stop();
      if (received.length > length) socket.unshift(received.subarray(length));
      resolve(received.subarray(0, length));
    };
    socket.on("data", onBytes);
    socket.on("error", onError);
    socket.on("close", onClose);
    socket.resume();
  });
}
