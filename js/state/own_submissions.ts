// What was submitted in this page, in whichever view: other pages of a shared session and document
// see the same submissions.

const own = new Set<string>();
let sending = 0;

/** Whether this page submitted it; also while the answer that tells its id is under way. */
export function isOwn(submission: string): boolean {
  return sending > 0 || own.has(submission);
}

/** Remember what a request submits. */
export async function submitting<T extends { value: unknown } | null>(
  request: Promise<T>,
): Promise<T> {
  sending += 1;
  try {
    const answer = await request;
    const { submission } = (answer?.value ?? {}) as { submission?: string };
    if (submission) own.add(submission);
    return answer;
  } finally {
    sending -= 1;
  }
}
