// CHAP secrets as people hand them over: the first line of a file, or of standard input.
import { readFile } from "node:fs/promises";
import { text } from "node:stream/consumers";
import { CHAP_SECRET_MIN, CHAP_TEXT_MAX, SystemError } from "@ashlar/core";

/** Windows' initiator takes no longer one (without IPsec). */
const WINDOWS_SECRET_MAX = 16;

export const SECRET_OPTIONS: readonly (readonly [flags: string, text: string])[] = [
  [
    "--chap-secret-file <file>",
    `what the initiators prove (CHAP): ${CHAP_SECRET_MIN} to ${CHAP_TEXT_MAX} printable characters, ` +
      `${WINDOWS_SECRET_MAX} at most for Windows; - for standard input`,
  ],
  ["--chap-user <name>", "the name that goes with it (default: the initiator's own)"],
  [
    "--target-secret-file <file>",
    "what the target proves in turn (mutual CHAP): another secret; - for standard input",
  ],
  ["--target-user <name>", "the name that goes with that"],
];

/** @throws SystemError argument/invalid; the secret itself is in no message. */
export async function readSecret(path: string): Promise<string> {
  const content = await contentOf(path);
  const [secret = "", ...more] = content.replace(/\r?\n$/, "").split(/\r?\n/);
  if (more.length > 0) throw new SystemError("argument/invalid", `${path} has more than one line`);
  const isPossible = /^[\x20-\x7e]*$/.test(secret) && secret.length <= CHAP_TEXT_MAX;
  if (!isPossible || secret.length < CHAP_SECRET_MIN) {
    throw new SystemError("argument/invalid", `the secret in ${path} is not possible`, {
      hint: `give ${CHAP_SECRET_MIN} to ${CHAP_TEXT_MAX} printable ASCII characters in one line`,
    });
  }
  if (secret.length > WINDOWS_SECRET_MAX) {
    const length = `${secret.length} characters`;
    process.stderr.write(`the secret has ${length}; Windows takes ${WINDOWS_SECRET_MAX} at most\n`);
  }
  return secret;
}

let standardInput: Promise<string> | undefined;

async function contentOf(path: string): Promise<string> {
  if (path !== "-") {
    return readFile(path, "utf8").catch((thrown: Error) => {
      throw new SystemError("argument/invalid", `${path} cannot be read: ${thrown.message}`);
    });
  }
  if (standardInput) {
    throw new SystemError("argument/invalid", "standard input holds one secret", {
      hint: "give a file for the other one",
    });
  }
  standardInput = text(process.stdin);
  return standardInput;
}
