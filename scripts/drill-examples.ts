// Makes the receipts of docs/receipts: every drill once, on a lab of four storage nodes with two disks each, in all
// three forms. As root the lab is isolated, since a partition needs networks of its own; without root that drill is
// left out. `npm run drill:examples -- kill-node pause` makes those alone. Needs a build.
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  FAULT_DRILLS,
  Lab,
  labAdmin,
  openLabSite,
  type Receipt,
  readLab,
  rehearseValidation,
  runFaults,
  writeReceipt,
} from "@ashlar/lab";

const ROOT = new URL("..", import.meta.url);
const SCRIPT = fileURLToPath(new URL("packages/cli/bin/ashlar.js", ROOT));
const RECEIPTS = fileURLToPath(new URL("docs/receipts", ROOT));
const VALIDATION = "cluster-validation";
const SHAPE = { nodes: "4", disks: "2" };
/** A receipt is read, not waited for. */
const SECONDS: Readonly<Record<string, number>> = { soak: 60 };
const SEED = 20_261_130;

const isRoot = process.getuid?.() === 0;
const [, , ...asked] = process.argv;
const possible = FAULT_DRILLS.map(({ name }) => name).filter(
  (name) => isRoot || name !== "partition",
);
const names = asked.length > 0 ? asked : [...possible, VALIDATION];

const interrupt = new AbortController();
process.on("SIGINT", () => interrupt.abort(new Error("interrupted")));
const { signal } = interrupt;
// The clock's timers keep no process alive.
const alive = setInterval(() => {}, 60_000);
const tell = (line: string): void => console.error(`  ${line}`);

async function run(lab: Lab, name: string): Promise<Receipt> {
  if (name !== VALIDATION) {
    const site = await openLabSite(lab);
    const seconds = SECONDS[name];
    return runFaults(name, site, { seed: SEED, seconds }, { signal, tell });
  }
  const admin = labAdmin(await readLab(lab.dir));
  try {
    return await rehearseValidation(admin, { hosts: 3, volumes: 1 }, { signal });
  } finally {
    admin.close();
  }
}

const folder = await mkdtemp(join(tmpdir(), "ashlar-examples-"));
const lab = new Lab({ dir: join(folder, "lab"), script: SCRIPT });
try {
  await mkdir(RECEIPTS, { recursive: true });
  await lab.up({ ...SHAPE, isolate: isRoot }, { signal });
  for (const name of names) {
    console.error(name);
    const receipt = await run(lab, name);
    for (const form of ["txt", "json", "html"]) {
      await writeReceipt(join(RECEIPTS, `${name}.${form}`), receipt);
    }
    console.log(`${receipt.verdict}  ${name}, ${receipt.seconds.toFixed(0)} s`);
    if (receipt.verdict === "FAIL") process.exitCode = 1;
  }
} finally {
  await lab.down({ signal: AbortSignal.timeout(60_000) }).catch((thrown) => console.error(thrown));
  await rm(folder, { recursive: true, force: true });
  clearInterval(alive);
}
