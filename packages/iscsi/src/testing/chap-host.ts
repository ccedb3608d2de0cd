// A host that logs in by CHAP, one request at a time, so that a test can do each step wrong. Its hashes
// are made here and not by the code under test.
import { createHash } from "node:crypto";
import type { ScsiTarget } from "@ashlar/scsi";
import { openTarget } from "@ashlar/scsi/testing";
import type { Authentication } from "../directory.ts";
import { STAGE } from "../opcode.ts";
import type { LoginRequest } from "../pdu.ts";
import { formatText, parseText, type TextPair } from "../text.ts";
import { ConnectionScript, type ScriptOptions } from "./transcript.ts";

export const CHAP_HOST = {
  initiator: { name: "host-a", secret: "secret of host a" },
  target: { name: "ashlar", secret: "secret of ashlar" },
} as const;

export const ONE_WAY: Authentication = { initiator: CHAP_HOST.initiator, target: undefined };
export const MUTUAL: Authentication = CHAP_HOST;

/** What asks the target to prove itself, and what it then hashes. */
export const ASK_MUTUAL: readonly TextPair[] = [
  ["CHAP_I", "0x2A"],
  ["CHAP_C", "0x00112233445566778899aabbccddeeff"],
];

const HASHES: Readonly<Record<string, string>> = {
  5: "md5",
  6: "sha1",
  7: "sha256",
  8: "sha3-256",
};

/** H(identifier, secret, challenge), as CHAP_R carries it. */
export function hashOf(
  answers: ReadonlyMap<string, string>,
  secret: string,
  algorithm = answers.get("CHAP_A") ?? "",
): Buffer {
  return createHash(HASHES[algorithm] ?? "md5")
    .update(Buffer.of(Number(answers.get("CHAP_I"))))
    .update(secret)
    .update(Buffer.from((answers.get("CHAP_C") ?? "").slice(2), "hex"))
    .digest();
}

type Fields = Partial<Pick<LoginRequest, "csg" | "nsg" | "transit" | "continued" | "data">>;

export class ChapHost {
  readonly script: ConnectionScript;
  private readonly targetName: string | undefined;

  constructor(script: ConnectionScript, targetName: string | undefined) {
    this.script = script;
    this.targetName = targetName;
  }

  /** Sends a request of the security stage; resolves with the keys of its answer. */
  async send(pairs: readonly TextPair[], fields: Fields = {}): Promise<Map<string, string>> {
    const { transit = false, csg = STAGE.security, nsg = STAGE.operational } = fields;
    await this.script.send({
      kind: "loginRequest",
      continued: false,
      versionMax: 0,
      versionMin: 0,
      isid: "80123456789a",
      tsih: 0,
      itt: 1,
      cid: 0,
      cmdSn: 1,
      expStatSn: 0,
      data: formatText(pairs),
      ...fields,
      transit,
      csg,
      nsg: transit ? nsg : 0,
    });
    const last = this.script.received.at(-1);
    return new Map(last?.kind === "loginResponse" ? parseText(last.data) : []);
  }

  /** The first request. */
  offer(method: string | undefined, fields: Fields = {}): Promise<Map<string, string>> {
    const { targetName } = this;
    return this.send(
      [
        ["InitiatorName", "iqn.2026-11.test:a"],
        ...(targetName === undefined
          ? ([["SessionType", "Discovery"]] as const)
          : ([["TargetName", targetName]] as const)),
        ...(method === undefined ? [] : ([["AuthMethod", method]] as const)),
      ],
      fields,
    );
  }

  /** Offers CHAP and algorithms; resolves with the challenge. */
  async challenged(algorithms = "5"): Promise<Map<string, string>> {
    await this.offer("CHAP,None");
    return this.send([["CHAP_A", algorithms]]);
  }

  /** The answer to a challenge, right unless told otherwise. */
  prove(
    challenge: ReadonlyMap<string, string>,
    { name, secret }: { readonly name?: string; readonly secret?: string } = {},
    beyond: readonly TextPair[] = [],
  ): Promise<Map<string, string>> {
    const { initiator } = CHAP_HOST;
    const response = `0x${hashOf(challenge, secret ?? initiator.secret).toString("hex")}`;
    return this.send([["CHAP_N", name ?? initiator.name], ["CHAP_R", response], ...beyond], {
      transit: true,
    });
  }

  /** The rest of a login that has left the security stage. */
  async finish(): Promise<void> {
    await this.send([], { transit: true, csg: STAGE.operational, nsg: STAGE.fullFeature });
  }

  /** Status of the last login response. */
  get status(): number | undefined {
    const last = this.script.received.at(-1);
    return last?.kind === "loginResponse" ? last.status : undefined;
  }

  get loggedIn(): boolean {
    return this.script.connection.session !== undefined;
  }
}

const TARGET = "iqn.2026-11.io.ashlar:00000000:demo";

/** A host before a target of its own, or before discovery. */
export function openHost(
  options: Omit<ScriptOptions, "targets"> = { authentication: ONE_WAY },
  { discovery = false } = {},
): ChapHost {
  const targets = new Map<string, ScsiTarget>([[TARGET, openTarget().target]]);
  const script = new ConnectionScript({ targets, ...options });
  return new ChapHost(script, discovery ? undefined : TARGET);
}
