// What a container is told: a few environment variables, so that a compose file says what differs
// between two containers and nothing else. All faults are named at once, by variable.
//
// Checked by hand, as the supervisor's own configuration is: this process becomes the supervisor, and
// stays small. What is made of the variables is checked once more by the role that reads it.
import { isIP } from "node:net";
import { nodeId, parseSize, SystemError } from "@ashlar/core";

/** Ports inside a container; each has its own address, so all have the same. */
export const GRPC_PORT = 7_001;
export const METRICS_PORT = 7_002;
export const DATA_PORT = 7_003;
export const ISCSI_PORT = 3_260;

export const ROLES = ["metadata", "storage", "gateway"] as const;
export type Role = (typeof ROLES)[number];

export interface Member {
  readonly nodeId: string;
  /** host:port. */
  readonly address: string;
}

interface EveryRole {
  /** Node id: `storage-1`. */
  readonly id: string;
  /** The metadata members. */
  readonly members: readonly Member[];
  readonly logLevel: string;
}

export type Settings =
  | (EveryRole & {
      readonly role: "metadata";
      /** Where others reach it, in each network, with commas between. */
      readonly host: string;
    })
  | (EveryRole & {
      readonly role: "storage";
      readonly host: string;
      /** Where operations and replication come in, as `host` is given; undefined: there. */
      readonly dataHost: string | undefined;
      /** Disks of the node, and the bytes of each. */
      readonly disks: number;
      readonly diskBytes: number;
    })
  | (EveryRole & {
      readonly role: "gateway";
      /** host:port that hosts are told. */
      readonly advertise: string;
      readonly tpgt: number;
    });

export type Environment = Readonly<Record<string, string | undefined>>;

const HOST = /^(?:\[[0-9a-fA-F:]+\]|[A-Za-z0-9.-]+)$/;
const HOST_AND_PORT = /^(\[[0-9a-fA-F:]+\]|[A-Za-z0-9.-]+):([1-9]\d{0,4})$/;
const MEMBER = /^([^=\s]+)=(\S+)$/;
const PORT_MAX = 65_535;
const TPGT_MAX = 65_535;
/** As many as the image has folders to mount. */
export const DISKS_MAX = 8;

const refuse = (message: string): never => {
  throw new SystemError("config/invalid", message);
};

const hostIn = (text: string): string =>
  HOST.test(text) ? text : refuse(`must be an address or a name without a port, got "${text}"`);

function addressIn(text: string): string {
  const match = HOST_AND_PORT.exec(text);
  if (match && Number(match[2]) <= PORT_MAX) return text;
  return refuse(`must be HOST:PORT, IPv6 in "[ ]", got "${text}"`);
}

/** Of each host the address of its gRPC, with commas between. */
export const grpcAddress = (hosts: string): string =>
  hosts
    .split(",")
    .map((host) => `${host}:${GRPC_PORT}`)
    .join(",");

/** A host, or one in each of several networks with commas between. */
function hostsIn(text: string): string {
  const hosts = text.split(",").map((host) => hostIn(host.trim()));
  const families = new Set(hosts.map((host) => isIP(host.replaceAll(/[[\]]/g, ""))));
  if (hosts.length > 1 && (families.size > 1 || families.has(0))) {
    return refuse(`must be IP addresses of one family where there are several, got "${text}"`);
  }
  if (new Set(hosts).size < hosts.length) return refuse(`names a host twice: "${text}"`);
  return hosts.join(",");
}

function memberIn(text: string): Member {
  const [, id, host] = MEMBER.exec(text) ?? [];
  if (id === undefined || host === undefined) {
    return refuse(`must be a list of ID=ADDRESS with commas between, got "${text}"`);
  }
  return { nodeId: nodeId(id), address: grpcAddress(hostsIn(host)) };
}

/** What has no name is one more address of the member before it. */
function membersIn(text: string): readonly Member[] {
  const members = text
    .replaceAll(/\s/g, "")
    .split(/,(?=[^,=]*=)/)
    .map(memberIn);
  const isUnique = new Set(members.map((one) => one.nodeId)).size === members.length;
  return isUnique ? members : refuse(`names a member twice: "${text}"`);
}

const wholeNumber =
  (max: number) =>
  (text: string): number =>
    /^[1-9]\d*$/.test(text) && Number(text) <= max
      ? Number(text)
      : refuse(`must be a whole number from 1 to ${max}, got "${text}"`);

/** Reads variables and gathers what is wrong with them. */
class Variables {
  readonly faults: string[] = [];
  private readonly environment: Environment;

  constructor(environment: Environment) {
    this.environment = environment;
  }

  /** A value of no use when it is at fault; an empty variable counts as absent, as compose sets it. */
  read<T>(name: string, parse: (text: string) => T, fallback?: string): T {
    const text = this.environment[name] || fallback;
    try {
      return text === undefined ? refuse("is missing") : parse(text);
    } catch (thrown) {
      this.faults.push(`${name} ${(thrown as Error).message}`);
      return undefined as T;
    }
  }

  /** @throws SystemError config/invalid naming every variable at fault. */
  check(): void {
    if (this.faults.length === 0) return;
    throw new SystemError("config/invalid", this.faults.join("; "), {
      hint: "docker-compose.yml shows how each container is told; see also deploy/README.md",
    });
  }
}

const LEVELS = ["error", "warn", "info", "debug", "silent"];
const levelIn = (text: string): string =>
  LEVELS.includes(text) ? text : refuse(`must be one of ${LEVELS.join(", ")}, got "${text}"`);

/** @throws SystemError config/invalid naming every variable at fault. */
export function readSettings(role: Role, environment: Environment): Settings {
  const variables = new Variables(environment);
  const common = {
    id: variables.read("ASHLAR_ID", nodeId),
    members: variables.read("ASHLAR_METADATA", membersIn),
    logLevel: variables.read("ASHLAR_LOG_LEVEL", levelIn, "info"),
  };
  const settings = ownSettings(role, common, variables);
  variables.check();
  if (role === "metadata" && !settings.members.some((one) => one.nodeId === settings.id)) {
    throw new SystemError("config/invalid", `ASHLAR_METADATA does not name ${settings.id}`, {
      hint: `add ${settings.id}=ADDRESS to it, in all containers`,
    });
  }
  return settings;
}

function ownSettings(role: Role, common: EveryRole, variables: Variables): Settings {
  switch (role) {
    case "metadata":
      return { ...common, role, host: variables.read("ASHLAR_ADDRESS", hostsIn) };
    case "storage":
      return {
        ...common,
        role,
        host: variables.read("ASHLAR_ADDRESS", hostsIn),
        dataHost:
          variables.read("ASHLAR_DATA_ADDRESS", (text) => text && hostsIn(text), "") || undefined,
        disks: variables.read("ASHLAR_DISKS", wholeNumber(DISKS_MAX), "1"),
        diskBytes: variables.read("ASHLAR_DISK_SIZE", parseSize),
      };
    case "gateway":
      return {
        ...common,
        role,
        advertise: variables.read("ASHLAR_ADVERTISE", addressIn),
        tpgt: variables.read("ASHLAR_TPGT", wholeNumber(TPGT_MAX)),
      };
  }
}

/** Only what a client of the cluster needs. @throws SystemError config/invalid */
export function readMembers(environment: Environment): readonly Member[] {
  const variables = new Variables(environment);
  const members = variables.read("ASHLAR_METADATA", membersIn);
  variables.check();
  return members;
}
