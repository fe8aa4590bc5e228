// The licences of what a bundle contains; a minifier leaves no comment of theirs.
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

const LICENCE = /^(licen[cs]e|copying|notice)([.-].*)?$/i;
const PACKAGE = /^(?:.*\/)?node_modules\/((?:@[^/]+\/)?[^/]+)\//;

/** The folders of the packages that an output of esbuild has code of, by their names. */
export function packagesOf(output) {
  const found = new Map();
  for (const [path, { bytesInOutput }] of Object.entries(output.inputs)) {
    const inPackage = PACKAGE.exec(path);
    if (inPackage && bytesInOutput > 0) found.set(inPackage[1], inPackage[0]);
  }
  return [...found].sort(([one], [other]) => (one < other ? -1 : 1));
}

/** One comment with the notices of all packages in an output; empty if there are none. */
export async function noticesOf(output, root = ".") {
  const parts = [];
  for (const [name, folder] of packagesOf(output)) {
    const files = (await readdir(join(root, folder))).filter((file) => LICENCE.test(file)).sort();
    if (!files.length) throw new Error(`${name} is in the bundle, and no licence in its package.`);
    const texts = files.map((file) => readFile(join(root, folder, file), "utf-8"));
    parts.push(`This file contains ${name}.`, ...(await Promise.all(texts)));
  }
  if (!parts.length) return "";
  const text = parts.map((part) => part.trim().replaceAll("*/", "* /")).join("\n\n");
  return `/*!\n${text}\n*/\n`;
}
