import { expect, test } from "vitest";
import { inParts, MAX_MESSAGE_BYTES } from "../transport/parts.ts";

function sentOf(message: object, buffers: ArrayBuffer[]) {
  const sent: { message: Record<string, unknown>; buffers: ArrayBuffer[] }[] = [];
  inParts((part, attached) => sent.push({ message: part as never, buffers: attached }))(
    message,
    buffers,
  );
  return sent;
}

test("what is small goes as it is", () => {
  const message = { v: 1, id: "r", kind: "preview" };
  const file = new ArrayBuffer(1000);
  expect(sentOf(message, [file])).toEqual([{ message, buffers: [file] }]);
});

test.each<[string, string, number[]]>([
  ["text", "é".repeat(6_000_000), []],
  ["a file", "", [11_000_000]],
  ["text and files", "x".repeat(3_000_000), [0, 5_000_000, 1]],
])("%s that is large goes in parts, none too large, and nothing is lost", (_name, text, sizes) => {
  const message = { v: 1, id: "r", kind: "submit", text };
  const files = sizes.map((size, index) => new Uint8Array(size).fill(index + 1).buffer);
  const sent = sentOf(message, files);
  const all = (sent[0]?.message.sizes as number[]) ?? [];
  const bytes = new Uint8Array(all.reduce((sum, size) => sum + size, 0));
  let end = 0;
  for (const { message: part, buffers } of sent) {
    expect(part).toMatchObject({ v: 1, id: "r", kind: "part", start: end });
    expect(buffers[0]?.byteLength).toBeLessThanOrEqual(MAX_MESSAGE_BYTES);
    bytes.set(new Uint8Array(buffers[0] ?? new ArrayBuffer()), end);
    end += buffers[0]?.byteLength ?? 0;
  }
  expect(all.slice(1)).toEqual(sizes);
  expect(end).toBe(bytes.length);
  const json = new TextDecoder().decode(bytes.slice(0, all[0]));
  expect(JSON.parse(json)).toEqual(message);
});
