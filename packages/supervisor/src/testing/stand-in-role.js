// Plays a role process in tests: `node stand-in-role.js KIND --config FILE`. It writes one line per
// start with its boot id, then does what its configuration says.
import { appendFileSync, readFileSync } from "node:fs";

const [kind, , configPath] = process.argv.slice(2);
const { id, journal, life } = JSON.parse(readFileSync(configPath, "utf8"));
const note = (event) =>
  appendFileSync(journal, `${event} ${kind} ${id} ${process.pid} ${process.env.ASHLAR_BOOT_ID}\n`);

process.on("SIGINT", () => {
  note(life === "deaf" ? "deaf" : "stop");
  if (life !== "deaf") process.exit(0);
});
// Only now: whoever reads the note may send the signal.
note("start");
if (life === "crash") process.exit(70);
if (life === "shut down") process.exit(10);
setInterval(() => {}, 1 << 30);
