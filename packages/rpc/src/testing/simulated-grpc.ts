// gRPC over message lines, as the two methods of the Network port that concern it.
import type { Network } from "../network.ts";
import type { MessageNetwork } from "./message-line.ts";
import { SimulatedCallServer } from "./simulated-call-server.ts";
import { SimulatedChannel } from "./simulated-channel.ts";

export const simulatedGrpc = (
  network: MessageNetwork,
): Pick<Network, "openChannel" | "openServer"> => ({
  openChannel: (address, options) =>
    new SimulatedChannel(network, address, options) as unknown as ReturnType<
      Network["openChannel"]
    >,
  openServer: () => new SimulatedCallServer(network),
});
