// The words that only a statement and what belongs to it need.
import { statementWords } from "../i18n/statement.ts";
import { useLanguage } from "./context.ts";

export function useStatementWords(): ReturnType<typeof statementWords> {
  return statementWords(useLanguage().code);
}
