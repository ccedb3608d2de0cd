// What the metadata service asks of a storage node, bound to gRPC: the comparison of replicas on behalf
// of `volume check`, and that a volume's generation is closed.
import {
  type ChunkId,
  chunkIdFromNumber,
  type DiskId,
  diskId,
  type FamilyId,
  familyId,
  SystemError,
} from "@ashlar/core";
import { safeNumber } from "./convert/scalars.ts";
import { type ScrubPass, scrubPass } from "./convert/scrub.ts";
import type { ChunkCheck__Output } from "./gen/ashlar/v1/ChunkCheck.ts";
import type { StorageServiceDefinition } from "./gen/ashlar/v1/StorageService.ts";
import type { GrpcClient } from "./grpc-client.ts";
import { type GrpcServer, serverStream, unary } from "./grpc-server.ts";
import { loadService } from "./proto.ts";

/** Version of the requests of this service. */
export const STORAGE_SERVICE_VERSION = 1;
/** Chunks of one request: keeps a request below 64 KiB and a failed one cheap to repeat. */
export const CHECK_CHUNKS_MAX = 4096;

const definition: StorageServiceDefinition = loadService("storage.proto", "StorageService");

/** Outcome of checking one chunk. */
export interface ChunkCheck {
  readonly chunk: ChunkId;
  /** In-sync replicas that were compared. */
  readonly replicas: number;
  /** Of them, how many differ from the primary's. */
  readonly different: number;
  /** Checksum units that could not be read back right, over all replicas. */
  readonly damagedUnits: number;
  /** Code of the error that kept the chunk from being checked. */
  readonly error: string | undefined;
}

/** What has to be closed, and by whom. */
export interface GenerationToClose {
  readonly family: FamilyId;
  readonly generation: number;
  /** Of the process that is asked. */
  readonly incarnation: number;
  /** Entry of the catalog that it must have heard of. */
  readonly index: number;
}

export interface StorageService {
  /**
   * Resolves when this process admits no operation of the generation, or of an older one, any more and
   * has heard of the entry. @throws SystemError node/superseded: it is another process.
   */
  closeGeneration(
    request: GenerationToClose,
    options: { readonly signal: AbortSignal },
  ): Promise<void>;

  /**
   * Begins to verify all copies on a disk, unless that is under way; tells the pass as it stands.
   * @throws SystemError disk/not-found, disk/failed.
   */
  scrubDisk(disk: DiskId): Promise<ScrubPass>;

  /** Checks chunks this node leads; `send` resolves when there is room for more. */
  checkChunks(
    chunks: readonly ChunkId[],
    send: (check: ChunkCheck) => Promise<void>,
    options: { readonly signal: AbortSignal },
  ): Promise<void>;
}

/** Adds the service to a process's gRPC server, before that starts. */
export function addStorageService(server: GrpcServer, service: StorageService): void {
  server.add(definition, {
    CheckChunks: serverStream((request, send, { signal }) => {
      if (request.version !== STORAGE_SERVICE_VERSION) {
        throw new SystemError("rpc/version", `checks of version ${request.version} are not known`);
      }
      if (request.chunks.length > CHECK_CHUNKS_MAX) {
        throw new SystemError("argument/invalid", `more than ${CHECK_CHUNKS_MAX} chunks at once`);
      }
      const chunks = request.chunks.map((chunk) => chunkIdFromNumber(Number(chunk)));
      const sendCheck = (check: ChunkCheck): Promise<void> =>
        send({ ...check, error: check.error ?? "" });
      return service.checkChunks(chunks, sendCheck, { signal });
    }),
    CloseGeneration: unary(async ({ version, ...request }, { signal }) => {
      if (version !== STORAGE_SERVICE_VERSION) {
        throw new SystemError("rpc/version", `changes of version ${version} are not known`);
      }
      const asked = {
        family: familyId(request.family),
        generation: safeNumber(request.generation),
        incarnation: safeNumber(request.incarnation),
        index: safeNumber(request.index),
      };
      await service.closeGeneration(asked, { signal });
      return {};
    }),
    ScrubDisk: unary(async ({ version, disk }) => {
      if (version !== STORAGE_SERVICE_VERSION) {
        throw new SystemError("rpc/version", `scrubs of version ${version} are not known`);
      }
      return { ...(await service.scrubDisk(diskId(disk))) };
    }),
  });
}

/**
 * Asks a storage node to check chunks it leads; yields one outcome for each.
 * @throws SystemError as GrpcClient.serverStream.
 */
export async function* checkChunks(
  client: GrpcClient,
  chunks: readonly ChunkId[],
  options: { readonly signal: AbortSignal },
): AsyncGenerator<ChunkCheck, void, undefined> {
  const request = { version: STORAGE_SERVICE_VERSION, chunks: [...chunks] };
  for await (const reply of client.serverStream(definition.CheckChunks, request, options)) {
    yield fromReply(reply);
  }
}

/**
 * Asks a storage node to close a generation; resolves when it has.
 * @throws SystemError as GrpcClient.unary.
 */
export async function closeGeneration(
  client: GrpcClient,
  request: GenerationToClose,
  options: { readonly signal: AbortSignal; readonly deadlineMs: number },
): Promise<void> {
  const version = STORAGE_SERVICE_VERSION;
  await client.unary(definition.CloseGeneration, { version, ...request }, options);
}

/**
 * Asks a storage node to verify what lies on one of its disks.
 * @throws SystemError as GrpcClient.unary.
 */
export async function scrubDisk(
  client: GrpcClient,
  disk: DiskId,
  options: { readonly signal: AbortSignal; readonly deadlineMs: number },
): Promise<ScrubPass> {
  const request = { version: STORAGE_SERVICE_VERSION, disk };
  return scrubPass(await client.unary(definition.ScrubDisk, request, options));
}

const fromReply = (reply: ChunkCheck__Output): ChunkCheck => ({
  chunk: chunkIdFromNumber(Number(reply.chunk)),
  replicas: reply.replicas,
  different: reply.different,
  damagedUnits: Number(reply.damagedUnits),
  error: reply.error === "" ? undefined : reply.error,
});
