// The port to the network: a stream of bytes in both directions. TCP in production, memory in
// tests; a fault-injecting one can stand between.
import { connect } from "node:net";
import { SystemError } from "@ashlar/core";
import { formatPortal, type PortalAddress } from "../url.ts";

export interface Wire {
  /** Sends in order; the buffers must not change until they are gone. */
  send(buffers: readonly Buffer[]): void;
  /** Ends the connection at once; no event follows. */
  close(): void;
}

export interface WireEvents {
  /** The receiver may keep the bytes. */
  onBytes(bytes: Buffer): void;
  /** Once, when the other side or the network ended the connection. */
  onClose(error: SystemError): void;
}

/** Opens a connection; rejects with rpc/unavailable when nobody answers. */
export type Dial = (
  portal: PortalAddress,
  events: WireEvents,
  options: { readonly signal: AbortSignal },
) => Promise<Wire>;

/** TCP, without Nagle's delay; what is sent within one turn of the event loop goes out together. */
export const dialTcp: Dial = (portal, events, { signal }) =>
  new Promise((resolve, reject) => {
    const socket = connect({ host: portal.host, port: portal.port, noDelay: true });
    let wire: Wire | undefined;
    let closed = false;
    const end = (cause?: unknown): void => {
      if (closed) return;
      closed = true;
      signal.removeEventListener("abort", onAbort);
      socket.destroy();
      const where = formatPortal(portal);
      if (wire) {
        events.onClose(new SystemError("rpc/disconnected", `${where} is gone`, {}, cause));
      } else {
        reject(new SystemError("rpc/unavailable", `cannot connect to ${where}`, {}, cause));
      }
    };
    const onAbort = (): void => end(signal.reason);
    if (signal.aborted) {
      end(signal.reason);
      return;
    }
    signal.addEventListener("abort", onAbort, { once: true });
    socket.on("error", end);
    socket.on("close", () => end());
    socket.on("data", (bytes) => events.onBytes(bytes));
    socket.on("connect", () => {
      signal.removeEventListener("abort", onAbort);
      wire = {
        send: (buffers) => {
          if (socket.writableCorked === 0) {
            socket.cork();
            process.nextTick(() => socket.uncork());
          }
          for (const buffer of buffers) socket.write(buffer);
        },
        close: () => {
          closed = true;
          socket.destroy();
        },
      };
      resolve(wire);
    });
  });
