export {
  type Carrier,
  type CarrierAcceptor,
  type CarrierDialer,
  type CarrierKind,
  type CarrierPeer,
  type CarrierPurpose,
  FRAME_HEAD_SIZE,
  FRAME_LENGTH_MAX,
  FRAME_VERSION,
  type Frame,
  type ReceivedFrame,
} from "./carrier.ts";
export type {
  CatalogClient,
  GatewayRegistration,
  StorageRegistration,
  StorageReport,
} from "./catalog-client.ts";
