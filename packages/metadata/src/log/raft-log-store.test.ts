// The log of a member keeps the contract of its port; what faults may do to it is in the tests beside.
import { clusterId } from "@ashlar/core";
import { storageContract } from "@ashlar/raft/testing";
import { MemoryDisk } from "@ashlar/runtime/testing";
import { RaftLogStore } from "./raft-log-store.ts";

const OWNER = { clusterId: clusterId("abcdef01-0000-4000-8000-000000000000"), member: 7 };

storageContract("RaftLogStore", async () => {
  const options = { folder: "/metadata/log", owner: OWNER, segmentLengthMax: 200 };
  const { store } = await RaftLogStore.open(new MemoryDisk(), options);
  return {
    storage: store,
    write: (writes) => store.write(writes),
    saveSnapshot: (snapshot, entriesKept) => store.saveSnapshot(snapshot, { entriesKept }),
    dispose: () => store.close(),
  };
});
