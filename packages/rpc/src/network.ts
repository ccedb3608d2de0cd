// How a process reaches others and is reached, as a port: gRPC calls, and the plain connections of
// carriers and of hosts. The services and clients above cannot tell the machine's network from a simulated one.
import type { Duplex } from "node:stream";
import type { ChannelOptions, Client, Server } from "@grpc/grpc-js";

/** The calls of one gRPC channel. */
export type Channel = Pick<
  Client,
  | "makeUnaryRequest"
  | "makeClientStreamRequest"
  | "makeServerStreamRequest"
  | "makeBidiStreamRequest"
  | "close"
>;

/** What serves gRPC calls at one address. */
export type CallServer = Pick<Server, "addService" | "bindAsync" | "forceShutdown">;

/** A plain connection. An error is always followed by "close", which is what everybody goes by. */
export type Connection = Duplex & {
  /** The other end's address, while it is known. */
  readonly remoteAddress?: string | undefined;
  readonly remotePort?: number | undefined;
};

export interface ConnectionListener {
  readonly port: number;
  /** Takes no more connections; resolves when those that were taken are closed. */
  close(): Promise<void>;
}

export interface Network {
  /** A channel to host:port, or to several `host:port,host:port` of one process, that reconnects by itself. */
  openChannel(address: string, options: ChannelOptions): Channel;
  openServer(options: ChannelOptions): CallServer;
  connect(to: { readonly host: string; readonly port: number }): Connection;
  /** Port 0 takes any. Rejects with the machine's error, which has a code. */
  listen(
    at: { readonly host: string; readonly port: number },
    handlers: {
      readonly onConnection: (connection: Connection) => void;
      readonly onError: (error: Error) => void;
    },
  ): Promise<ConnectionListener>;
}
