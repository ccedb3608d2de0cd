// The first bytes of a socket carrier, read before frames begin; what follows them stays unread.
import type { Socket } from "node:net";
import { SystemError } from "@ashlar/core";

/**
 * Nagle would hold back small replies; the kernel's keep-alive finds peers that lost power. An error
 * is always followed by "close", which is what everybody here goes by.
 */
export function prepareSocket(socket: Socket): void {
  socket.on("error", () => {});
  socket.setNoDelay(true);
  socket.setKeepAlive(true, 5_000);
}

/**
 * Exactly `length` bytes; the socket is paused behind them, without listeners of ours.
 * @throws SystemError rpc/disconnected.
 */
export function readGreeting(socket: Socket, length: number): Promise<Buffer> {
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
