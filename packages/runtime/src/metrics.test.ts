import { expect, test } from "vitest";
import { Counter, MetricsServer, openRegistry } from "./metrics.ts";

test("metrics and health are served over HTTP", async () => {
  const registry = openRegistry({ node: "storage-1" });
  new Counter({ name: "ashlar_test_total", help: "test", registers: [registry] }).inc(3);
  let ok = true;
  const server = new MetricsServer(
    { registry, health: () => ({ ok, detail: { role: "test" } }) },
    { host: "127.0.0.1", port: 0 },
  );
  await server.start();
  const url = `http://127.0.0.1:${server.listeningPort}`;
  try {
    const metrics = await (await fetch(`${url}/metrics`)).text();
    expect(metrics).toContain('ashlar_test_total{node="storage-1"} 3');
    expect(metrics).toContain("ashlar_process_nodejs_eventloop_lag_max_seconds");
    const healthy = await fetch(`${url}/healthz`);
    expect([healthy.status, await healthy.json()]).toEqual([200, { status: "ok", role: "test" }]);
    ok = false;
    expect((await fetch(`${url}/healthz`)).status).toBe(503);
    expect((await fetch(`${url}/other`)).status).toBe(404);
    const second = new MetricsServer(
      { registry, health: () => ({ ok, detail: {} }) },
      { host: "127.0.0.1", port: server.listeningPort },
    );
    await expect(second.start()).rejects.toMatchObject({ code: "config/port-in-use" });
  } finally {
    await server.stop();
  }
});
