export { GATEWAY_CONFIG, type GatewayConfig, type PortalConfig } from "./config.ts";
export { main } from "./main.ts";
export { type GatewayDependencies, GatewayNode } from "./node.ts";
