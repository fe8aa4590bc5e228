// Bundles the front end into the Python package, where anywidget reads it from. With --watch, again
// at each change, so that a notebook with ANYWIDGET_HMR=1 loads it anew.
import { createHash } from "node:crypto";
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

/**
 * anywidget loads the module of each widget anew. The first that a page loads is for all of them: a
 * notebook with many results would else have the whole front end in memory as many times.
 */
const loadOnce = {
  name: "load once",
  setup({ onEnd }) {
    onEnd(async ({ errors }) => {
      if (errors.length) return;
      const path = `${outdir}/widget.js`;
      const code = await readFile(path, "utf-8");
      const exported = /export\{([\w$]+) as default\};/g;
      if (code.match(exported)?.length !== 1) throw new Error(`${path} exports something else`);
      const hash = createHash("sha256").update(code).digest("hex").slice(0, 12);
      const body = code.replace(exported, "return $1;");
      const loaded = `globalThis[Symbol.for("inginious-nb.widget.${hash}")]`;
      await writeFile(path, `export default ${loaded}??=(()=>{${body}\n})();\n`);
    });
  },
};

/**
 * A class that is said three times weighs more than what a host says about HTML in an output. Rules of
 * the root are for snapshots alone: a live view has rules of its own, which weigh less.
 */
const weighSnapshot = {
  name: "weigh snapshot",
  setup({ onEnd }) {
    onEnd(async ({ errors }) => {
      if (errors.length) return;
      const path = `${outdir}/snapshot.css`;
      const css = await readFile(path, "utf-8");
      const scoped = css.replaceAll(/(\.inginious(?![\w-]))+/g, ".inginious-snapshot");
      await writeFile(path, scoped.replaceAll(/\.inginious[\w-]*/g, "$&$&$&"));
    });
  },
};

const options = {
  entryPoints: {
    widget: "js/index.tsx",
    class: "js/class/index.tsx",
    restore: "js/restore.ts",
    snapshot: "js/style/snapshot.css",
    // Taken into the bundle of the JupyterLab plugins, as text.
    "lab.raw": "js/lab/style.css",
    "statement.raw": "js/lab/statement.css",
    "queue.raw": "js/lab/queue.css",
    "sign-in.raw": "js/lab/sign_in.css",
    "class.raw": "js/class/style.css",
  },
  outdir,
  bundle: true,
  format: "esm",
  target: "es2022",
  minify: true,
  legalComments: "eof",
  metafile: true,
  logLevel: "warning",
  plugins: [loadOnce, keepLicences, weighSnapshot],
};

if (process.argv.includes("--watch")) {
  await (await context({ ...options, logLevel: "info" })).watch();
} else {
  await build(options);
  for (const name of ["widget.js", "class.js", "restore.js", "widget.css", "snapshot.css"]) {
    const bytes = await readFile(`${outdir}/${name}`);
    console.log(`${outdir}/${name}: ${bytes.length} bytes, ${gzipSync(bytes).length} gzipped`);
  }
}
