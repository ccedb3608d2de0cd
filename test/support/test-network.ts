// Hosts of their own addresses on one machine, without a lab: the network of isolated labs, and this process
// as one more host beside them.
import { randomUUID } from "node:crypto";
import { LabNetwork, OUTSIDE } from "@ashlar/lab";
import { nodeRandom } from "@ashlar/runtime";

export interface TestHost {
  readonly name: string;
  /** IPv4 address. */
  readonly ip: string;
  /** Network namespace; absent for the host that is this process. */
  readonly namespace?: string;
}

/** The command line of a program on a host. */
export const commandOn = ({ namespace }: TestHost, ...command: string[]): string[] =>
  namespace === undefined ? command : ["nsenter", `--net=/run/netns/${namespace}`, ...command];

export class TestNetwork {
  readonly hosts: readonly TestHost[];
  /** This process. */
  readonly outside: TestHost;
  private readonly network: LabNetwork;
  /** `from>to` of what is lost: faults that overlap may cut and heal the same. */
  private readonly cuts = new Set<string>();

  private constructor(hosts: readonly TestHost[], network: LabNetwork) {
    this.hosts = hosts;
    this.outside = { name: OUTSIDE, ip: network.addressOf(OUTSIDE) };
    this.network = network;
  }

  /** A network of hosts with these names. Needs root. */
  static async make(...names: string[]): Promise<TestNetwork> {
    const owner = randomUUID();
    const subnet = await LabNetwork.claim({ random: nodeRandom }, owner);
    const planned = names.map((name, at) => ({ name, number: at + 1 }));
    const network = new LabNetwork({ subnet, owner, hosts: planned });
    try {
      await network.build();
    } catch (thrown) {
      await network.remove();
      throw thrown;
    }
    const hosts = names.map((name) => {
      const { address, namespace } = network.host(name);
      return { name, ip: address, namespace };
    });
    return new TestNetwork(hosts, network);
  }

  /** Loses all that `from` sends to `to`, until healed. */
  async cut(from: TestHost, to: TestHost): Promise<void> {
    this.cuts.add(`${from.name}>${to.name}`);
    await this.network.cut(from.name, to.name);
  }

  async heal(from: TestHost, to: TestHost): Promise<void> {
    if (this.cuts.delete(`${from.name}>${to.name}`)) await this.network.heal(from.name, to.name);
  }

  /** Processes on the hosts must have ended. */
  remove(): Promise<void> {
    return this.network.remove();
  }
}
