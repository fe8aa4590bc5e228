// Signing in at a site: in the requests about a task, and in those of JupyterLab's own interface.

/**
 * Who is signed in at the site that grades; not part of what is saved with a notebook. The name is
 * empty where nobody has signed in yet; `answers` is whether the site did the last time, `refusal` why
 * it did not take the person.
 */
export interface AccountInfo {
  site: string;
  username: string;
  signed_in: boolean;
  answers: boolean;
  refusal: string;
}

/**
 * The secret, a password or with `cookie` that of a session, is the only buffer; no log has those. It
 * goes to no other site than the one that was named to the person, if any was.
 */
export interface SignInRequest {
  site: string;
  username: string;
  cookie: boolean;
  keep: boolean;
}

/** Where the site stands then, in words; it may not have answered yet. */
export interface SignInReply {
  connected: boolean;
  message: string;
}
