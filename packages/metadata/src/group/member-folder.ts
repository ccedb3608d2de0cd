// The folder of one member: who it is, and its log. A member's number is drawn when its folder is made
// and never used again, so a folder that was wiped comes back as somebody else, whose vote nobody counts
// before the group has taken it in: it cannot vote twice.
//
// One folder is made as the founder of a cluster, by an explicit act. All others begin without a group
// and ask to be taken in. So does a member whose log is damaged or has gone another way than the
// others': what it has is set aside, and it starts anew.
import { isDeepStrictEqual } from "node:util";
import { emptyState, encodeState } from "@ashlar/catalog";
import { type ClusterId, hasCode, type NodeId, SystemError } from "@ashlar/core";
import { type MemberId, NONE } from "@ashlar/raft";
import type { Disk, Log, Random } from "@ashlar/runtime";
import {
  MEMBER_FILE_VERSION,
  type MemberFile,
  readMemberFile,
  writeMemberFile,
} from "../log/member-file.ts";
import { RaftLogStore } from "../log/raft-log-store.ts";
import { setAside } from "../log/set-aside.ts";

const LOG_FOLDER = "log";
/** Numbers of 48 bits: two members never draw the same. */
const MEMBER_NUMBER_BYTES = 6;
/** The snapshot that every log of the cluster begins with: nobody's entry. */
const FIRST_INDEX = 1;
const FIRST_TERM = 1;

export interface MemberIdentity {
  readonly dataDir: string;
  readonly clusterId: ClusterId;
  readonly nodeId: NodeId;
}

interface Ports {
  readonly disk: Disk;
  readonly random: Random;
}

function newNumber(random: Random): MemberId {
  return 1 + (random.bytes(MEMBER_NUMBER_BYTES).readUIntBE(0, MEMBER_NUMBER_BYTES) % (2 ** 48 - 1));
}

/**
 * Makes the folder of the first member of a new cluster.
 * @throws SystemError cluster/exists when the folder holds a member already.
 */
export async function foundCluster(
  { disk, random }: Ports,
  { dataDir, clusterId, nodeId }: MemberIdentity,
): Promise<void> {
  await disk.makeFolder(dataDir);
  if (await readMemberFile(disk, dataDir, { clusterId, node: nodeId })) {
    throw new SystemError("cluster/exists", `${dataDir} holds a metadata member already`, {
      hint: "a cluster is founded once: start the process, it goes on with what it has",
    });
  }
  const folder = `${dataDir}/${LOG_FOLDER}`;
  // What an attempt left that did not come to its end.
  await setAside(disk, folder);
  const member = newNumber(random);
  const { store } = await RaftLogStore.open(disk, { folder, owner: { clusterId, member } });
  const state = emptyState();
  state.view.apply([], FIRST_INDEX);
  const membership = {
    voters: [member],
    votersOutgoing: [],
    learners: [],
    learnersNext: [],
    autoLeave: false,
  };
  const place = { index: FIRST_INDEX, term: FIRST_TERM } as const;
  await store.write({
    hardState: { term: FIRST_TERM, vote: NONE, commit: FIRST_INDEX },
    entries: [],
    snapshot: { version: 1, ...place, membership, data: encodeState(state) },
  });
  await store.close();
  await writeMemberFile(disk, dataDir, memberFile({ clusterId, node: nodeId, member }, "founder"));
}

const memberFile = (
  owner: Pick<MemberFile, "clusterId" | "node" | "member">,
  birth: MemberFile["birth"],
): MemberFile => ({
  version: MEMBER_FILE_VERSION,
  ...owner,
  birth,
  voters: birth === "founder" ? 1 : 0,
});

export class MemberFolder {
  readonly store: RaftLogStore;
  private readonly disk: Disk;
  private readonly dataDir: string;
  private file: MemberFile;
  private writing: Promise<void> = Promise.resolve();

  private constructor(disk: Disk, dataDir: string, file: MemberFile, store: RaftLogStore) {
    this.disk = disk;
    this.dataDir = dataDir;
    this.file = file;
    this.store = store;
  }

  /**
   * Opens the folder; an empty one becomes that of a new member.
   * @throws SystemError disk/foreign (of another cluster or member), disk/failed, disk/corrupt when no
   * other member has what was lost.
   */
  static async open(
    { disk, random, log }: Ports & { readonly log: Log },
    { dataDir, clusterId, nodeId }: MemberIdentity,
  ): Promise<MemberFolder> {
    const folder = `${dataDir}/${LOG_FOLDER}`;
    const known = await readMemberFile(disk, dataDir, { clusterId, node: nodeId });
    if (known && known.diverged === undefined) {
      try {
        const owner = { clusterId, member: known.member };
        const { store, recovered } = await RaftLogStore.open(disk, {
          ...{ folder, owner },
          mustExist: true,
        });
        log.info({ member: known.member, ...recovered }, "metadata log opened");
        return new MemberFolder(disk, dataDir, known, store);
      } catch (thrown) {
        // The only voter is the only one who has the cluster's catalog: people decide.
        if (!hasCode(thrown, "disk/corrupt") || known.voters === 1) throw thrown;
        log.error({ code: thrown.code, error: thrown }, "metadata log is damaged");
      }
    }
    const aside = await setAside(disk, folder);
    if (aside !== undefined) {
      log.error({ aside, reason: known?.diverged }, "what this member had is set aside");
    }
    const owner = { clusterId, node: nodeId, member: newNumber(random) };
    const file = memberFile(owner, "joiner");
    await writeMemberFile(disk, dataDir, file);
    const { store } = await RaftLogStore.open(disk, { folder, owner });
    log.info({ member: file.member }, "new member: waits for the group to take it in");
    return new MemberFolder(disk, dataDir, file, store);
  }

  get member(): MemberId {
    return this.file.member;
  }

  /** Notes how many voters the group has: alone, a damaged log is not set aside. */
  async noteVoters(voters: number): Promise<void> {
    await this.update({ voters });
  }

  /** Notes that this member went another way than the others: it starts anew next time. */
  async noteDiverged(reason: string): Promise<void> {
    await this.update({ diverged: reason });
  }

  async close(): Promise<void> {
    await this.writing.catch(() => {});
    await this.store.close();
  }

  /** One after the other, each from what is on the disk then: one that failed changed nothing. */
  private update(change: Partial<MemberFile>): Promise<void> {
    this.writing = this.writing
      .catch(() => {})
      .then(async () => {
        const next = { ...this.file, ...change };
        if (isDeepStrictEqual(next, this.file)) return;
        await writeMemberFile(this.disk, this.dataDir, next);
        this.file = next;
      });
    return this.writing;
  }
}
