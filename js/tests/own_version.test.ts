import { expect, test } from "vitest";
import { isSameVersion } from "../lab/own_version.ts";

test.each([
  ["1.0+aa", "1.0+aa", true],
  ["1.0+aa", "1.0+bb", false],
  ["1.0", "1.0+bb", true], // a page or a server that does not know its build
  ["1.0+aa", "1.0", true],
  ["1.0", "1.1", false],
  ["1.0+aa", "1.1+aa", false],
])("%s and %s", (page, server, same) => {
  expect(isSameVersion(page, server)).toBe(same);
});
