// The site against an engine in memory that knows the commands a site gives, and refuses all others.
import type { SystemError } from "@ashlar/core";
import { expect, test } from "vitest";
import { ComposeSite } from "./compose-site.ts";
import { engineHost, PROJECT_LABEL } from "./containers.ts";
import { type Docker, dockerError } from "./docker-command.ts";

const call = { signal: new AbortController().signal };
const MEMBERS = "ASHLAR_METADATA=metadata-1=10.0.1.11,metadata-2=10.0.1.12";

interface Container {
  readonly id: string;
  readonly role: string;
  readonly env: readonly string[];
  readonly ports: Readonly<Record<string, object[]>>;
  state: "running" | "paused" | "exited";
  networks: Record<string, object>;
}

/** Ids of containers are as long as an engine's, and begin with what it adds to the aliases. */
const longId = (name: string): string => Buffer.from(name).toString("hex").padEnd(64, "0");
const shortId = (name: string): string => longId(name).slice(0, 12);

function container(id: string, host: number, more: Partial<Container> = {}): Container {
  return {
    id: longId(id),
    role: id.split("-")[0] ?? "",
    env: [`ASHLAR_ID=${id}`, MEMBERS, "ASHLAR_DISKS=2"],
    ports: {},
    state: "running",
    networks: {
      p_storage: {
        IPAMConfig: { IPv4Address: `10.0.1.${host}` },
        Aliases: [id, shortId(id)],
        IPAddress: `10.0.1.${host}`,
      },
      p_management: { IPAMConfig: null, Aliases: [id], IPAddress: `10.0.2.${host}` },
    },
    ...more,
  };
}

/** An engine, and the commands that changed something. */
function engine(containers: readonly Container[]) {
  const done: string[] = [];
  const of = (id: string | undefined): Container => {
    const found = containers.find((one) => one.id === id);
    if (found) return found;
    throw new Error(`no such container: ${id}`);
  };
  const inspect = (one: Container): object => ({
    Id: one.id,
    Image: "sha256:image",
    State: { Running: one.state !== "exited", Paused: one.state === "paused" },
    Config: {
      Env: one.env,
      Cmd: one.role === "demo" ? ["container", "demo"] : ["container", "run", one.role],
      Labels: { "com.docker.compose.service": one.id },
    },
    HostConfig: { PortBindings: one.ports },
    NetworkSettings: { Networks: one.networks },
  });
  const changes: Readonly<Record<string, (args: readonly string[]) => void>> = {
    kill: (args) => {
      of(args.at(-1)).state = "exited";
    },
    wait: () => {},
    stop: (args) => {
      of(args.at(-1)).state = "exited";
    },
    start: (args) => {
      of(args.at(-1)).state = "running";
    },
    pause: (args) => {
      of(args.at(-1)).state = "paused";
    },
    unpause: (args) => {
      of(args.at(-1)).state = "running";
    },
    network: ([, verb, ...args]) => {
      const { networks } = of(args.at(-1));
      const name = args.at(-2) ?? "";
      if (verb === "disconnect") delete networks[name];
      else networks[name] = { IPAddress: "10.9.9.9" };
    },
    run: () => {},
  };
  const run: Docker = async (args) => {
    const [verb = ""] = args;
    if (verb === "ps") {
      expect(args).toContain(`label=${PROJECT_LABEL}=p`);
      return containers.map(({ id }) => `${id}\n`).join("");
    }
    if (verb === "inspect") return JSON.stringify(args.slice(3).map((id) => inspect(of(id))));
    const change = changes[verb];
    if (!change) throw new Error(`unknown command ${args.join(" ")}`);
    change(args);
    done.push(args.join(" "));
    return "";
  };
  return { run, done };
}

async function open(...containers: Container[]) {
  const { run, done } = engine(containers);
  return { site: await ComposeSite.open({ project: "p", run }, call), done };
}

test("processes in fixed order, without one-shot services; portals as they are published", async () => {
  const ports = { "3260/tcp": [{ HostIp: "0.0.0.0", HostPort: "3261" }] };
  const { site } = await open(
    container("gateway-2", 32, { ports }),
    container("demo-1", 41),
    container("storage-2", 22, { state: "paused" }),
    container("storage-1", 21, { state: "exited" }),
    container("metadata-1", 11),
  );
  expect(await site.processes(call)).toEqual([
    { kind: "metadata", id: "metadata-1", machine: "metadata-1", running: true },
    { kind: "storage", id: "storage-1", machine: "storage-1", running: false },
    { kind: "storage", id: "storage-2", machine: "storage-2", running: true },
    { kind: "gateway", id: "gateway-2", machine: "gateway-2", running: true },
  ]);
  expect(await site.portals(call)).toEqual([{ gateway: "gateway-2", address: "127.0.0.1:3261" }]);
  expect(site.name).toContain("2 storage nodes");
});

test("each deed is one command, and done twice it is done once", async () => {
  const { site, done } = await open(container("storage-1", 21));
  for (const _ of [1, 2]) await site.pause("storage-1", call);
  for (const _ of [1, 2]) await site.resume("storage-1", call);
  for (const _ of [1, 2]) await site.kill("storage-1", call);
  await site.start("storage-1", call);
  const id = longId("storage-1");
  expect(done).toEqual([
    `pause ${id}`,
    `unpause ${id}`,
    `kill --signal KILL ${id}`,
    `wait ${id}`,
    `start ${id}`,
  ]);
});

test("a machine that was cut off comes back under its fixed address and its names, there first", async () => {
  const { site, done } = await open(container("storage-1", 21));
  await site.heal("storage-1", call);
  expect(done).toEqual([]);
  await site.isolate("storage-1", call);
  await site.isolate("storage-1", call);
  await site.heal("storage-1", call);
  await site.heal("storage-1", call);
  const id = longId("storage-1");
  expect(done).toEqual([
    `network disconnect p_management ${id}`,
    `network disconnect p_storage ${id}`,
    `network connect --ip 10.0.1.21 --alias storage-1 p_storage ${id}`,
    `network connect --alias storage-1 p_management ${id}`,
  ]);
});

test("a wiped node's disks are emptied, never those of one that runs", async () => {
  const { site, done } = await open(container("storage-1", 21), container("metadata-1", 11));
  await expect(site.wipe("storage-1", call)).rejects.toMatchObject({ code: "process/failed" });
  expect(done).toEqual([]);
  for (const id of ["storage-1", "metadata-1"]) {
    await site.stop(id, call);
    await site.wipe(id, call);
  }
  await site.emptyDisk({ node: "storage-1", disk: "disk-2" }, call);
  const emptied = (id: string, folders: string): string =>
    `run --rm --network none --volumes-from ${longId(id)} --entrypoint find sha256:image ${folders} -mindepth 1 -delete`;
  expect(done.filter((command) => command.startsWith("run"))).toEqual([
    emptied("storage-1", "/disks/disk-1 /disks/disk-2"),
    emptied("metadata-1", "/var/lib/ashlar"),
    emptied("storage-1", "/disks/disk-2"),
  ]);
});

test("what it cannot do, what is not there, and a project without containers are named", async () => {
  const { site } = await open(container("storage-1", 21));
  await expect(site.failDisk()).rejects.toMatchObject({ code: "drill/impossible" });
  expect(Object.keys(site.cannot)).toEqual(["fail-disk", "slow-disk"]);
  await expect(site.kill("storage-9", call)).rejects.toMatchObject({
    code: "process/not-found",
    meta: { hint: "give one of storage-1" },
  });
  await expect(open()).rejects.toMatchObject({ code: "drill/impossible" });
});

test("errors of the command say what to do: no docker, no engine, anything else as it is", () => {
  const failed = (stderr: string, code: unknown = 1): SystemError =>
    dockerError(["ps"], Object.assign(new Error("failed"), { code }), stderr);
  expect(failed("", "ENOENT")).toMatchObject({
    code: "drill/impossible",
    meta: { hint: expect.stringContaining("install the docker") },
  });
  const noEngine = "Cannot connect to the Docker daemon at unix:///x. Is it running?\n";
  expect(failed(noEngine)).toMatchObject({
    code: "drill/impossible",
    meta: { hint: expect.stringContaining("DOCKER_HOST") },
  });
  expect(failed("Error: No such network\n").message).toBe("docker ps: Error: No such network");
});

test.each([
  [undefined, "127.0.0.1"],
  ["unix:///var/run/docker.sock", "127.0.0.1"],
  ["tcp://10.0.0.5:2376", "10.0.0.5"],
  ["ssh://root@lab.example", "lab.example"],
  ["tcp://[fd00::5]:2376", "fd00::5"],
])("published ports of an engine at %s are reached at %s", (dockerHost, host) => {
  expect(engineHost(dockerHost)).toBe(host);
});
