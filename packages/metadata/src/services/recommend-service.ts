// What people are told of hot spots, and do about them: always by the leader, which alone hears the figures.
import type { RecommendService } from "@ashlar/rpc";
import type { Advisor } from "../advisor.ts";
import { accepted } from "../refusal.ts";
import type { ReplicatedLog } from "../replicated-log.ts";

export class LogRecommendService implements RecommendService {
  private readonly log: ReplicatedLog;
  private readonly advisor: Pick<Advisor, "list" | "apply">;

  constructor(log: ReplicatedLog, advisor: Pick<Advisor, "list" | "apply">) {
    this.log = log;
    this.advisor = advisor;
  }

  list: RecommendService["list"] = async () => {
    await this.log.readIndex();
    return this.advisor.list;
  };

  apply: RecommendService["apply"] = async (ids) => {
    await this.log.readIndex();
    return this.advisor.apply(ids);
  };

  setAdvice: RecommendService["setAdvice"] = async (advice, { proposal }) => {
    accepted((await this.log.propose({ kind: "setAdvice", advice }, proposal)).result);
  };
}
