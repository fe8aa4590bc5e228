// Bundles the front end into the Python package, where anywidget reads it from.
import { readFile, writeFile } from "node:fs/promises";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const outdir = "inginious_nb/static";

await build({
  entryPoints: {
    widget: "js/index.tsx",
    restore: "js/restore.ts",
    snapshot: "js/style/snapshot.css",
  },
  outdir,
  bundle: true,
  format: "esm",
  target: "es2022",
  minify: true,
  legalComments: "eof",
  logLevel: "warning",
});

// A class that is said three times weighs more than what a host says about HTML in an output.
const snapshot = `${outdir}/snapshot.css`;
const css = await readFile(snapshot, "utf-8");
await writeFile(snapshot, css.replaceAll(/\.inginious[\w-]*/g, "$&$&$&"));

for (const name of ["widget.js", "restore.js", "widget.css", "snapshot.css"]) {
  const bytes = await readFile(`${outdir}/${name}`);
  console.log(`${outdir}/${name}: ${bytes.length} bytes, ${gzipSync(bytes).length} gzipped`);
}
