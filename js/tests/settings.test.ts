import type { ISettingRegistry } from "@jupyterlab/settingregistry";
import { expect, it } from "vitest";
import { translateSettings } from "../lab/settings.ts";

it("translates titles and descriptions wherever they are, and nothing else", () => {
  let transforms: Parameters<ISettingRegistry["transform"]>[1] = {};
  const registry = {
    transform: (_plugin: string, given: typeof transforms) => {
      transforms = given;
    },
  } as unknown as ISettingRegistry;
  translateSettings(registry, "some:plugin", { Folder: "Dossier", Always: "Toujours" });
  const schema = {
    type: "object",
    title: "constructor",
    properties: {
      title: { type: "string", title: "Folder", default: "Folder" },
      when: { oneOf: [{ const: "Always", title: "Always" }], description: "Folder" },
    },
  };
  const plugin = { id: "some:plugin", schema } as unknown as ISettingRegistry.IPlugin;
  expect(transforms.fetch?.(plugin).schema).toEqual({
    type: "object",
    title: "constructor",
    properties: {
      title: { type: "string", title: "Dossier", default: "Folder" },
      when: { oneOf: [{ const: "Always", title: "Toujours" }], description: "Dossier" },
    },
  });
  expect(schema.properties.title.title).toBe("Folder");
});
