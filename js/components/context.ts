// What every component may use: the controller, its two stores and the language.
import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { Language } from "../i18n/index.ts";
import type { WidgetState } from "../protocol.ts";
import type { Controller } from "../state/controller.ts";
import type { LocalState } from "../state/local.ts";
import { useStore } from "../state/store.ts";

export interface App {
  controller: Controller;
  language: Language;
}

export const AppContext = createContext<App | null>(null);

export function useApp(): App & { synced: WidgetState; local: LocalState } {
  const app = useContext(AppContext);
  if (!app) throw new Error("A component of inginious was rendered outside of its widget.");
  const synced = useStore(app.controller.synced);
  const local = useStore(app.controller.local);
  return { ...app, synced, local };
}

export function useLanguage(): Language {
  const app = useContext(AppContext);
  if (!app) throw new Error("A component of inginious was rendered outside of its widget.");
  return app.language;
}
