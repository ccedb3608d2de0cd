// The machine of a host: a clock and a network of its own, and the product's initiator on them. Machines of hosts
// do not fail here, but they freeze, and so do the ways from them to the gateways.
import { SystemError } from "@ashlar/core";
import type { Dial } from "@ashlar/initiator";
import type { Network } from "@ashlar/rpc";
import type { Clock, Random } from "@ashlar/runtime";
import { processNetwork } from "../network/process-network.ts";
import type { SimNetwork } from "../network/sim-network.ts";
import { ProcessClock } from "../world/process-clock.ts";
import { ProcessLife } from "../world/process-life.ts";
import type { World } from "../world/world.ts";

/** Clocks of machines differ by so much, in parts of a million. */
const DRIFT_PPM_MAX = 500;

export class HostMachine {
  readonly name: string;
  readonly life: ProcessLife;
  readonly clock: Clock;
  readonly random: Random;
  readonly dial: Dial;

  constructor(
    { world, network }: { readonly world: World; readonly network: SimNetwork },
    name: string,
  ) {
    this.name = name;
    this.life = new ProcessLife(name, 1);
    this.random = world.randomFor(name);
    const rate = 1 + (this.random.below(2 * DRIFT_PPM_MAX) - DRIFT_PPM_MAX) / 1_000_000;
    this.clock = new ProcessClock(world, this.life, { rate });
    const place = { network, host: name, life: this.life, clock: this.clock };
    this.dial = dialThrough(processNetwork(place));
  }
}

const gone = (cause?: unknown): SystemError =>
  new SystemError("rpc/disconnected", "the connection is gone", {}, cause);

/** What is sent within one turn goes out together, as over TCP. */
function dialThrough(network: Network): Dial {
  return async (portal, events, { signal }) => {
    if (signal.aborted) throw gone(signal.reason);
    const connection = network.connect(portal);
    let isClosed = false;
    connection.on("data", (bytes: Buffer) => events.onBytes(bytes));
    connection.on("close", () => {
      if (!isClosed) events.onClose(gone());
    });
    return {
      send: (buffers) => {
        if (connection.writableCorked === 0) {
          connection.cork();
          process.nextTick(() => connection.uncork());
        }
        for (const buffer of buffers) connection.write(buffer);
      },
      close: () => {
        isClosed = true;
        connection.destroy();
      },
    };
  };
}
