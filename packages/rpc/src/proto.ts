// Service definitions from proto/ at the repository root, read when the process starts; their types
// are generated into gen/ from the same files. From src and from dist the folder lies equally deep.
import { fileURLToPath } from "node:url";
import { present } from "@ashlar/core";
import type { ServiceDefinition } from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";

const PROTO_FOLDER = fileURLToPath(new URL("../../../proto", import.meta.url));
const PROTO_PACKAGE = "ashlar.v1";

/**
 * The definition of `service` in proto/`file`, typed by the generated interface `D`. 64-bit fields
 * are numbers: below 2^53 by contract, which convert/ checks.
 */
export function loadService<D extends ServiceDefinition>(file: string, service: string): D {
  const loaded = loadSync(file, {
    includeDirs: [PROTO_FOLDER],
    longs: Number,
    enums: String,
    defaults: true,
    oneofs: true,
  });
  const definition: unknown = loaded[`${PROTO_PACKAGE}.${service}`];
  return present(definition, `${file} has service ${service}`) as D;
}
