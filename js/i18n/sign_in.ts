// The words of signing in at a site, which the plugins load with their dialog.
import { ownValue } from "../own_value.ts";
import { signIn as en } from "./sign_in.en.json";
import { signIn as fr } from "./sign_in.fr.json";

export type SignInWords = typeof en;

const CATALOGUES: Record<string, SignInWords> = { en, fr };

export function signInWords(code: string): SignInWords {
  return ownValue(CATALOGUES, code) ?? en;
}
