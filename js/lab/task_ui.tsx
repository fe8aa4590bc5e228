// The statement of a task with the controls that answer it, a chunk of its own.
import type { INotebookTracker } from "@jupyterlab/notebook";
import type { Widget } from "@lumino/widgets";
import css from "../../inginious_nb/static/statement.raw.css";
import { TaskDocument } from "./components/TaskDocument.tsx";
import { FollowedTask } from "./followed_task.ts";
import { PreactWidget } from "./preact_widget.ts";
import type { IInginious } from "./tokens.ts";

document.head.append(Object.assign(document.createElement("style"), { textContent: css }));

export function taskWidget(
  inginious: IInginious,
  task: string,
  notebooks: INotebookTracker | null,
): Widget {
  const followed = new FollowedTask(inginious, task, notebooks);
  const widget = new PreactWidget(<TaskDocument followed={followed} />);
  widget.addClass("inginious-task-document");
  // The tasks are not known yet where the panel is restored with the page.
  followed.state.subscribe(() => {
    const known = followed.state.get().view?.controller.synced.get().task;
    if (known) widget.title.label = known.name;
  });
  widget.disposed.connect(() => followed.dispose());
  return widget;
}
