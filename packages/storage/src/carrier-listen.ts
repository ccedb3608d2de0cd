// Where a node takes carriers, and what it tells of that.
import type { CarrierServerOptions } from "@ashlar/rpc";
import { addressesAt, splitPaths } from "@ashlar/runtime";
import type { StorageConfig } from "./config.ts";

type Listen = Pick<
  CarrierServerOptions,
  "socketListen" | "otherHosts" | "hasSeveralPaths" | "socketHosts"
>;

/** At the hosts where calls are taken, at any port; at those of `data` if there are some, and then peers are told. */
export function carrierListen({
  listen,
  advertise,
  data,
}: Pick<StorageConfig, "listen" | "advertise" | "data">): Listen {
  const [first, ...others] = splitPaths(data?.listen ?? listen);
  const otherHosts = others.map(({ host }) => host);
  const hosts =
    data?.advertise === undefined ? undefined : splitPaths(addressesAt(data.advertise, 0));
  const socketHosts = hosts?.map(({ host }) => host) ?? [first.host, ...otherHosts];
  return {
    socketListen: { host: first.host, port: data === undefined ? 0 : first.port },
    otherHosts,
    hasSeveralPaths: (data ? socketHosts : splitPaths(advertise)).length > 1,
    ...(data !== undefined && { socketHosts }),
  };
}
