// What @jupyter/builder does not do by itself: TypeScript, and Preact as the JSX runtime. Types are
// checked by `npm run check`.
const fs = require("node:fs");
const path = require("node:path");

const PACKAGE = /node_modules\/((?:@[^/]+\/)?[^/]+)\//;
const MODULES = path.join(__dirname, "../../node_modules");

/** The licence of a package, by the folder that a file of it is in. */
function licenceOf(name) {
  const folder = path.join(MODULES, name);
  const file = fs.readdirSync(folder).find((found) => /^licen[cs]e/i.test(found));
  const { version, license } = JSON.parse(fs.readFileSync(path.join(folder, "package.json")));
  const text = fs.readFileSync(path.join(folder, file), "utf-8");
  return { name, versionInfo: version, licenseId: license, extractedText: text };
}

/**
 * The builder takes each folder with a package.json for a package: parts of a package that have one
 * have no licence there, or are left out. Each package is named once, with its licence.
 */
const licencesOfPackages = {
  apply(compiler) {
    compiler.hooks.done.tap("licences of packages", ({ compilation }) => {
      const file = path.join(compilation.outputOptions.path, "third-party-licenses.json");
      if (!fs.existsSync(file)) return; // only made for production
      const names = [...compilation.modules].flatMap((found) => {
        const [, name] = PACKAGE.exec(found.resource ?? "") ?? [];
        return name ? [name] : [];
      });
      const packages = [...new Set(names)].sort().map(licenceOf);
      fs.writeFileSync(file, JSON.stringify({ packages }, null, 2));
    });
  },
};

module.exports = {
  experiments: { layers: true },
  optimization: { splitChunks: { cacheGroups: { defaultVendors: false } } },
  resolve: { extensions: [".ts", ".tsx", ".js"] },
  plugins: [licencesOfPackages],
  module: {
    rules: [
      // A chunk that few pages load: what it shared with the others would be a module of its own in
      // theirs, which makes them larger for everybody.
      { test: /js\/lab\/class_ui\.tsx$/, layer: "class" },
      {
        test: /\.tsx?$/,
        loader: "builtin:swc-loader",
        options: {
          jsc: {
            target: "es2022",
            parser: { syntax: "typescript", tsx: true },
            transform: { react: { runtime: "automatic", importSource: "preact" } },
          },
        },
        type: "javascript/auto",
      },
    ],
  },
};
