// Logins that must prove who they are, and fail: each in one way, and all are answered alike.
import { describe, expect, it } from "vitest";
import type { Authentication } from "./directory.ts";
import { LOGIN_STATUS, STAGE } from "./opcode.ts";
import {
  ASK_MUTUAL,
  CHAP_HOST,
  type ChapHost,
  MUTUAL,
  ONE_WAY,
  openHost,
} from "./testing/chap-host.ts";

/** Each goes wrong in one way; what must be proven is ONE_WAY unless it says otherwise. */
const FAILURES: readonly [
  what: string,
  run: (host: ChapHost) => Promise<unknown>,
  Authentication?,
][] = [
  ["another secret", async (host) => host.prove(await host.challenged(), { secret: "guess" })],
  ["another name", async (host) => host.prove(await host.challenged(), { name: "host-b" })],
  [
    "name and secret of the other direction",
    async (host) => host.prove(await host.challenged(), CHAP_HOST.target),
    MUTUAL,
  ],
  ["None", (host) => host.offer("None")],
  ["methods that nobody knows", (host) => host.offer("KRB5,SRP")],
  ["no method, and on", (host) => host.offer(undefined, { transit: true })],
  [
    "no security stage",
    (host) => host.offer("CHAP", { csg: STAGE.operational, transit: true, nsg: 3 }),
  ],
  ["no security stage, nor a method", (host) => host.offer(undefined, { csg: STAGE.operational })],
  [
    "two methods, one after the other",
    async (host) => {
      await host.offer("CHAP");
      await host.send([["AuthMethod", "CHAP"]]);
    },
  ],
  [
    "None after CHAP was agreed on",
    async (host) => {
      await host.offer("CHAP");
      await host.send([["AuthMethod", "None"]], { transit: true });
    },
  ],
  ["only unknown algorithms", async (host) => host.challenged("4,9")],
  ["an algorithm that looks like a known one", async (host) => host.challenged("05")],
  [
    "nothing instead of algorithms",
    async (host) => {
      await host.offer("CHAP");
      await host.send([], { transit: true });
    },
  ],
  [
    "a response before its challenge",
    async (host) => {
      await host.offer("CHAP");
      await host.prove(new Map([["CHAP_A", "5"]]));
    },
  ],
  [
    "algorithms before AuthMethod",
    async (host) => {
      await host.offer(undefined);
      await host.send([["CHAP_A", "5"]]);
    },
  ],
  [
    "algorithms and name at once",
    async (host) => {
      await host.offer("CHAP");
      await host.send([
        ["CHAP_A", "5"],
        ["CHAP_N", "host-a"],
      ]);
    },
  ],
  [
    "algorithms twice",
    async (host) => {
      await host.challenged();
      await host.send([["CHAP_A", "5"]]);
    },
  ],
  [
    "a name without a response",
    async (host) => {
      await host.challenged();
      await host.send([["CHAP_N", "host-a"]], { transit: true });
    },
  ],
  ["a key twice", async (host) => host.prove(await host.challenged(), {}, [["CHAP_N", "host-a"]])],
  [
    "nothing after the challenge",
    async (host) => {
      await host.challenged();
      await host.send([], { transit: true });
    },
  ],
  [
    "a jump to the full-feature phase",
    async (host) => {
      await host.challenged();
      await host.send([], { transit: true, nsg: STAGE.fullFeature });
    },
  ],
  [
    "CHAP keys after the proof",
    async (host) => {
      const challenge = await host.challenged();
      await host.prove(challenge);
      await host.send([["CHAP_A", "5"]], { csg: STAGE.operational });
    },
  ],
  [
    "another method after the proof",
    async (host) => {
      await host.prove(await host.challenged());
      await host.send([["AuthMethod", "None"]], { csg: STAGE.operational });
    },
  ],
  ...["0x", "0b", "zz", "", `0x${"00".repeat(16)}`, `0x${"00".repeat(1025)}`].map(
    (response): [string, (host: ChapHost) => Promise<unknown>] => [
      `a response of ${response.length} characters, ${response.slice(0, 4)}`,
      async (host) => {
        await host.challenged();
        const name = ["CHAP_N", "host-a"] as const;
        await host.send([name, ["CHAP_R", response]], { transit: true });
      },
    ],
  ),
  [
    "mutual, of a target that has nothing to prove with",
    async (host) => host.prove(await host.challenged(), {}, ASK_MUTUAL),
  ],
  [
    "mutual by half",
    async (host) => host.prove(await host.challenged(), {}, ASK_MUTUAL.slice(1)),
    MUTUAL,
  ],
  [
    "mutual with our own challenge, sent back",
    async (host) => {
      const challenge = await host.challenged();
      const reflected = challenge.get("CHAP_C") ?? "";
      await host.prove(challenge, {}, [
        ["CHAP_I", "1"],
        ["CHAP_C", reflected.toUpperCase().replace("0X", "0x")],
      ]);
    },
    MUTUAL,
  ],
  [
    "mutual with a challenge beyond 1024 bytes",
    async (host) =>
      host.prove(await host.challenged(), {}, [
        ["CHAP_I", "1"],
        ["CHAP_C", `0b${Buffer.alloc(1025).toString("base64")}`],
      ]),
    MUTUAL,
  ],
  [
    "mutual with an identifier beyond a byte",
    async (host) =>
      host.prove(await host.challenged(), {}, [["CHAP_I", "256"], ...ASK_MUTUAL.slice(1)]),
    MUTUAL,
  ],
  [
    "mutual with one secret for both directions",
    async (host) => host.prove(await host.challenged(), {}, ASK_MUTUAL),
    { ...CHAP_HOST, target: { name: "ashlar", secret: CHAP_HOST.initiator.secret } },
  ],
];

describe("a login fails, and is told no more than that, with", () => {
  it.each(FAILURES)("%s", async (_what, run, authentication = ONE_WAY) => {
    const host = openHost({ authentication });
    await run(host);
    expect(host.script.closed).toBe("loginRefused");
    const last = host.script.received.at(-1);
    expect(last).toMatchObject({
      kind: "loginResponse",
      status: LOGIN_STATUS.authenticationFailure,
      transit: false,
      tsih: 0,
    });
    expect(last?.kind === "loginResponse" && last.data).toEqual([]);
    expect(host.loggedIn).toBe(false);
    for (const { secret } of [CHAP_HOST.initiator, CHAP_HOST.target]) {
      expect(host.script.transcript).not.toContain(secret);
    }
  });

  it("CHAP keys where nothing was to be proven", async () => {
    const host = openHost({});
    await host.offer("None");
    await host.send([["CHAP_A", "5"]]);
    expect(host.status).toBe(LOGIN_STATUS.authenticationFailure);
  });
});
