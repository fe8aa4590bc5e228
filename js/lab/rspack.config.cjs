// What @jupyter/builder does not do by itself: TypeScript, and Preact as the JSX runtime. Types are
// checked by `npm run check`.
const fs = require("node:fs");
const path = require("node:path");

/** A part of a package that has a package.json of its own has the licence of its package. */
const licencesOfParts = {
  apply(compiler) {
    compiler.hooks.done.tap("licences of parts", ({ compilation }) => {
      const file = path.join(compilation.outputOptions.path, "third-party-licenses.json");
      if (!fs.existsSync(file)) return; // only made for production
      const report = JSON.parse(fs.readFileSync(file, "utf-8"));
      for (const part of report.packages) {
        const whole = report.packages.find(({ name }) => part.name.startsWith(`${name}-`));
        if (!part.extractedText && whole) part.extractedText = whole.extractedText;
      }
      fs.writeFileSync(file, JSON.stringify(report, null, 2));
    });
  },
};

module.exports = {
  resolve: { extensions: [".ts", ".tsx", ".js"] },
  plugins: [licencesOfParts],
  module: {
    rules: [
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
