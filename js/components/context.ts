// What every component may use: the controller, its two stores and the language.
import { type ComponentType, createContext } from "preact";
import { useContext } from "preact/hooks";
import type { Language } from "../i18n/index.ts";
import type { ProblemInfo, WidgetState } from "../protocol/task.ts";
import type { Controller } from "../state/controller.ts";
import type { LocalState } from "../state/local.ts";
import { useStore } from "../state/store.ts";

export interface App {
  controller: Controller;
  language: Language;
  /** The problem of a view that shares its controller with the other views of the task. */
  problemId?: string;
  /** Whether another view of the task shows what concerns that problem. */
  hasView?: (problemId: string) => boolean;
  /** The cell whose output has the details already, null for none. */
  cellWithDetails?: () => string | null;
  /** Puts a cell for the answer into the notebook, where the host can. */
  insertCell?: (problem: ProblemInfo) => Promise<void>;
  /** Has the person sign in at the site by a dialog of the host. */
  signIn?: () => void;
  /** Signs in within the view, where the host has no dialog. */
  SignInForm?: ComponentType<{ end: (said: string) => void }>;
}

export const AppContext = createContext<App | null>(null);

export function useApp(): App & { synced: WidgetState; local: LocalState } {
  const app = useContext(AppContext);
  if (!app) throw new Error("A component of inginious was rendered outside of its widget.");
  const state = useStore(app.controller.synced);
  const synced = app.problemId ? { ...state, problem_id: app.problemId } : state;
  const local = useStore(app.controller.local);
  return { ...app, synced, local };
}

export function useLanguage(): Language {
  const app = useContext(AppContext);
  if (!app) throw new Error("A component of inginious was rendered outside of its widget.");
  return app.language;
}
