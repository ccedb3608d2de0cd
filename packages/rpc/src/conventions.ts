// What every gRPC connection of the product has in common.
import { MIB } from "@ashlar/core";
import type { ChannelOptions } from "@grpc/grpc-js";

/** Metadata key with the caller's cluster id. */
export const CLUSTER_KEY = "ashlar-cluster";

/** Deadline of a unary call unless it says otherwise: a local round trip and an fsync, with room. */
export const CALL_DEADLINE_MS = 5_000;
/** Largest message: 4,096 chunk records of a watch are below 1 MiB, an operation frame below 3. */
export const MESSAGE_LENGTH_MAX = 16 * MIB;
/** Flow-control window, measured: several MiB in flight need it. */
const WINDOW_BYTES = 4 * MIB;

/** A silent peer is noticed after KEEPALIVE_MS + KEEPALIVE_TIMEOUT_MS; pings judge much sooner. */
const KEEPALIVE_MS = 5_000;
const KEEPALIVE_TIMEOUT_MS = 3_000;
/**
 * Of a connection whose peer has another address: what is under way on a path that was cut waits as long for
 * the other one. It costs a frame a second, and a peer that stood still meanwhile is only connected to anew.
 */
const PATH_KEEPALIVE_MS = 1_000;
const PATH_KEEPALIVE_TIMEOUT_MS = 1_000;
/** Reconnects begin fast, since a restarted peer is back in well under a second. */
const RECONNECT_MIN_MS = 50;
const RECONNECT_MAX_MS = 1_000;

export const SERVER_OPTIONS: ChannelOptions = {
  "grpc.max_receive_message_length": MESSAGE_LENGTH_MAX,
  "grpc.max_send_message_length": MESSAGE_LENGTH_MAX,
  "grpc.keepalive_time_ms": KEEPALIVE_MS,
  "grpc.keepalive_timeout_ms": KEEPALIVE_TIMEOUT_MS,
  "grpc-node.flow_control_window": WINDOW_BYTES,
  "grpc.so_reuseport": 0,
};

/** A pool of its own per channel: pings must not queue behind bulk on a shared connection. */
export const CHANNEL_OPTIONS: ChannelOptions = {
  ...SERVER_OPTIONS,
  "grpc.keepalive_permit_without_calls": 1,
  "grpc.initial_reconnect_backoff_ms": RECONNECT_MIN_MS,
  "grpc.min_reconnect_backoff_ms": RECONNECT_MIN_MS,
  "grpc.max_reconnect_backoff_ms": RECONNECT_MAX_MS,
  "grpc.use_local_subchannel_pool": 1,
  "grpc.enable_http_proxy": 0,
  "grpc.enable_retries": 0,
  "grpc.service_config_disable_resolution": 1,
};

/** The buffer is for retries, which are off; it answers for writes that nobody has taken yet. */
export const UNBUFFERED_OPTIONS: ChannelOptions = {
  ...CHANNEL_OPTIONS,
  "grpc.per_rpc_retry_buffer_size": 0,
};

/** Added for a peer with several addresses. */
export const PATHS_OPTIONS: ChannelOptions = {
  "grpc.keepalive_time_ms": PATH_KEEPALIVE_MS,
  "grpc.keepalive_timeout_ms": PATH_KEEPALIVE_TIMEOUT_MS,
};
