// How large a lab is: the options of `lab up`, checked, with their defaults. Pure, so that a bad
// option is refused before anything is touched.
import { isIP } from "node:net";
import {
  CHUNK_SIZE_DEFAULT,
  formatSize,
  GIB,
  isAligned,
  MIB,
  parseSize,
  SystemError,
  TIB,
} from "@ashlar/core";
import { isAnyHost } from "@ashlar/runtime";
import { type PortalAddress, parseAddress } from "./addresses.ts";
import { NETWORKS_MAX } from "./lab-network.ts";

export type CarrierName = "socket" | "grpc";

/** As given on the command line; what is absent takes its default, or what the lab remembers. */
export interface UpOptions {
  readonly nodes?: string;
  readonly metadata?: string;
  readonly gateways?: string;
  readonly disks?: string;
  readonly diskSize?: string;
  /** Each disk of a node is two, a mirror of each other. */
  readonly mirror?: boolean;
  /** HOST[:PORT] of the first portal; gateway N listens on PORT + N - 1. */
  readonly listen?: string;
  /** HOST[:PORT] told to initiators in place of the listen address. */
  readonly advertise?: string;
  readonly carrier?: string;
  /** A network namespace and an address for each process. */
  readonly isolate?: boolean;
  /** In which each process has an address. */
  readonly networks?: string;
  /** Of several networks the one that operations and replication go over as long as it is well. */
  readonly dataNetwork?: string;
  /** Portals send logins to the gateway with the fewest sessions. */
  readonly redirect?: boolean;
}

export interface LabShape {
  readonly nodes: number;
  readonly metadata: number;
  readonly gateways: number;
  readonly disksPerNode: number;
  readonly diskSizeBytes: number;
  readonly mirror: boolean;
  readonly listen: PortalAddress;
  readonly advertise: PortalAddress;
  readonly carrier: CarrierName;
  /** Portals then listen on the addresses of their gateways. */
  readonly isolate: boolean;
  readonly networks: number;
  /** 1 to `networks`; absent: all traffic goes over the first. */
  readonly dataNetwork?: number;
  readonly redirect: boolean;
}

/** Each node and gateway is a process of some 80 MiB; more than this is not a lab. */
export const NODES_MAX = 32;
export const GATEWAYS_MAX = 16;
export const DISKS_MAX = 16;
/** Room for the journal, the store's reserve and a few chunks of data. */
export const DISK_SIZE_MIN = 512 * MIB;
/** One store keeps its extent index in memory in part; larger disks are not tested yet. */
export const DISK_SIZE_MAX = 16 * TIB;
/** Odd: an even group survives no more losses than one with a member less. */
const METADATA_COUNTS: readonly string[] = ["1", "3", "5"];
const DISK_SIZE_DEFAULT = 8 * GIB;
const LISTEN_DEFAULT = "127.0.0.1";

export const CHUNK_SIZE = CHUNK_SIZE_DEFAULT;

const invalid = (message: string, hint: string): SystemError =>
  new SystemError("argument/invalid", message, { hint });

function count(name: string, text: string, max: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= 1 && value <= max) return value;
  throw invalid(`--${name} ${text} is not a count`, `give a whole number from 1 to ${max}`);
}

function metadataCount(text: string): number {
  if (METADATA_COUNTS.includes(text)) return Number(text);
  throw invalid(
    `--metadata ${text} is no size of a metadata group`,
    "give 1 (no loss is survived), 3 (one) or 5 (two)",
  );
}

function diskSize(text: string): number {
  const sizeBytes = parseSize(text);
  if (sizeBytes < DISK_SIZE_MIN || sizeBytes > DISK_SIZE_MAX || !isAligned(sizeBytes, MIB)) {
    throw invalid(
      `--disk-size ${text} is not possible`,
      `give whole MiB from ${formatSize(DISK_SIZE_MIN)} to ${formatSize(DISK_SIZE_MAX)}`,
    );
  }
  return sizeBytes;
}

function carrier(text: string): CarrierName {
  if (text === "socket" || text === "grpc") return text;
  throw invalid(`--carrier ${text} is unknown`, "give socket or grpc");
}

function advertised(listen: PortalAddress, text: string | undefined): PortalAddress {
  if (text !== undefined) return parseAddress(text, "--advertise");
  if (!isAnyHost(listen.host)) return listen;
  throw invalid(
    `--listen ${listen.host} says nothing about where initiators find the portals`,
    "give --advertise with an address of this machine that they can reach",
  );
}

function isolated({ isolate = false, listen, advertise }: UpOptions): boolean {
  if (!isolate || (listen === undefined && advertise === undefined)) return isolate;
  const option = listen === undefined ? "advertise" : "listen";
  throw invalid(
    `--isolate and --${option} exclude each other`,
    "leave one out: the gateways of an isolated lab have addresses of their own",
  );
}

function networksOf({ isolate = false, networks = "1" }: UpOptions): number {
  const number = count("networks", networks, NETWORKS_MAX);
  if (number === 1 || isolate) return number;
  throw invalid(
    `--networks ${networks} needs hosts that are in so many`,
    "add --isolate, which gives each process a host of its own",
  );
}

function dataNetworkOf(
  { dataNetwork, carrier: kind }: UpOptions,
  networks: number,
): { dataNetwork?: number } {
  if (dataNetwork === undefined) return {};
  if (kind === "grpc") {
    throw invalid(
      "--data-network and --carrier grpc exclude each other",
      "leave one out: a carrier over gRPC is a call, and goes where calls go",
    );
  }
  if (networks > 1) return { dataNetwork: count("data-network", dataNetwork, networks) };
  throw invalid(
    `--data-network ${dataNetwork} needs several networks to choose from`,
    "add --isolate --networks 2",
  );
}

function redirecting(redirect: boolean, { host }: PortalAddress): boolean {
  if (!redirect || isIP(host) !== 0) return redirect;
  throw invalid(
    `--redirect would send hosts to ${host}, and they may look up no names`,
    "give --advertise with an IP address of this machine that they can reach",
  );
}

/** @throws SystemError argument/invalid naming the option and what to give instead. */
export function labShape(options: UpOptions): LabShape {
  const listen = parseAddress(options.listen ?? LISTEN_DEFAULT, "--listen");
  const advertise = advertised(listen, options.advertise);
  const networks = networksOf(options);
  return {
    nodes: count("nodes", options.nodes ?? "3", NODES_MAX),
    metadata: metadataCount(options.metadata ?? "3"),
    gateways: count("gateways", options.gateways ?? "2", GATEWAYS_MAX),
    disksPerNode: count("disks", options.disks ?? "1", DISKS_MAX),
    diskSizeBytes: options.diskSize === undefined ? DISK_SIZE_DEFAULT : diskSize(options.diskSize),
    mirror: options.mirror ?? false,
    listen,
    advertise,
    carrier: carrier(options.carrier ?? "socket"),
    isolate: isolated(options),
    networks,
    ...dataNetworkOf(options, networks),
    redirect: redirecting(options.redirect ?? false, advertise),
  };
}
