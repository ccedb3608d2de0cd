import { randomBytes, randomInt, randomUUID } from "node:crypto";
import type { Random } from "../random.ts";

/** The system's cryptographic source. */
export const nodeRandom: Random = {
  bytes: (length) => randomBytes(length),
  uuid: () => randomUUID(),
  below: (bound) => randomInt(bound),
};
