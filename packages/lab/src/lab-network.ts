// A network of hosts on one machine: one network namespace with an address for each, a switch that
// joins them in a namespace of its own (rules of this machine's firewall must not apply to it), and
// this machine outside as one more host. What one host sends to another can be lost, each way by
// itself: it then goes to a hardware address that nobody has, which the sender cannot tell from a cable
// that was cut.
//
// Each host may have an address in a second network. It lies on the same switch, and is cut by itself: what is
// cut are addresses.
//
// All of it lies in the kernel, where whoever made it may die: each step is done only where it is
// missing, and the hardware address of the interface outside says whose network it is.
import { present, SystemError } from "@ashlar/core";
import type { Random } from "@ashlar/runtime";
import { ip, ipAll, ipOutcome } from "./ip-command.ts";

/** Private (RFC 1918), and unlikely to be in use where labs run. */
const NETWORKS = ["10.213", "10.212"] as const;
const [NETWORK] = NETWORKS;
/** Networks that a host may be in. */
export const NETWORKS_MAX = NETWORKS.length;
/** Networks of one machine, numbered from 1 in the third byte of their addresses. */
export const SUBNETS = 254;
const CLAIM_ATTEMPTS = 50;
/** Host numbers end below that of the machine outside. */
export const HOST_NUMBER_MAX = 253;
const OUTSIDE_NUMBER = 254;
/** A locally administered address that no interface has. */
const NOBODY = "02:00:00:00:00:00";
const INTERFACE = "eth0";
const BRIDGE = "bridge";

/** This machine itself, in the calls that cut and heal. */
export const OUTSIDE = "outside";

/** IPv4 address of a host in the first network. */
export const addressOf = (subnet: number, number: number): string =>
  `${NETWORK}.${subnet}.${number}`;

/** In so many networks, the first one first. */
export const addressesOf = (subnet: number, number: number, networks: number): readonly string[] =>
  NETWORKS.slice(0, networks).map((network) => `${network}.${subnet}.${number}`);

export interface NetworkHost {
  /** Unique in its network; also the end of its namespace's name. */
  readonly name: string;
  /** 1 to HOST_NUMBER_MAX: the last byte of its address. */
  readonly number: number;
}

export interface NetworkPlan {
  readonly subnet: number;
  /** That each host is in, 1 to NETWORKS_MAX; 1 if absent. */
  readonly networks?: number | undefined;
  /** UUID of whoever the network belongs to. */
  readonly owner: string;
  readonly hosts: readonly NetworkHost[];
}

/** What is sent from one to another: names of hosts, or OUTSIDE. */
export type Way = readonly [from: string, to: string];

/** Which network is meant, by its place: 0 is the first. All if absent. */
export interface InNetwork {
  readonly network?: number | undefined;
}

interface Place {
  /** In the first network. */
  readonly address: string;
  /** In all. */
  readonly addresses: readonly string[];
  /** Absent outside. */
  readonly namespace?: string;
  /** The interface with its address. */
  readonly device: string;
}

const inside = ({ namespace }: Pick<Place, "namespace">): string[] =>
  namespace === undefined ? [] : ["-n", namespace];

/** A locally administered hardware address, of 40 random bits of the owner's UUID. */
const hardwareAddress = (owner: string): string =>
  ["02", ...(owner.replaceAll("-", "").match(/../g) ?? []).slice(0, 5)].join(":");

const prefixOf = (subnet: number): string => `ash${subnet}-`;
const linkOf = (subnet: number): string => `${prefixOf(subnet)}out`;
const plugOf = (subnet: number): string => `${prefixOf(subnet)}plug`;

async function namespacesOf(subnet: number): Promise<string[]> {
  const listed = (await ip("netns", "list")).split("\n").map((line) => line.split(" ")[0] ?? "");
  return listed.filter((name) => name.startsWith(prefixOf(subnet)));
}

/** Takes the subnet by making its interface outside, which fails when that exists. */
async function take(subnet: number, owner: string): Promise<boolean> {
  const taken = await ip("-o", "-4", "addr", "show");
  if (NETWORKS.some((network) => taken.includes(` ${network}.${subnet}.`))) return false;
  if ((await namespacesOf(subnet)).length > 0) return false;
  const link = [linkOf(subnet), "address", hardwareAddress(owner), "type", "veth"];
  const { error } = await ipOutcome("link", "add", ...link, "peer", "name", plugOf(subnet));
  if (!error) return true;
  if (error.message.includes("File exists")) return false;
  throw error;
}

/** Whether the last step was done for it: its interface has its address, and is up. */
async function isWhole(place: Place): Promise<boolean> {
  const show = [...inside(place), "-o", "-4", "addr", "show", "dev", place.device, "up"];
  const { stdout } = await ipOutcome(...show);
  return place.addresses.every((address) => stdout.includes(` ${address}/`));
}

export class LabNetwork {
  private readonly plan: NetworkPlan;

  constructor(plan: NetworkPlan) {
    this.plan = plan;
  }

  /**
   * A subnet that was free, and is the owner's from now on.
   * @throws SystemError config/no-network without root, without iproute2, or when none is free.
   */
  static async claim({ random }: { readonly random: Random }, owner: string): Promise<number> {
    const first = random.below(SUBNETS);
    for (let attempt = 0; attempt < CLAIM_ATTEMPTS; attempt += 1) {
      const subnet = 1 + ((first + attempt) % SUBNETS);
      if (await take(subnet, owner)) return subnet;
    }
    throw new SystemError("config/no-network", `no part of ${NETWORK}.0.0/16 is free`, {
      hint: "take down labs that are not needed; `ip netns list` shows whose namespaces there are",
    });
  }

  /** Where a host is. Names are known, or it is a programmer's error. */
  host(name: string): Required<Place> {
    const { subnet, hosts } = this.plan;
    const { number } = present(
      hosts.find((host) => host.name === name),
      `the network has a host ${name}`,
    );
    const namespace = `${prefixOf(subnet)}${name}`;
    return { ...this.addressesOf(number), namespace, device: INTERFACE };
  }

  /** IPv4 address of a host or of OUTSIDE. */
  addressOf(name: string): string {
    return this.place(name).address;
  }

  /**
   * Makes what there is not yet of it: all, or a host that was added.
   * @throws SystemError config/no-network; what was made stays, for `remove`.
   */
  async build(): Promise<void> {
    const { subnet, owner, hosts } = this.plan;
    const holder = await this.holder();
    const own = holder === hardwareAddress(owner);
    if (holder !== undefined && !own) throw this.occupied();
    if (!own || (await this.isHalf())) {
      if (own) await this.remove();
      if (!(await take(subnet, owner))) throw this.occupied();
    }
    const made = new Set(await namespacesOf(subnet));
    const commands = made.has(this.switchNamespace) ? [] : this.switchCommands();
    for (const host of hosts) {
      const place = this.host(host.name);
      const isMade = made.has(place.namespace);
      if (isMade && (await isWhole(place))) continue;
      if (isMade) commands.push(["netns", "del", place.namespace]);
      commands.push(...this.hostCommands(host));
    }
    await ipAll(commands);
  }

  /**
   * Removes what there is of it, and nothing of others; two may do so at the same time. Processes on
   * the hosts must have ended.
   * @throws SystemError config/no-network when some of it is left.
   */
  async remove(): Promise<void> {
    const { subnet, owner } = this.plan;
    // Listed first: whoever takes the subnet after that makes namespaces that are not among them.
    const hosts = (await namespacesOf(subnet)).filter((name) => name !== this.switchNamespace);
    const holder = await this.holder();
    if (holder !== undefined && holder !== hardwareAddress(owner)) return;
    for (const namespace of hosts) await ipOutcome("netns", "del", namespace);
    // The link before the switch: with its namespace it would go too, but at some later time.
    await ipOutcome("link", "del", linkOf(subnet));
    const { error } = await ipOutcome("netns", "del", this.switchNamespace);
    const left = await namespacesOf(subnet);
    if (error && (left.length > 0 || (await this.holder()) !== undefined)) throw error;
  }

  /** Loses all that `from` sends to `to` until healed. Names are those of hosts, or OUTSIDE. */
  cut(from: string, to: string, where: InNetwork = {}): Promise<void> {
    return this.cutAll([[from, to]], where);
  }

  /** Does nothing where nothing is cut. */
  heal(from: string, to: string, where: InNetwork = {}): Promise<void> {
    return this.healAll([[from, to]], where);
  }

  /** Cuts many, [from, to] each, as nearly at once as can be. */
  async cutAll(ways: readonly Way[], where: InNetwork = {}): Promise<void> {
    await ipAll(
      this.neighbours(ways, where).map(([sender, address]) => {
        const entry = [address, "lladdr", NOBODY, "nud", "permanent"];
        return [...inside(sender), "neigh", "replace", ...entry, "dev", sender.device];
      }),
    );
  }

  async healAll(ways: readonly Way[], where: InNetwork = {}): Promise<void> {
    await ipAll(
      this.neighbours(ways, where).map(([sender, address]) => {
        const entry = ["to", address, "dev", sender.device, "nud", "permanent"];
        return [...inside(sender), "neigh", "flush", ...entry];
      }),
    );
  }

  /** Who sends, and each of the addresses that it sends to. */
  private neighbours(ways: readonly Way[], { network }: InNetwork): (readonly [Place, string])[] {
    return ways.flatMap(([from, to]) => {
      const { addresses } = this.place(to);
      const meant = network === undefined ? addresses : addresses.slice(network, network + 1);
      return meant.map((address) => [this.place(from), address] as const);
    });
  }

  private addressesOf(number: number): Pick<Place, "address" | "addresses"> {
    const { subnet, networks = 1 } = this.plan;
    const addresses = addressesOf(subnet, number, networks);
    return { address: addressOf(subnet, number), addresses };
  }

  private get switchNamespace(): string {
    return `${prefixOf(this.plan.subnet)}switch`;
  }

  /** Whether the switch was begun and not ended, or ended and lost: then nothing of it is of use. */
  private async isHalf(): Promise<boolean> {
    const { subnet } = this.plan;
    const isBegun = (await namespacesOf(subnet)).includes(this.switchNamespace);
    if (isBegun) return !(await isWhole(this.place(OUTSIDE)));
    const { error } = await ipOutcome("link", "show", "dev", plugOf(subnet));
    return error !== undefined;
  }

  private place(name: string): Place {
    if (name !== OUTSIDE) return this.host(name);
    const { subnet } = this.plan;
    return { ...this.addressesOf(OUTSIDE_NUMBER), device: linkOf(subnet) };
  }

  /** The hardware address of the interface outside; undefined when nobody has the subnet. */
  private async holder(): Promise<string | undefined> {
    const { error, stdout } = await ipOutcome(
      "-o",
      "link",
      "show",
      "dev",
      linkOf(this.plan.subnet),
    );
    if (error?.message.includes("does not exist")) return undefined;
    if (error) throw error;
    return /link\/ether (\S+)/.exec(stdout)?.[1];
  }

  private occupied(): SystemError {
    const network = addressOf(this.plan.subnet, 0);
    return new SystemError("config/no-network", `${network}/24 is in use by somebody else`, {
      hint: "another lab took it while this one was down: stop that one and try again",
    });
  }

  private switchCommands(): string[][] {
    const plug = plugOf(this.plan.subnet);
    const at = ["-n", this.switchNamespace];
    return [
      ["netns", "add", this.switchNamespace],
      [...at, "link", "add", BRIDGE, "type", "bridge"],
      [...at, "link", "set", BRIDGE, "up"],
      ["link", "set", plug, "netns", this.switchNamespace],
      ...this.plugCommands(plug, this.place(OUTSIDE)),
    ];
  }

  private hostCommands({ name, number }: NetworkHost): string[][] {
    const place = this.host(name);
    const plug = `port${number}`;
    const peer = ["peer", "name", plug, "netns", this.switchNamespace];
    return [
      ["netns", "add", place.namespace],
      [...inside(place), "link", "add", place.device, "type", "veth", ...peer],
      [...inside(place), "link", "set", "lo", "up"],
      ...this.plugCommands(plug, place),
    ];
  }

  private plugCommands(plug: string, place: Place): string[][] {
    return [
      ["-n", this.switchNamespace, "link", "set", plug, "master", BRIDGE, "up"],
      ...place.addresses.map((address) => [
        ...inside(place),
        ...["addr", "add", `${address}/24`, "dev", place.device],
      ]),
      [...inside(place), "link", "set", place.device, "up"],
    ];
  }
}
