import { expect, test, vi } from "vitest";
import { Store } from "../state/store.ts";

vi.mock("@jupyterlab/application", () => ({ ILayoutRestorer: null }));
vi.mock("@jupyterlab/apputils", () => ({ ICommandPalette: null, WidgetTracker: class {} }));
vi.mock("@jupyterlab/docmanager", () => ({ IDocumentManager: null }));
vi.mock("@jupyterlab/filebrowser", () => ({ IDefaultFileBrowser: null }));
vi.mock("@jupyterlab/launcher", () => ({ ILauncher: null }));
vi.mock("@jupyterlab/translation", () => ({ ITranslator: null, nullTranslator: null }));
vi.mock("../lab/icon.ts", () => ({ inginiousIcon: null }));
vi.mock("../lab/telling.ts", () => ({ showRefusal: () => expect.fail("It was refused.") }));
const openClass = vi.fn();
vi.mock("../lab/class_tab.ts", () => ({ openClass }));

test("the folder that is selected is opened, whatever is selected once the server answers", async () => {
  const { authoring } = await import("../lab/plugins/authoring.ts");
  const { Commands } = await import("../lab/tokens.ts");
  const commands = new Map<string, { execute: (args: object) => Promise<void> }>();
  const addCommand = (id: string, made: never) => void commands.set(id, made);
  const socket = { state: new Store("connecting"), overview: new Store<object | null>(null) };
  let selected = "handed-in";
  const browser = { model: { path: "" }, selectedItems: () => [{ path: selected }] };
  authoring.activate(
    { commands: { addCommand } } as never,
    { socket, language: { lab: {} } } as never,
    null as never,
    ...([null, null, browser, null, null] as never[]),
  );
  const opening = commands.get(Commands.openClass)?.execute({ selected: true });
  selected = "another";
  socket.overview.set({});
  await opening;
  expect(openClass.mock.calls.at(0)?.at(-1)).toEqual({ path: "handed-in" });
});
