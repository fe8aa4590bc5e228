// What @jupyter/builder does not do by itself: TypeScript, and Preact as the JSX runtime. Types are
// checked by `npm run check`.
module.exports = {
  resolve: { extensions: [".ts", ".tsx", ".js"] },
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
