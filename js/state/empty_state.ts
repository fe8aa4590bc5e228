// The state of a widget before anything is known of its task.
import type { WidgetState } from "../protocol/task.ts";

export const EMPTY_STATE: Omit<WidgetState, "key" | "lang"> = {
  role: "task",
  problem_id: "",
  student: "",
  task: null,
  standing: {
    attempts: 0,
    attempts_left: null,
    limit: "",
    best_grade: null,
    best_code: null,
    last_grade: null,
    last_code: null,
  },
  submission: null,
  result: null,
  history: [],
  service: { kind: "", state: "idle", silent_s: 0, message: "" },
  drafts: {},
  request: null,
};
