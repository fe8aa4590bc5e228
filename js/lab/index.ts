// The plugins of JupyterLab and Notebook 7, each of which may be disabled by itself.
import type { JupyterFrontEndPlugin } from "@jupyterlab/application";
import { account } from "./plugins/account.ts";
import { answers, toolbar } from "./plugins/answers.ts";
import { authoring } from "./plugins/authoring.ts";
import { courses, launcher } from "./plugins/courses.ts";
import { queue, status } from "./plugins/queue.ts";
import { service } from "./plugins/service.ts";
import { tasks } from "./plugins/tasks.ts";

const plugins: JupyterFrontEndPlugin<unknown>[] = [
  service,
  account,
  launcher,
  authoring,
  courses,
  tasks,
  answers,
  toolbar,
  queue,
  status,
];

export default plugins;
