// Hosts and mappings of any kind, also impossible ones, for histories of a catalog.
import { hostName, initiatorName } from "@ashlar/core";
import fc from "fast-check";
import type { Command } from "../command.ts";
import type { AccessEdit, VolumeChange } from "../records.ts";
import { testVolume } from "./cluster.ts";

export const access = fc.constantFrom("any" as const, "mapped" as const);
const host = fc.integer({ min: 1, max: 3 }).map((number) => hostName(`host-${number}`));
const initiators = fc.array(
  fc.integer({ min: 1, max: 5 }).map((number) => initiatorName(`iqn.2026-11.test:${number}`)),
  { maxLength: 3 },
);
const secret = fc.constantFrom("too short", "a secret of one", "a secret of two");
const account = fc.record({ user: fc.constantFrom("", "user"), secret });
const chap = fc
  .tuple(account, fc.option(account, { nil: undefined }))
  .map(([one, mutual]) => ({ ...one, mutual }));
const edit: fc.Arbitrary<AccessEdit> = fc.oneof(
  fc.record({
    kind: fc.constant("map" as const),
    mapping: fc.record({ host, lun: fc.constantFrom(0, 1, 255, 256), readOnly: fc.boolean() }),
  }),
  fc.record({ kind: fc.constant("unmap" as const), host }),
  fc.record({ kind: fc.constant("open" as const) }),
);
export const change: fc.Arbitrary<VolumeChange> = fc.oneof(
  fc.record({ kind: fc.constantFrom("fence" as const, "delete" as const) }),
  fc.record({ kind: fc.constant("access" as const), edit }),
);

export const hostCommand: fc.Arbitrary<Command> = fc.oneof(
  fc.record({
    kind: fc.constant("createHost" as const),
    host,
    initiators,
    chap: fc.option(chap, { nil: undefined }),
    createdAt: fc.constant("2026-11-01T00:00:00.000Z"),
  }),
  fc.record({
    kind: fc.constant("setHost" as const),
    host,
    added: initiators,
    removed: initiators,
    chap: fc.option(fc.record({ now: fc.option(chap, { nil: undefined }) }), { nil: undefined }),
  }),
  fc.record({ kind: fc.constant("deleteHost" as const), host }),
);

/** Hosts come, and the first volume is mapped to one of them or taken away again. */
export const mapped: fc.Arbitrary<Command> = fc
  .tuple(host, fc.nat(2), edit)
  .map(([one, step, wanted]) => {
    if (step > 0) {
      const next = { kind: "access", edit: wanted } as const;
      return { kind: "prepareChange", volume: testVolume(1), change: next };
    }
    const own = [initiatorName(`iqn.2026-11.test:${one}`)];
    return { kind: "createHost", host: one, initiators: own, chap: undefined, createdAt: "" };
  });
