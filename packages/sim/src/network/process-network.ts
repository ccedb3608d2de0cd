// The simulated network as one process sees it: the port that the product's code is given.
import type { Network } from "@ashlar/rpc";
import { type MessageLineEvents, type MessageNetwork, simulatedGrpc } from "@ashlar/rpc/testing";
import type { Clock } from "@ashlar/runtime";
import { splitAddress } from "@ashlar/runtime";
import type { ProcessLife } from "../world/process-life.ts";
import { SimConnection } from "./sim-connection.ts";
import type { SimNetwork } from "./sim-network.ts";

/** The first message on a line: a server that is stopped takes connections and says nothing. */
const HELLO = "hello";

interface Place {
  readonly network: SimNetwork;
  readonly host: string;
  readonly life: ProcessLife;
  readonly clock: Clock;
}

export function processNetwork(place: Place): Network {
  const { network, host, life } = place;
  return {
    ...simulatedGrpc(messageNetwork(place)),
    connect: (to) => {
      const end = network.connect(host, life, `${to.host}:${to.port}`, () => connection.open());
      const connection = new SimConnection(end, { opened: false });
      return connection;
    },
    listen: async ({ port }, { onConnection }) => {
      const accepted = new Set<SimConnection>();
      const listener = network.listen(host, {
        port,
        life,
        accept: (end) => {
          const connection = new SimConnection(end, { opened: true });
          accepted.add(connection);
          connection.once("close", () => accepted.delete(connection));
          onConnection(connection);
        },
      });
      return { port: listener.port, close: async () => listener.close() };
    },
  };
}

function messageNetwork({ network, host, life, clock }: Place): MessageNetwork {
  return {
    nowMs: () => clock.nowMs(),
    after: (ms, call) => clock.after(ms, call),
    every: (ms, call) => clock.every(ms, call),
    connect: (address, events) => {
      const end = network.connect(host, life, address, () => {});
      end.listen({
        onMessage: (message) => {
          if (message === HELLO) events.onOpen();
          else events.onMessage(message);
        },
        onClose: (reason) => events.onClose(reason),
      });
      return end;
    },
    listen: (address, accept) =>
      network.listen(host, {
        port: splitAddress(address).port,
        life,
        accept: (end) => {
          const events: MessageLineEvents = accept(end, end.remote);
          end.listen(events);
          end.send(HELLO, 1);
        },
      }),
  };
}
