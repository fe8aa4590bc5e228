// Sends a large message in parts: a Jupyter server closes the socket on one of over 10 MiB
// (`websocket_max_message_size` of tornado). frontend/parts.py puts them together again.
import type { Part } from "../protocol/common.ts";

type Send = (message: object, buffers: ArrayBuffer[]) => void;

export const MAX_MESSAGE_BYTES = 4 * 1024 * 1024;
/** A character of a JavaScript string is so much in UTF-8, at most. */
const MAX_BYTES_OF_CHARACTER = 3;

export function inParts(send: Send): Send {
  return (message, buffers) => {
    const json = JSON.stringify(message);
    const attached = buffers.reduce((sum, { byteLength }) => sum + byteLength, 0);
    if (json.length * MAX_BYTES_OF_CHARACTER + attached <= MAX_MESSAGE_BYTES) {
      send(message, buffers);
      return;
    }
    const whole = [new TextEncoder().encode(json), ...buffers.map((one) => new Uint8Array(one))];
    const sizes = whole.map(({ byteLength }) => byteLength);
    const bytes = joined(whole);
    const { v, id } = message as Pick<Part, "v" | "id">;
    for (let start = 0; start < bytes.length; start += MAX_MESSAGE_BYTES) {
      const part: Part = { v, id, kind: "part", start, sizes };
      send(part, [bytes.slice(start, start + MAX_MESSAGE_BYTES).buffer]);
    }
  };
}

function joined(pieces: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(pieces.reduce((sum, { byteLength }) => sum + byteLength, 0));
  let end = 0;
  for (const piece of pieces) {
    bytes.set(piece, end);
    end += piece.byteLength;
  }
  return bytes;
}
