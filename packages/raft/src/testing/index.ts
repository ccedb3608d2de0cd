export type { Scope } from "./exhaustive/scope.ts";
export { NOTHING, SCOPES, SCOPES_OF_MINUTES } from "./exhaustive/scopes.ts";
export { Search } from "./exhaustive/search.ts";
export { InteractionScript } from "./interaction-script.ts";
export { MembershipScript } from "./membership-script.ts";
export { ELECTION_TICKS, PaperGroup } from "./paper-group.ts";
export { expectedDecision, runQuorumStanza } from "./quorum-script.ts";
export { parseScript, type Stanza } from "./script.ts";
export { factsOf, factsSaid } from "./script-facts.ts";
export { addFigures, type Figures, noFigures, zeroFigures } from "./simulation/figures.ts";
export { SimulatedGroup } from "./simulation/simulated-group.ts";
export {
  entriesOf,
  entryAt,
  type StorageFixture,
  type StorageWrites,
  snapshotAt,
  storageContract,
} from "./storage-contract.ts";
export { canonicalLines } from "./transcript.ts";
