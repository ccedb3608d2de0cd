// What an engine says of a compose project's containers, as far as drills need it. Pure.
import { SystemError } from "@ashlar/core";
import type { SitePortal, SiteProcessKind } from "../drill-site.ts";

/** Labels of both generations of compose. */
export const PROJECT_LABEL = "com.docker.compose.project";
export const SERVICE_LABEL = "com.docker.compose.service";

/** A network that a container is in, and what it takes to put it back there as it was. */
export interface Attachment {
  readonly network: string;
  /** Fixed address; absent where any will do. */
  readonly fixedAddress?: string;
  readonly aliases: readonly string[];
  /** Its address now; absent while it does not run. */
  readonly address?: string;
}

export interface ProcessContainer {
  readonly kind: SiteProcessKind;
  /** Node id, and name of the service. */
  readonly id: string;
  readonly containerId: string;
  readonly imageId: string;
  readonly state: "running" | "paused" | "down";
  readonly environment: ReadonlyMap<string, string>;
  readonly attachments: readonly Attachment[];
  /** Host and port of this machine that lead to its portal. */
  readonly published: readonly string[];
}

interface Endpoint {
  readonly IPAMConfig?: { readonly IPv4Address?: string } | null;
  readonly Aliases?: readonly string[] | null;
  readonly IPAddress?: string;
}

/** The parts of an engine's answer that are read. */
interface Inspected {
  readonly Id: string;
  readonly Image: string;
  readonly State: { readonly Running: boolean; readonly Paused: boolean };
  readonly Config: {
    readonly Env?: readonly string[] | null;
    readonly Cmd?: readonly string[] | null;
    readonly Labels?: Readonly<Record<string, string>> | null;
  };
  readonly HostConfig: {
    readonly PortBindings?: Readonly<
      Record<string, readonly { readonly HostIp: string; readonly HostPort: string }[] | null>
    > | null;
  };
  readonly NetworkSettings: { readonly Networks: Readonly<Record<string, Endpoint>> };
}

const KINDS: readonly SiteProcessKind[] = ["metadata", "storage", "gateway"];
const PORTAL_PORT = "3260/tcp";
const EVERYWHERE = new Set(["", "0.0.0.0", "::"]);

/** `host`: where the engine's published ports are reached. */
function publishedOf({ HostConfig }: Inspected, host: string): string[] {
  const bindings = HostConfig.PortBindings?.[PORTAL_PORT] ?? [];
  return bindings.map(({ HostIp, HostPort }) => {
    const address = EVERYWHERE.has(HostIp) ? host : HostIp;
    return `${address.includes(":") ? `[${address}]` : address}:${HostPort}`;
  });
}

function attachmentsOf({ Id, NetworkSettings }: Inspected): Attachment[] {
  return Object.entries(NetworkSettings.Networks).map(([network, endpoint]) => {
    const { IPAMConfig, Aliases, IPAddress: address } = endpoint;
    const fixedAddress = IPAMConfig?.IPv4Address;
    return {
      network,
      // The engine adds the short id by itself.
      aliases: (Aliases ?? []).filter((alias) => !Id.startsWith(alias)),
      ...(fixedAddress && { fixedAddress }),
      ...(address && { address }),
    };
  });
}

function stateOf({ State }: Inspected): ProcessContainer["state"] {
  if (State.Paused) return "paused";
  return State.Running ? "running" : "down";
}

const environmentOf = ({ Config }: Inspected): ReadonlyMap<string, string> =>
  new Map(
    (Config.Env ?? []).map((entry) => {
      const at = entry.indexOf("=");
      return [entry.slice(0, at), entry.slice(at + 1)] as const;
    }),
  );

/** The containers that run one of the roles, in fixed order; others of the project are left out. */
export function processContainers(inspected: string, host: string): ProcessContainer[] {
  const all = JSON.parse(inspected) as readonly Inspected[];
  const found = all.flatMap((one): ProcessContainer[] => {
    const [group, verb, role] = one.Config.Cmd ?? [];
    const kind = KINDS.find((known) => known === role);
    if (group !== "container" || verb !== "run" || !kind) return [];
    const environment = environmentOf(one);
    return [
      {
        kind,
        id: environment.get("ASHLAR_ID") ?? one.Config.Labels?.[SERVICE_LABEL] ?? one.Id,
        containerId: one.Id,
        imageId: one.Image,
        state: stateOf(one),
        environment,
        attachments: attachmentsOf(one),
        published: publishedOf(one, host),
      },
    ];
  });
  const rank = ({ kind }: ProcessContainer): number => KINDS.indexOf(kind);
  return found.sort((one, other) => rank(one) - rank(other) || (one.id < other.id ? -1 : 1));
}

/** host:port of the metadata members, as every container was told. */
export function adminAddressesOf(containers: readonly ProcessContainer[], port: number): string[] {
  const told = containers[0]?.environment.get("ASHLAR_METADATA") ?? "";
  const addresses = told.split(",").flatMap((member) => {
    const [, host] = member.trim().split("=");
    return host ? [`${host}:${port}`] : [];
  });
  if (addresses.length > 0) return addresses;
  throw new SystemError(
    "drill/impossible",
    "its containers do not say where metadata members are",
    {
      hint: "they are told by ASHLAR_METADATA, see docker-compose.yml",
    },
  );
}

export const portalsOf = (containers: readonly ProcessContainer[]): SitePortal[] =>
  containers
    .filter(({ kind }) => kind === "gateway")
    .flatMap(({ id, published }) => published.map((address) => ({ gateway: id, address })));

/** Where published ports are reached: this machine, or that of a remote engine. */
export function engineHost(dockerHost: string | undefined): string {
  const remote = /^(?:tcp|ssh|https?):\/\/(?:[^@/]*@)?(\[[^\]]+\]|[^:/]+)/.exec(dockerHost ?? "");
  return remote?.[1]?.replace(/^\[(.*)\]$/, "$1") ?? "127.0.0.1";
}
