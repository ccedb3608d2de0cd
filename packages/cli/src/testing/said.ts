// What a command line writes, for tests of commands: it runs in the test's own process.
import { vi } from "vitest";
import { run } from "../program.ts";

export interface Said {
  readonly out: string;
  readonly err: string;
  /** The exit status that it leaves in `process.exitCode`, which the test puts back. */
  readonly exit: typeof process.exitCode;
}

/** Runs `ashlar` with these arguments, and keeps both of its streams from the terminal meanwhile. */
export async function said(...argv: string[]): Promise<Said> {
  const spies = [process.stdout, process.stderr].map((stream) => {
    const written: string[] = [];
    const spy = vi.spyOn(stream, "write").mockImplementation((text) => {
      written.push(String(text));
      return true;
    });
    return { written, spy };
  });
  process.exitCode = 0;
  await run(argv);
  for (const { spy } of spies) spy.mockRestore();
  const [out = "", err = ""] = spies.map(({ written }) => written.join(""));
  return { out, err, exit: process.exitCode };
}
