// The words of signing in at a site, which the plugins load with their dialog.
import { signIn as en } from "./sign_in.en.json";
import { signIn as fr } from "./sign_in.fr.json";
import { wordsOf } from "./words_of.ts";

export type SignInWords = typeof en;

export function signInWords(code: string): SignInWords {
  return wordsOf<SignInWords>({ en, fr }, code);
}
