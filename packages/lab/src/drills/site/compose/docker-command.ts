// The `docker` command, which reaches every engine that a person reaches: DOCKER_HOST and contexts are
// its own affair. Nothing here needs compose itself: compose marks what it makes with labels.
import { execFile } from "node:child_process";
import { SystemError } from "@ashlar/core";

/** What `docker inspect` says of a hundred containers is a few MiB. */
const OUTPUT_BYTES_MAX = 64 * 1024 * 1024;

const NOT_FOUND_HINT =
  "install the docker command line (docker-cli, docker.io), or run it where it is";
const NO_ENGINE_HINT =
  "start the engine, or say where it is with DOCKER_HOST; its socket may be for root and the group docker only";

/** What the docker command line does, so that a site can be tried without an engine. */
export type Docker = (
  args: readonly string[],
  options: { readonly signal: AbortSignal },
) => Promise<string>;

/** Messages of the command that mean: no engine was reached. */
const NO_ENGINE = [
  "Cannot connect to the Docker daemon",
  "permission denied while trying to connect",
  "error during connect",
  "failed to connect to the docker API",
];

/** The error for a command that failed, with what a person can do. */
export function dockerError(args: readonly string[], thrown: unknown, stderr: string): SystemError {
  if ((thrown as { code?: unknown }).code === "ENOENT") {
    const hint = NOT_FOUND_HINT;
    return new SystemError("drill/impossible", "there is no command `docker`", { hint }, thrown);
  }
  const said = stderr.trim() || String((thrown as Error).message);
  const message = `docker ${args.join(" ")}: ${said}`;
  if (NO_ENGINE.some((phrase) => said.includes(phrase))) {
    return new SystemError("drill/impossible", message, { hint: NO_ENGINE_HINT }, thrown);
  }
  return new SystemError("process/failed", message, {}, thrown);
}

/**
 * Runs it, gives standard output.
 * @throws SystemError drill/impossible without docker or its engine, process/failed with what it said;
 * the signal's reason.
 */
export const docker: Docker = (args, { signal }) =>
  new Promise((resolve, reject) => {
    const options = { signal, maxBuffer: OUTPUT_BYTES_MAX };
    execFile("docker", [...args], options, (thrown, stdout, stderr) => {
      if (signal.aborted) reject(signal.reason);
      else if (thrown) reject(dockerError(args, thrown, stderr));
      else resolve(stdout);
    });
  });
