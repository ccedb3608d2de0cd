// The accepting side of carriers: the ChunkService, which authorises each carrier over gRPC, and the
// plain listener on which the socket kind then presents its ticket.
import {
  type ClusterId,
  hasCode,
  type NodeId,
  nodeId,
  present,
  SystemError,
  toSystemError,
} from "@ashlar/core";
import {
  type Clock,
  type HostAndPort,
  joinAddress,
  type Log,
  nodeClock,
  type Random,
  type Startable,
} from "@ashlar/runtime";
import { Metadata, type ServerDuplexStream } from "@grpc/grpc-js";
import { type ByteStream, GrpcStream, SocketStream } from "./byte-stream.ts";
import { type Carrier, type CarrierAcceptor, type CarrierPeer, FRAME_VERSION } from "./carrier.ts";
import { type Authorisation, CarrierTickets } from "./carrier-tickets.ts";
import { agreeOnVersion, SPOKEN, type SpokenVersions, toldVersions } from "./carrier-versions.ts";
import {
  CARRIER_KINDS,
  CARRIER_PURPOSES,
  chunkService,
  decodePreamble,
  encodeAnswer,
  NO_TICKET,
  PREAMBLE_LENGTH,
  TICKET_KEY,
} from "./chunk-service.ts";
import { FrameCarrier } from "./frame-carrier.ts";
import type { OpenCarrierReply } from "./gen/ashlar/v1/OpenCarrierReply.ts";
import type { OpenCarrierRequest__Output } from "./gen/ashlar/v1/OpenCarrierRequest.ts";
import { readGreeting } from "./greeting-socket.ts";
import { bidi, failStream, type GrpcServer, unary } from "./grpc-server.ts";
import type { Connection, ConnectionListener, Network } from "./network.ts";
import { nodeNetwork } from "./node-network.ts";

/** This process as its peers know it; the incarnation may change when it registers again. */
export interface CarrierSelf {
  readonly node: NodeId;
  readonly incarnation: () => number;
}

export interface CarrierServerOptions {
  readonly self: CarrierSelf;
  readonly clusterId: ClusterId;
  /** Where the plain listener stands; port 0 takes any, peers are told which. */
  readonly socketListen: HostAndPort;
  /** Where it stands too, with the same port: of a node with several addresses. */
  readonly otherHosts?: readonly string[];
  /** Whether peers can reach this node over several paths, so that one that is silent is not waited for. */
  readonly hasSeveralPaths?: boolean;
  /** Hosts told to peers, the preferred one first, if the plain listener is not at those that they ask. */
  readonly socketHosts?: readonly string[];
  /** Called with each carrier; must set onFrame or close it within that turn of the loop. */
  readonly accept: CarrierAcceptor;
  readonly random: Random;
  readonly log: Log;
  readonly clock?: Clock;
  /** What this program speaks if absent. */
  readonly versions?: SpokenVersions;
  /** The machine's if absent. */
  readonly network?: Network | undefined;
}

/** A connection that has not shown its ticket after this long is dropped. */
const PREAMBLE_TIMEOUT_MS = 5_000;
/** Ports that are free at one address and in use at another are rare: so many tries find one. */
const PORT_TRIES = 20;
/** Connections that may be without a ticket at one time. */
const GREETING_SOCKETS_MAX = 256;

export class CarrierServer implements Startable {
  private readonly options: CarrierServerOptions;
  private readonly clock: Clock;
  private readonly log: Log;
  private readonly tickets: CarrierTickets;
  private readonly greeting = new Set<Connection>();
  private readonly carriers = new Set<Carrier>();
  /** One for each address, all with one port: peers are told one. */
  private listeners: readonly ConnectionListener[] = [];

  constructor(options: CarrierServerOptions) {
    this.options = options;
    this.clock = options.clock ?? nodeClock;
    this.log = options.log.child({ component: "carrier-server" });
    this.tickets = new CarrierTickets({ clock: this.clock, random: options.random });
  }

  /** Carriers open now. */
  get carrierCount(): number {
    return this.carriers.size;
  }

  /** Port of the plain listener, after start. */
  get socketPort(): number {
    return present(this.listeners[0], "the carrier server runs").port;
  }

  /** Adds the ChunkService to the process's gRPC server, before that starts. */
  addTo(server: GrpcServer): void {
    server.add(chunkService, {
      OpenCarrier: unary(async (request) => this.authorise(request)),
      Carry: bidi((call) => this.onCall(call)),
    });
  }

  /** Opens the plain listeners. @throws SystemError config/port-in-use, config/invalid. */
  async start(): Promise<void> {
    const { socketListen, otherHosts = [] } = this.options;
    for (let tries = 1; ; tries += 1) {
      const open = [await this.listen(socketListen)];
      const { port } = open[0] as ConnectionListener;
      try {
        for (const host of otherHosts) open.push(await this.listen({ host, port }));
        this.listeners = open;
        return;
      } catch (thrown) {
        await Promise.all(open.map((listener) => listener.close()));
        const another = socketListen.port === 0 && tries < PORT_TRIES;
        if (!another || !hasCode(thrown, "config/port-in-use")) throw thrown;
      }
    }
  }

  /** Closes the listeners and every carrier. */
  async stop(): Promise<void> {
    const { listeners } = this;
    for (const socket of this.greeting) socket.destroy();
    for (const carrier of [...this.carriers]) {
      carrier.close(new SystemError("rpc/disconnected", "the node stops"));
    }
    this.listeners = [];
    await Promise.all(listeners.map((listener) => listener.close()));
  }

  private async listen(at: HostAndPort): Promise<ConnectionListener> {
    const { network = nodeNetwork } = this.options;
    try {
      return await network.listen(at, {
        onConnection: (socket) => this.onSocket(socket),
        onError: (error) => this.log.error({ error }, "cannot accept"),
      });
    } catch (thrown) {
      const error = thrown as NodeJS.ErrnoException;
      const code = error.code === "EADDRINUSE" ? "config/port-in-use" : "config/invalid";
      throw new SystemError(code, `cannot listen on ${joinAddress(at)}: ${error.message}`);
    }
  }

  private authorise(request: OpenCarrierRequest__Output): OpenCarrierReply {
    const { self, clusterId, socketHosts = [], versions = SPOKEN } = this.options;
    if (request.cluster !== clusterId) {
      throw new SystemError("cluster/wrong-cluster", `this is cluster ${clusterId}`);
    }
    if (request.frameVersion !== FRAME_VERSION) {
      throw new SystemError(
        "rpc/version",
        `frames of version ${request.frameVersion} are not spoken here, only ${FRAME_VERSION}`,
        { hint: "upgrade the older of the two nodes" },
      );
    }
    const purpose = CARRIER_PURPOSES.find((known) => known === request.purpose);
    const kind = CARRIER_KINDS.find((known) => known === request.kind);
    const incarnation = Number(request.incarnation);
    if (!purpose || !kind || !Number.isSafeInteger(incarnation)) {
      throw new SystemError(
        "argument/invalid",
        "unknown purpose or kind of carrier, or bad number",
      );
    }
    const peer: CarrierPeer = { node: nodeId(request.node), incarnation };
    const version = agreeOnVersion(purpose, versions[purpose], toldVersions(purpose, request));
    // One over gRPC is a call, and goes where calls go.
    const hosts = kind === "socket" ? socketHosts : [];
    return {
      node: self.node,
      incarnation: self.incarnation(),
      ticket: this.tickets.issue({ kind, purpose, version, peer }),
      host: hosts[0] ?? "",
      hosts: [...hosts],
      version,
      port: this.listeners.length > 0 ? this.socketPort : 0,
    };
  }

  private onCall(call: ServerDuplexStream<Buffer, readonly Buffer[]>): void {
    const shown = String(call.metadata.get(TICKET_KEY)[0] ?? "");
    let authorisation: Authorisation;
    try {
      authorisation = this.tickets.redeem(Buffer.from(shown, "hex"), "grpc");
    } catch (thrown) {
      failStream(call, thrown);
      return;
    }
    call.sendMetadata(new Metadata());
    this.open(new GrpcStream(call, () => call.end()), authorisation);
  }

  private onSocket(socket: Connection): void {
    if (this.greeting.size >= GREETING_SOCKETS_MAX) {
      socket.destroy();
      return;
    }
    this.greeting.add(socket);
    const timeout = this.clock.after(PREAMBLE_TIMEOUT_MS, () => socket.destroy());
    readGreeting(socket, PREAMBLE_LENGTH)
      .then((preamble) => {
        const ticket = decodePreamble(preamble);
        if (ticket.equals(NO_TICKET)) {
          socket.end(encodeAnswer(), () => socket.destroy());
          return;
        }
        const authorisation = this.tickets.redeem(ticket, "socket");
        socket.write(encodeAnswer());
        this.open(new SocketStream(socket), authorisation);
      })
      .catch((thrown) => {
        const error = toSystemError(thrown);
        if (error.code === "internal") throw thrown;
        this.log.warn({ from: socket.remoteAddress, code: error.code, error }, "carrier refused");
        socket.destroy();
      })
      .finally(() => {
        timeout.cancel();
        this.greeting.delete(socket);
      });
  }

  private open(stream: ByteStream, { kind, purpose, version, peer }: Authorisation): void {
    const { clock } = this;
    const hasOtherPath = this.options.hasSeveralPaths ?? false;
    const rest = { pausesReading: true, hasOtherPath };
    const carrier = new FrameCarrier({ stream, kind, purpose, version, peer, clock, ...rest });
    this.carriers.add(carrier);
    const facts = { kind, purpose, peer: peer.node, incarnation: peer.incarnation };
    this.log.info(facts, "carrier opened");
    carrier.onClose((reason) => {
      this.carriers.delete(carrier);
      this.log.info({ ...facts, reason: reason.message }, "carrier closed");
    });
    this.options.accept(carrier);
  }
}
