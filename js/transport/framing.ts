// A message and the bytes that go with it in one frame of a WebSocket, as inginious_nb/lab/framing.py
// has it: JSON alone is text; with bytes, four bytes with its length stand before it.

export interface Framed {
  channel?: string;
  message?: unknown;
}

export function encode(envelope: object, buffers: readonly ArrayBuffer[]): string | ArrayBuffer {
  if (!buffers.length) return JSON.stringify(envelope);
  const sizes = buffers.map(({ byteLength }) => byteLength);
  const text = new TextEncoder().encode(JSON.stringify({ ...envelope, buffers: sizes }));
  const frame = new Uint8Array(4 + text.length + sizes.reduce((sum, size) => sum + size, 0));
  new DataView(frame.buffer).setUint32(0, text.length);
  frame.set(text, 4);
  let end = 4 + text.length;
  for (const buffer of buffers) {
    frame.set(new Uint8Array(buffer), end);
    end += buffer.byteLength;
  }
  return frame.buffer;
}

export function decode(frame: string | ArrayBuffer): { envelope: Framed; buffers: ArrayBuffer[] } {
  if (typeof frame === "string") return { envelope: JSON.parse(frame), buffers: [] };
  let end = 4 + new DataView(frame).getUint32(0);
  const envelope = JSON.parse(new TextDecoder().decode(frame.slice(4, end)));
  const buffers = (envelope.buffers as number[]).map((size) => {
    end += size;
    return frame.slice(end - size, end);
  });
  return { envelope, buffers };
}
