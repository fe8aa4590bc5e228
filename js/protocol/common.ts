// What all channels between browser and kernel share; other shapes are beside it by view, each the
// same as in inginious_nb/frontend/protocol/. tests/unit/test_frontend_protocol.py compares the
// kinds, the fields and their types of both sides, so that the halves cannot drift.

export const PROTOCOL_VERSION = 1;

/**
 * What comes on our own comm and on the server's WebSocket: answers, the state of a view without a
 * model, and why a view is not served.
 */
export const MESSAGE_KINDS = ["reply", "state", "closed"] as const;
export type MessageKind = (typeof MESSAGE_KINDS)[number];

/** What the restorer (js/restore.ts) says, and what it is told: widgets of the page to make again. */
export const RESTORE_KINDS = ["made", "restore", "restored"] as const;
export type RestoreKind = (typeof RESTORE_KINDS)[number];

/**
 * A part of a large request, from byte `start` on; the bytes are in the buffer. `id` is the
 * request's. The whole is its JSON followed by its buffers, of `sizes` bytes.
 */
export interface Part {
  v: number;
  id: string;
  kind: "part";
  start: number;
  sizes: number[];
}

/** Something that concerns one submission. */
export interface SubmissionRequest {
  submission: string;
}

export interface LangRequest {
  lang: string;
}

export type EmptyMessage = Record<string, never>;
