// One line beneath an answer: how a submission stands or how it came out, and a way to its details.
// It knows props only, neither a controller nor a transport: whatever shows submissions can use it.
// lines.ts makes the line of a submission and of a result.
import type { ComponentChildren } from "preact";
import type { Language } from "../i18n/index.ts";
import { Icon } from "./icons.tsx";
import { named } from "./named.ts";

export interface Line {
  /** A class that gives it its colour (`resultClass`, or `inginious-tone-waiting`). */
  tone: string;
  /** Empty for none. */
  icon: string;
  word: string;
  /** Short facts, the grade first, then such as "3 of 5". The first is never cut off. */
  facts: string[];
  /** The first thing that failed, or why there is nothing to show. */
  reason: string;
}

interface Props {
  line: Line;
  language: Language;
  /** Another fact, such as a time that runs. */
  extra?: ComponentChildren;
  /** Buttons before the one for the details. */
  children?: ComponentChildren;
  /** Null where there are no details. */
  details: DetailsToggle | null;
}

export interface DetailsToggle {
  /** The task, or the problem of it. */
  about: string;
  /** The id of the element that has them. */
  id: string;
  open: boolean;
  toggle: () => void;
}

export function ResultLine({ line, language, extra, children, details }: Props) {
  const { tone, icon, word, facts, reason } = line;
  const [first, ...others] = facts;
  return (
    <div class="inginious-line">
      <span class={`inginious-line-word ${tone}`}>
        {icon && <Icon name={icon} />}
        <strong>{word}</strong>
      </span>{" "}
      <span class="inginious-line-text">
        {first && <span class="inginious-line-grade">{first}</span>}
        <span class="inginious-line-rest">
          {others.map((fact) => ` · ${fact}`)}
          {extra && first && " · "}
          {extra}
          {reason && (
            <span class="inginious-line-reason">{extra || first ? ` · ${reason}` : reason}</span>
          )}
        </span>
      </span>{" "}
      <span class="inginious-line-actions">
        {children}
        {details && <DetailsButton {...details} language={language} />}
      </span>
    </div>
  );
}

function DetailsButton({
  about,
  id,
  open,
  toggle,
  language,
}: DetailsToggle & { language: Language }) {
  const label = open ? language.t.hideDetails : language.t.details;
  return (
    <button
      type="button"
      class="inginious-link inginious-details"
      aria-label={named(label, about, language)}
      aria-expanded={open}
      aria-controls={open ? id : undefined}
      onClick={toggle}
    >
      {label}
    </button>
  );
}
