// Plays the ashlar command where the roles cannot start: `supervise` answers on its control socket
// and tells that a process keeps dying, as a supervisor with a broken role would.
import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";

const [role, , configPath] = process.argv.slice(2);
const { socketPath, processes, statePath } = JSON.parse(readFileSync(configPath, "utf8"));
if (role !== "supervise") process.exit(70);

for (const { logPath } of processes) writeFileSync(logPath, "the disk said no\n");
writeFileSync(statePath, JSON.stringify({ version: 1, supervisorPid: process.pid, processes: {} }));
let restarts = 0;
const status = () => ({
  pid: process.pid,
  processes: processes.map(({ id, kind }) => ({
    id,
    kind,
    state: "waiting",
    pid: null,
    wanted: "up",
    restarts,
    lastExit: { status: 1, signal: null },
  })),
});
createServer((request, response) => {
  // It dies between any two questions.
  restarts += 1;
  response.writeHead(200, { connection: "close" });
  response.end(JSON.stringify(request.url === "/status" ? status() : {}));
  if (request.url === "/shutdown") setImmediate(() => process.exit(0));
}).listen(socketPath);
