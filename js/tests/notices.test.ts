// @vitest-environment node
import { mkdtempSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
// @ts-expect-error: a script of the build, without types
import { noticesOf } from "../notices.mjs";

async function packages(files: Record<string, string>): Promise<string> {
  const root = mkdtempSync(join(tmpdir(), "notices-"));
  for (const [path, content] of Object.entries(files)) {
    await mkdir(join(root, path, ".."), { recursive: true });
    await writeFile(join(root, path), content);
  }
  return root;
}

const output = (...paths: string[]) => ({
  inputs: Object.fromEntries(paths.map((path) => [path, { bytesInOutput: 1 }])),
});

describe("the notices of a bundle", () => {
  it("are those of every package in it, whatever their files are called", async () => {
    const root = await packages({
      "node_modules/one/LICENSE": "of one */ alert(1)",
      "node_modules/@scope/two/Licence.txt": "of two",
      "node_modules/@scope/two/NOTICE": "and more",
      "node_modules/one/node_modules/three/COPYING.txt": "of three",
      "node_modules/unused/LICENSE": "of what is not in it",
    });
    const bundle = output(
      "js/index.tsx",
      "node_modules/one/dist/a.js",
      "node_modules/@scope/two/b.js",
      "node_modules/one/node_modules/three/c.js",
    );
    const text = await noticesOf(bundle, root);
    for (const notice of ["contains one.", "contains @scope/two.", "of three", "and more"])
      expect(text).toContain(notice);
    expect(text).not.toContain("not in it");
    expect(text.indexOf("*/")).toBe(text.length - 3);
  });

  it("are none where all is ours, and must be there where it is not", async () => {
    const root = await packages({ "node_modules/one/package.json": "{}" });
    expect(await noticesOf(output("js/index.tsx"), root)).toBe("");
    await expect(noticesOf(output("node_modules/one/a.js"), root)).rejects.toThrow("one");
  });
});
