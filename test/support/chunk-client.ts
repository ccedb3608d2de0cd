// Operations sent to a storage node of a lab past every gateway: with an epoch of the test's own
// choice, and into the socket of a process that is stopped.
import { CHECKSUM_UNIT, nodeId, SystemError, scatterJoin, unitChecksums } from "@ashlar/core";
import { readLab } from "@ashlar/lab";
import {
  type CatalogClient,
  createCarrierDialer,
  createCatalogClient,
  OperationClient,
  type OperationOutcome,
} from "@ashlar/rpc";
import { nodeClock, nodeRandom, silentLog } from "@ashlar/runtime";

type Operation = Parameters<OperationClient["request"]>[0];
type ChunkConfig = NonNullable<ReturnType<CatalogClient["view"]["chunk"]>>;
type Closable = { close(): void };
type Waiting = { readonly signal: AbortSignal };
type Self = Parameters<typeof createCarrierDialer>[0]["self"];

/** Longer than anything that is waited for here. */
const PATIENCE_MS = 30_000;
export class ChunkClient {
  private readonly catalog: ReturnType<typeof createCatalogClient>;
  private readonly dialer: ReturnType<typeof createCarrierDialer> & Closable;
  private readonly volume: string;
  private readonly self: Self;
  private seq = 0;
  private streams = 0;

  private constructor(
    catalog: ReturnType<typeof createCatalogClient>,
    dialer: ReturnType<typeof createCarrierDialer> & Closable,
    { volume, self }: { readonly volume: string; readonly self: Self },
  ) {
    this.catalog = catalog;
    this.dialer = dialer;
    this.volume = volume;
    this.self = self;
  }

  /** For the first chunk of a volume. */
  static async open({ dir }: { readonly dir: string }, volume: string): Promise<ChunkClient> {
    const lab = await readLab(dir);
    const members = lab.processes.filter(({ kind }) => kind === "metadata");
    const metadata = members.flatMap((one) => ("port" in one ? [`127.0.0.1:${one.port}`] : []));
    const clusterId = lab.clusterId as Parameters<typeof createCatalogClient>[0]["clusterId"];
    const ports = { clock: nodeClock, random: nodeRandom, log: silentLog };
    const catalog = createCatalogClient({ clusterId, metadata, ...ports });
    await catalog.start();
    const signal = AbortSignal.timeout(PATIENCE_MS);
    await catalog.ready({ signal });
    const self = await registered(catalog, { signal });
    const dialer = createCarrierDialer({ self, clusterId, kind: lab.carrier, ...ports });
    return new ChunkClient(catalog, dialer, { volume, self });
  }

  async close(): Promise<void> {
    this.dialer.close();
    await this.catalog.stop();
  }

  /** The chunk's configuration as it is now. */
  async config(): Promise<ChunkConfig> {
    const { view } = this.catalog;
    await this.catalog.catchUp({ signal: AbortSignal.timeout(PATIENCE_MS) });
    const record = [...view.volumes.values()].find(({ name }) => name === this.volume);
    const [config] = record ? view.chunksOf(record.family) : [];
    if (!config) throw new Error(`${this.volume} has no chunk`);
    return config;
  }

  /** A connection to one node that stays open. */
  async dial(node: ChunkConfig["primary"]["node"]): Promise<OperationClient> {
    const address = this.catalog.view.nodes.get(node)?.address;
    if (address === undefined) throw new SystemError("rpc/unavailable", `${node} is not known`);
    const signal = AbortSignal.timeout(PATIENCE_MS);
    const carrier = await this.dialer.dial(address, "operations", { signal });
    this.streams += 1;
    const options = { serial: this.streams, nowMs: () => nodeClock.nowMs() };
    return new OperationClient(carrier, options);
  }

  /** Writes the first unit through whoever leads, again until it is good. */
  async write(fill: number): Promise<void> {
    const data = [Buffer.alloc(CHECKSUM_UNIT, fill)];
    const end = Date.now() + PATIENCE_MS;
    for (;;) {
      const config = await this.config();
      const client = await this.dial(config.primary.node);
      const token = await firstToken(client);
      const head = { ...this.head(config), token };
      const checksums = unitChecksums(head.chunk, 0, data);
      const outcome = await ask(client, { ...head, kind: "write", data, checksums });
      client.close();
      if (outcome.kind === "reply" && outcome.reply.status === "good") return;
      if (Date.now() > end) throw new Error(`write: ${JSON.stringify(outcome)}`);
    }
  }

  /** Asks one node for the first unit under a given configuration: its first byte, or the refusal. */
  async read(client: OperationClient, config: ChunkConfig): Promise<number | string> {
    const end = Date.now() + PATIENCE_MS;
    let outcome = await ask(client, { ...this.head(config), kind: "read" });
    while (isTakenForDead(outcome) && Date.now() < end) {
      outcome = await ask(client, { ...this.head(config), kind: "read" });
    }
    if (outcome.kind === "failed") return outcome.error.code;
    const { status, data } = outcome.reply;
    return status === "good" ? (scatterJoin(data)[0] ?? "no data") : status;
  }

  private head({ chunk, epoch }: ChunkConfig) {
    const seq = ++this.seq;
    const opId = { incarnation: this.self.incarnation(), seq };
    const place = { chunk, layer: 0, epoch, offset: 0, length: CHECKSUM_UNIT };
    return { ...place, opId, lowestUnresolvedSeq: seq, token: 0, generation: 1 };
  }
}

/** The first token of a stream, which comes at once. */
const firstToken = (client: OperationClient): Promise<number> =>
  new Promise((resolve) => client.onToken(() => resolve(client.tokenFor(Infinity) ?? 0)));

/** As a gateway does it: storage nodes refuse an incarnation that the catalog gave to nobody alive. */
async function registered(catalog: CatalogClient, options: Waiting): Promise<Self> {
  const node = nodeId("gateway-99");
  const bootId = nodeRandom.uuid();
  const registration = { gateway: node, bootId, portals: [], incarnationSeen: 0 };
  let { incarnation } = await catalog.registerGateway(registration, options);
  catalog.onSuperseded(() => {
    const signal = AbortSignal.timeout(PATIENCE_MS);
    void catalog.registerGateway(registration, { signal }).then(
      (again) => {
        incarnation = again.incarnation;
      },
      () => {},
    );
  });
  return { node, incarnation: () => incarnation };
}

const isTakenForDead = (outcome: OperationOutcome): boolean =>
  outcome.kind === "reply" && outcome.reply.status === "staleIncarnation";

const ask = (client: OperationClient, operation: Operation): Promise<OperationOutcome> =>
  new Promise((resolve) => client.request(operation, resolve));
