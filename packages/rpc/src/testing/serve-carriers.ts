// A server of carriers as a process has one, for tests that dial it.
import type { CarrierServer } from "../carrier-server.ts";
import type { GrpcServer } from "../grpc-server.ts";

/** Starts both; returns how to stop them. */
export async function serveCarriers(
  carriers: CarrierServer,
  grpc: GrpcServer,
): Promise<() => Promise<void>> {
  carriers.addTo(grpc);
  await carriers.start();
  await grpc.start();
  return async () => {
    await carriers.stop();
    await grpc.stop();
  };
}
