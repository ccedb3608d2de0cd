// The services of the metadata process, bound to gRPC: requests become domain values and are
// checked here, so that what stands behind sees no message.
import {
  type IsrCandidate,
  type ProposalId,
  type ReservationOutcome,
  type SessionPath,
  VOLUME_ACCESS,
} from "@ashlar/catalog";
import {
  chunkIdFromNumber,
  diskId,
  nodeId,
  SystemError,
  storeUuid,
  type VolumeId,
  volumeId,
  volumeName,
} from "@ashlar/core";
import type { ReservationAction } from "@ashlar/reservations";
import type { AdminService, GroupStatus } from "./admin.ts";
import type { GatewayRegistration, StorageRegistration } from "./catalog-client.ts";
import { asMessage, toGatewayStatus } from "./convert/admin.ts";
import {
  checkCatalogVersion,
  fromDisk,
  toWatchMessages,
  type WatchStep,
} from "./convert/catalog.ts";
import { fromCopyReport } from "./convert/copying.ts";
import { diskTimes } from "./convert/disk-times.ts";
import { fromLoadReport } from "./convert/load.ts";
import { mirrorStatus } from "./convert/mirror.ts";
import { fromAction } from "./convert/reservations.ts";
import { memberAddress, oneOf, safeNumber } from "./convert/scalars.ts";
import { scrubPass } from "./convert/scrub.ts";
import { fromPortal, fromSession, toLogoutRequest } from "./convert/sessions.ts";
import type { ChangeReservationRequest__Output } from "./gen/ashlar/v1/ChangeReservationRequest.ts";
import type { ProveReservationsRequest__Output } from "./gen/ashlar/v1/ProveReservationsRequest.ts";
import type { StoreReport__Output } from "./gen/ashlar/v1/StoreReport.ts";
import { bidi, failStream, type GrpcServer, serverStream, unary } from "./grpc-server.ts";
import { type HeartbeatService, SESSIONS_TOLD_MAX, SILENT_PEERS_MAX } from "./heartbeat.ts";
import { hostHandlers } from "./host-service.ts";
import { adminService, catalogService, heartbeatService } from "./services.ts";

export interface Registered {
  readonly incarnation: number;
  /** Entry of the registration. */
  readonly index: number;
  readonly pingIntervalMs: number;
}

/** In whose name a request is proposed; sent again under this name, it takes effect once. */
export interface ProposalContext {
  readonly proposal: ProposalId | undefined;
}

/**
 * Served by the leader of the metadata members; each proposal resolves when it is durable and applied.
 * Errors: raft/not-leader, raft/session-expired.
 */
export interface CatalogService {
  registerStorage(registration: StorageRegistration, context: ProposalContext): Promise<Registered>;
  registerGateway(registration: GatewayRegistration, context: ProposalContext): Promise<Registered>;
  /** The catalog from `from` on, or in full when that is too far back or of another log. */
  watch(
    from: { readonly logId: string; readonly index: number },
    options: { readonly signal: AbortSignal },
  ): AsyncIterable<WatchStep>;
  addToIsr(
    items: readonly IsrCandidate[],
    context: ProposalContext,
  ): Promise<{ readonly index: number }>;
  storeDown(
    store: IsrCandidate["store"],
    context: ProposalContext,
  ): Promise<{ readonly index: number }>;
  /** @throws SystemError volume/not-fenced, volume/changing, volume/not-found. */
  fenceVolume(
    request: { readonly volume: VolumeId; readonly reset: boolean },
    options: { readonly signal: AbortSignal },
  ): Promise<{ readonly index: number }>;
  /** @throws SystemError as of fenceVolume. */
  changeReservation(
    request: { readonly volume: VolumeId; readonly action: ReservationAction },
    options: ProposalContext & { readonly signal: AbortSignal },
  ): Promise<{ readonly index: number; readonly outcome: ReservationOutcome }>;
  /** The newest state of a volume's reservations: no older one is told from then on. @throws as fenceVolume. */
  proveReservations(
    volume: VolumeId,
    options: { readonly signal: AbortSignal },
  ): Promise<{ readonly index: number; readonly changes: number }>;
  /** Address of the private portal where a login is to be served, if any gateway that lives has one. */
  placeSession(path: SessionPath): string | undefined;
  readIndex(): Promise<{ readonly index: number }>;
}

const STORE_STATES = ["up", "failed"] as const;

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const checkVersion = (version: number): void => checkCatalogVersion(version, "the caller");

const reservationHandlers = (service: CatalogService) => ({
  ChangeReservation: unary(
    ({ version, volume, action }: ChangeReservationRequest__Output, context) => {
      checkVersion(version);
      if (!action) throw new SystemError("rpc/bad-frame", "no change of reservations is named");
      return service.changeReservation(
        { volume: volumeId(volume), action: fromAction(action) },
        context,
      );
    },
  ),
  ProveReservations: unary(({ version, volume }: ProveReservationsRequest__Output, { signal }) => {
    checkVersion(version);
    return service.proveReservations(volumeId(volume), { signal });
  }),
});

export function bindCatalog(server: GrpcServer, service: CatalogService): void {
  server.add(catalogService, {
    RegisterStorage: unary(({ version, disks, ...request }, context) => {
      checkVersion(version);
      const { node, bootId, address, familySeen, incarnationSeen, zone } = request;
      const registration = {
        node: nodeId(node),
        bootId,
        address,
        disks: disks.map(fromDisk),
        familySeen,
        incarnationSeen: safeNumber(incarnationSeen),
        zone,
      };
      return service.registerStorage(registration, context);
    }),
    RegisterGateway: unary(({ version, gateway, incarnationSeen, ...request }, context) => {
      checkVersion(version);
      const registration = {
        gateway: nodeId(gateway),
        bootId: request.bootId,
        portals: request.portals.map(fromPortal),
        incarnationSeen: safeNumber(incarnationSeen),
      };
      return service.registerGateway(registration, context);
    }),
    Watch: serverStream(async ({ version, logId, fromIndex }, send, { signal }) => {
      checkVersion(version);
      const from = { logId, index: safeNumber(fromIndex) };
      for await (const step of service.watch(from, { signal })) {
        for (const message of toWatchMessages(step)) {
          await send(message);
          // Room for more says nothing of who else waits for this process.
          if (!message.complete) await turn();
        }
      }
    }),
    AddToIsr: unary(({ version, items }, context) => {
      checkVersion(version);
      const candidates = items.map((item) => ({
        chunk: chunkIdFromNumber(safeNumber(item.chunk)),
        epoch: item.epoch,
        version: safeNumber(item.version),
        store: storeUuid(item.store),
      }));
      return service.addToIsr(candidates, context);
    }),
    StoreDown: unary(({ version, store }, context) => {
      checkVersion(version);
      return service.storeDown(storeUuid(store), context);
    }),
    FenceVolume: unary(({ version, volume, reset }, { signal }) => {
      checkVersion(version);
      return service.fenceVolume({ volume: volumeId(volume), reset }, { signal });
    }),
    ...reservationHandlers(service),
    PlaceSession: unary(async ({ version, ...path }) => {
      checkVersion(version);
      return { address: service.placeSession(path) ?? "" };
    }),
    ReadIndex: unary(() => service.readIndex()),
  });
}

export function bindHeartbeat(server: GrpcServer, service: HeartbeatService): void {
  server.add(heartbeatService, {
    Ping: bidi((stream) => {
      stream.on("data", ({ version, process, incarnation, stores, silent, ...rest }) => {
        try {
          checkVersion(version);
          const disks = stores.map((store: StoreReport__Output) => ({
            storeUuid: storeUuid(store.storeUuid),
            sizeBytes: safeNumber(store.sizeBytes),
            freeBytes: safeNumber(store.freeBytes),
            state: oneOf(STORE_STATES, store.state),
            scrub: store.scrub ? scrubPass(store.scrub) : undefined,
            mirror: store.mirror ? mirrorStatus(store.mirror) : undefined,
            times: store.times ? diskTimes(store.times) : undefined,
          }));
          const ping = { process: nodeId(process), incarnation: safeNumber(incarnation) };
          const copying = rest.copying ? fromCopyReport(rest.copying) : undefined;
          const load = rest.load ? fromLoadReport(rest.load) : undefined;
          const unheard = silent.slice(0, SILENT_PEERS_MAX);
          const held = rest.sessions?.sessions.slice(0, SESSIONS_TOLD_MAX).map(fromSession);
          const { build, protocol } = rest;
          const lostPaths = rest.lostPaths.slice(0, SILENT_PEERS_MAX);
          const release = build === "" ? undefined : { build, protocol };
          const report = { disks, copying, load };
          const way = { serial: safeNumber(rest.serial), path: rest.path };
          const paths = { silent: unheard, lostPaths };
          const told = { ...ping, ...way, report, ...paths, sessions: held, release };
          const { superseded, answer, logouts, shutDown } = service.ping(told);
          // Silence is consent: answers to every ping would be half the work of an idle cluster.
          if (!superseded && !answer) return;
          stream.write({ superseded, logouts: logouts.map(toLogoutRequest), shutDown });
        } catch (thrown) {
          failStream(stream, thrown);
        }
      });
      stream.on("end", () => stream.end());
    }),
    ReportExit: unary(async ({ version, process, bootId, status }) => {
      checkVersion(version);
      await service.reportExit({ process: nodeId(process), bootId, status });
      return {};
    }),
  });
}

const toGroupStatus = ({ release, ...status }: GroupStatus) => asMessage({ ...status, ...release });

export function bindAdmin(server: GrpcServer, service: AdminService): void {
  const handlers = {
    ClusterStatus: unary(async (_, context) => asMessage(await service.clusterStatus(context))),
    GroupStatus: unary(async (_, context) => toGroupStatus(await service.groupStatus(context))),
    AddMember: unary(async ({ name, address }, context) => {
      await service.addMember({ id: nodeId(name), address: memberAddress(address) }, context);
      return {};
    }),
    RemoveMember: unary(async ({ name }, context) => {
      await service.removeMember(nodeId(name), context);
      return {};
    }),
    ListNodes: unary(async (_request, context) => ({
      nodes: asMessage(await service.listNodes(context)),
    })),
    ScrubDisk: unary(async ({ node, disk }, context) =>
      asMessage(await service.scrubDisk({ node: nodeId(node), disk: diskId(disk) }, context)),
    ),
    RetireDisk: unary(async ({ node, disk, force }, context) => {
      const place = { node: nodeId(node), disk: diskId(disk) };
      await service.retireDisk(place, { ...context, force });
      return {};
    }),
    ListGateways: unary(async (_request, context) => ({
      gateways: asMessage(await service.listGateways(context)).map(toGatewayStatus),
    })),
    DrainGateway: unary(async ({ gateway, draining, force }, context) => {
      await service.drainGateway({ gateway: nodeId(gateway), draining }, { ...context, force });
      return {};
    }),
    ListVolumes: unary(async (_request, context) => ({
      volumes: asMessage(await service.listVolumes(context)),
    })),
    GetVolume: unary(async ({ name }, context) =>
      asMessage(await service.getVolume(volumeName(name), context)),
    ),
    CreateVolume: unary(async (request, context) => {
      const { volume, name, sizeBytes, replicas, blockSize, access } = request;
      const asked = { volume: volumeId(volume), name: volumeName(name), sizeBytes };
      const options = {
        replicas: replicas === 0 ? undefined : replicas,
        blockSize: blockSize === 0 ? undefined : blockSize,
        access: access === "" ? undefined : oneOf(VOLUME_ACCESS, access),
      };
      return asMessage(await service.createVolume({ ...asked, ...options }, context));
    }),
    DeleteVolume: unary(async ({ name, force }, context) => {
      await service.deleteVolume(volumeName(name), { ...context, force });
      return {};
    }),
    FenceVolume: unary(async ({ name }, context) =>
      asMessage(await service.fenceVolume(volumeName(name), context)),
    ),
    ...hostHandlers(service),
    CheckVolume: serverStream(async ({ name }, send, { signal }) => {
      // A caller that is gone is told by the signal; its progress is of no interest any more.
      const onProgress = (progress: object): void => {
        send({ ...progress, done: false }).catch(() => {});
      };
      const { chunks, ...sums } = await service.checkVolume(volumeName(name), {
        signal,
        onProgress,
      });
      await send({ chunksDone: chunks, chunksTotal: chunks, ...sums, done: true });
    }),
  } satisfies Parameters<typeof server.add<typeof adminService>>[1];
  server.add(adminService, handlers, { clusterOptional: true });
}
