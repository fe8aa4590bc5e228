// The statement of a task beside the notebook, with the controls that answer it.
import { useEffect, useState } from "preact/hooks";
import { AppContext } from "../../components/context.ts";
import { TaskPanel } from "../../components/TaskPanel.tsx";
import { useStore } from "../../state/store.ts";
import type { FollowedTask } from "../followed_task.ts";

export function TaskDocument({ followed }: { followed: FollowedTask }) {
  const { view, notebook, error } = useStore(followed.state);
  const [task, setTask] = useState(view?.controller.synced.get().task ?? null);
  useEffect(() => {
    if (!view) return undefined;
    const take = () => setTask(view.controller.synced.get().task);
    take();
    return view.controller.synced.subscribe(take);
  }, [view]);
  if (error) return <p class="inginious inginious-notice">{error}</p>;
  if (!view) return null;
  const insertCell =
    notebook && task ? { insertCell: notebook.insertAnswer.bind(notebook, task) } : {};
  return (
    <AppContext.Provider value={{ ...view, ...insertCell }}>
      <TaskPanel />
    </AppContext.Provider>
  );
}
