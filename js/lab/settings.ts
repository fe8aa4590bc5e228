// The settings of all plugins (schema/service.json), which stand on one page.
import type { ISettingRegistry } from "@jupyterlab/settingregistry";
import { ownValue } from "../own_value.ts";
import { Store } from "../state/store.ts";

export interface Settings {
  courseFolders: string[];
  statement: "beside" | "tab" | "sidebar";
  confirmSubmitAll: "limited" | "always" | "never";
  notifications: boolean;
}

const DEFAULTS: Settings = {
  courseFolders: [],
  statement: "beside",
  confirmSubmitAll: "limited",
  notifications: true,
};

/** The settings as they are now, and whenever they change; the registry has checked them. */
export function followSettings(registry: ISettingRegistry | null, plugin: string): Store<Settings> {
  const settings = new Store(DEFAULTS);
  void registry?.load(plugin).then(
    (loaded) => {
      const take = () => settings.set({ ...DEFAULTS, ...(loaded.composite as Partial<Settings>) });
      take();
      loaded.changed.connect(take);
    },
    (error) => console.warn("[inginious] the settings cannot be read:", error),
  );
  return settings;
}

/**
 * Have the settings page speak another language. JupyterLab's own way translates schemas on its server,
 * from its language packs only.
 */
export function translateSettings(
  registry: ISettingRegistry,
  plugin: string,
  words: Readonly<Record<string, string>>,
): void {
  const translate = (key: string, value: unknown) =>
    (key === "title" || key === "description") && typeof value === "string"
      ? (ownValue(words, value) ?? value)
      : value;
  registry.transform(plugin, {
    fetch: (found) => ({ ...found, schema: JSON.parse(JSON.stringify(found.schema), translate) }),
  });
}
