// Task management as an initiator asks for it (RFC 7143, 11.5).
import { TASK_FUNCTION, TASK_RESPONSE } from "@ashlar/iscsi";
import type { CommandTask } from "./command-task.ts";

export interface TaskManagement {
  readonly function: number;
  readonly lun: number;
  /** Tag of the command an ABORT TASK is about. */
  readonly referencedTag?: number;
}

/** Whether a completed task management request leaves the task without an answer. */
export function endsTask(request: TaskManagement, task: CommandTask): boolean {
  switch (request.function) {
    case TASK_FUNCTION.abortTask:
      return request.referencedTag === task.itt;
    case TASK_FUNCTION.abortTaskSet:
    case TASK_FUNCTION.clearTaskSet:
    case TASK_FUNCTION.logicalUnitReset:
      return request.lun === task.command.lun;
    default:
      return (
        request.function === TASK_FUNCTION.targetWarmReset ||
        request.function === TASK_FUNCTION.targetColdReset
      );
  }
}

/**
 * Answers after which the task at the target is no more. One that does not exist there, and was not answered, was
 * ended by another host, which pre-empted this one (SPC-4 5.13.11.2.5).
 */
export const ENDED: ReadonlySet<number> = new Set([
  TASK_RESPONSE.complete,
  TASK_RESPONSE.taskDoesNotExist,
]);
