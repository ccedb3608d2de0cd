// Entry of the `ashlar` command, see bin/ashlar.js.
import { run } from "./program.ts";

await run(process.argv.slice(2));
