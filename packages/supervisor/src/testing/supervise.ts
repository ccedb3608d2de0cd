// Runs a supervisor as a process of its own: `node supervise.ts CONFIG SCRIPT`.
import { main } from "../main.ts";

const [configPath = "", script = ""] = process.argv.slice(2);
await main({ configPath, script });
