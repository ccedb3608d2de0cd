// What a configuration must say so that others find the member.
import { parseConfig } from "@ashlar/runtime";
import { expect, test } from "vitest";
import { METADATA_CONFIG } from "./config.ts";

const DOCUMENT = {
  nodeId: "metadata-1",
  clusterId: "abcdef01-0000-4000-8000-000000000000",
  dataDir: "/metadata",
  metrics: { host: "127.0.0.1", port: 0 },
};

test.each(["0.0.0.0:7000", "[::]:7000"])("%s is listened on, but nobody can dial it", (listen) => {
  expect(() => parseConfig({ ...DOCUMENT, listen }, METADATA_CONFIG, "a.json")).toThrow(
    "a.json: advertise: must say where others reach this member",
  );
  const advertise = "10.0.0.1:7000";
  const config = parseConfig({ ...DOCUMENT, listen, advertise }, METADATA_CONFIG, "a.json");
  expect(config.advertise).toBe(advertise);
});
