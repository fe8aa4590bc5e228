import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["js/tests/**/*.test.{ts,tsx}"],
    environment: "happy-dom",
    // For what hangs; a busy machine may be slow.
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
