// Bundles the front end into the Python package, where anywidget reads it from. With --watch, again
// at each change, so that a notebook with ANYWIDGET_HMR=1 loads it anew.
import { appendFile, readFile, writeFile } from "node:fs/promises";
import { gzipSync } from "node:zlib";
import { build, context } from "esbuild";
import { noticesOf } from "./notices.mjs";

const outdir = "inginious_nb/static";

const keepLicences = {
  name: "keep licences",
  setup({ onEnd }) {
    onEnd(async ({ errors, metafile }) => {
      if (errors.length) return;
      for (const [path, output] of Object.entries(metafile.outputs))
        await appendFile(path, await noticesOf(output));
    });
  },
};

/** A class that is said three times weighs more than what a host says about HTML in an output. */
const weighSnapshot = {
  name: "weigh snapshot",
  setup({ onEnd }) {
    onEnd(async ({ errors }) => {
      if (errors.length) return;
      const path = `${outdir}/snapshot.css`;
      const css = await readFile(path, "utf-8");
      await writeFile(path, css.replaceAll(/\.inginious[\w-]*/g, "$&$&$&"));
    });
  },
};

const options = {
  entryPoints: {
    widget: "js/index.tsx",
    restore: "js/restore.ts",
    snapshot: "js/style/snapshot.css",
    // Taken into the bundle of the JupyterLab plugins, as text.
    "lab.raw": "js/lab/style.css",
  },
  outdir,
  bundle: true,
  format: "esm",
  target: "es2022",
  minify: true,
  legalComments: "eof",
  metafile: true,
  logLevel: "warning",
  plugins: [keepLicences, weighSnapshot],
};

if (process.argv.includes("--watch")) {
  await (await context({ ...options, logLevel: "info" })).watch();
} else {
  await build(options);
  for (const name of ["widget.js", "restore.js", "widget.css", "snapshot.css"]) {
    const bytes = await readFile(`${outdir}/${name}`);
    console.log(`${outdir}/${name}: ${bytes.length} bytes, ${gzipSync(bytes).length} gzipped`);
  }
}
