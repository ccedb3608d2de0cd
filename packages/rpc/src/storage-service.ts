// What other processes ask of a storage node apart from its chunks' data, bound to gRPC: so far the
// comparison of replicas, which the metadata service asks for on behalf of `volume check`.
import { type ChunkId, chunkIdFromNumber, SystemError } from "@ashlar/core";
import type { ChunkCheck__Output } from "./gen/ashlar/v1/ChunkCheck.ts";
import type { StorageServiceDefinition } from "./gen/ashlar/v1/StorageService.ts";
import type { GrpcClient } from "./grpc-client.ts";
import { type GrpcServer, serverStream } from "./grpc-server.ts";
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

export interface StorageService {
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

const fromReply = (reply: ChunkCheck__Output): ChunkCheck => ({
  chunk: chunkIdFromNumber(Number(reply.chunk)),
  replicas: reply.replicas,
  different: reply.different,
  damagedUnits: Number(reply.damagedUnits),
  error: reply.error === "" ? undefined : reply.error,
});
