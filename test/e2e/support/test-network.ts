// Hosts of their own addresses on one machine: network namespaces that a switch joins, and this process
// as one more host beside them. What one host sends to another can be lost, each way by itself: it then
// goes to a hardware address that nobody has, which the sender cannot tell from a cable that was cut.
import { run } from "./tools.ts";

/** Private (RFC 1918), and unlikely to be in use where tests run. */
const NETWORK = "10.213";
const SUBNETS = 254;
const SUBNET_ATTEMPTS = 20;
const NOBODY = "02:00:00:00:00:00";
const INTERFACE = "eth0";

export interface TestHost {
  /** For people. */
  readonly name: string;
  /** IPv4 address. */
  readonly ip: string;
  /** Network namespace; absent for the host that is this process. */
  readonly namespace?: string;
  /** The interface with its address. */
  readonly device: string;
}

const inside = ({ namespace }: Pick<TestHost, "namespace">): string[] =>
  namespace === undefined ? [] : ["-n", namespace];

/** The command line of a program on a host. */
export const commandOn = ({ namespace }: TestHost, ...command: string[]): string[] =>
  namespace === undefined ? command : ["ip", "netns", "exec", namespace, ...command];

export class TestNetwork {
  readonly hosts: readonly TestHost[];
  /** This process. */
  readonly outside: TestHost;
  private readonly switchNamespace: string;
  /** `from>to` of what is lost: faults that overlap may cut and heal the same. */
  private readonly cuts = new Set<string>();

  private constructor(hosts: readonly TestHost[], outside: TestHost, switchNamespace: string) {
    this.hosts = hosts;
    this.outside = outside;
    this.switchNamespace = switchNamespace;
  }

  /** A network of hosts with these names. Needs root. */
  static async make(...names: string[]): Promise<TestNetwork> {
    const subnet = await freeSubnet().catch(cannotMake);
    const prefix = `ash${subnet}`;
    const hosts = names.map((name, at) => ({
      name,
      ip: `${NETWORK}.${subnet}.${at + 1}`,
      namespace: `${prefix}-${at + 1}`,
      device: INTERFACE,
    }));
    const outside = { name: "clients", ip: `${NETWORK}.${subnet}.254`, device: `${prefix}-out` };
    const network = new TestNetwork(hosts, outside, `${prefix}-switch`);
    try {
      await network.build();
    } catch (thrown) {
      await network.remove();
      cannotMake(thrown);
    }
    return network;
  }

  /** Loses all that `from` sends to `to`, until healed. */
  async cut(from: TestHost, to: TestHost): Promise<void> {
    this.cuts.add(`${from.name}>${to.name}`);
    const entry = [to.ip, "lladdr", NOBODY, "nud", "permanent", "dev", from.device];
    await run("ip", ...inside(from), "neigh", "replace", ...entry);
  }

  async heal(from: TestHost, to: TestHost): Promise<void> {
    if (!this.cuts.delete(`${from.name}>${to.name}`)) return;
    await run("ip", ...inside(from), "neigh", "del", to.ip, "dev", from.device);
  }

  /** Processes on the hosts must have ended. */
  async remove(): Promise<void> {
    const ofHosts = this.hosts.flatMap(({ namespace = [] }) => namespace);
    const removal = [...ofHosts, this.switchNamespace].map((name) =>
      run("ip", "netns", "del", name),
    );
    // With one end of a pair of interfaces goes the other; what was never made need not go.
    await Promise.allSettled([...removal, run("ip", "link", "del", this.outside.device)]);
  }

  /** The switch has a namespace too: rules of this machine's firewall must not apply to it. */
  private async build(): Promise<void> {
    const at = ["-n", this.switchNamespace];
    await run("ip", "netns", "add", this.switchNamespace);
    await run("ip", ...at, "link", "add", "bridge", "type", "bridge");
    await run("ip", ...at, "link", "set", "bridge", "up");
    for (const [port, host] of [...this.hosts, this.outside].entries()) {
      const { device, ip, namespace } = host;
      const plug = `port${port}`;
      if (namespace !== undefined) await run("ip", "netns", "add", namespace);
      const peer = ["peer", "name", plug, "netns", this.switchNamespace];
      await run("ip", ...inside(host), "link", "add", device, "type", "veth", ...peer);
      await run("ip", ...at, "link", "set", plug, "master", "bridge");
      await run("ip", ...at, "link", "set", plug, "up");
      await run("ip", ...inside(host), "addr", "add", `${ip}/24`, "dev", device);
      await run("ip", ...inside(host), "link", "set", device, "up");
      if (namespace !== undefined) await run("ip", ...inside(host), "link", "set", "lo", "up");
    }
  }
}

function cannotMake(thrown: unknown): never {
  const hint = "hosts of their own need network namespaces: run as root, with iproute2 installed";
  throw new Error(`${hint}\n${(thrown as Error).message}`);
}

/** Third byte of addresses that nothing on this machine has, not even another run of this test. */
async function freeSubnet(): Promise<number> {
  const taken = await run("ip", "-o", "-4", "addr", "show");
  for (let attempt = 0; attempt < SUBNET_ATTEMPTS; attempt += 1) {
    const subnet = 1 + ((process.pid + attempt * 97) % SUBNETS);
    if (!taken.includes(`${NETWORK}.${subnet}.`)) return subnet;
  }
  throw new Error(`no part of ${NETWORK}.0.0/16 is free`);
}
