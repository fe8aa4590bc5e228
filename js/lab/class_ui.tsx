// The view of a class in an element, with its style: loaded when the first one is opened. It has its
// own copy of Preact (rspack.config.cjs), so it shares no component with the rest and no host package.
import { render } from "preact";
import { useState } from "preact/hooks";
import css from "../../inginious_nb/static/class.raw.css";
import { ClassPanel } from "../class/components/ClassPanel.tsx";
import { ClassContext } from "../class/components/context.ts";
import { ReadingForm } from "../class/components/Reading.tsx";
import { classLanguage } from "../class/language.ts";
import type { Language } from "../i18n/index.ts";
import { useStore } from "../state/store.ts";
import { OpenedClass } from "./opened_class.ts";
import type { IInginious } from "./tokens.ts";

document.head.append(Object.assign(document.createElement("style"), { textContent: css }));

/** What the dialog that asks for the folder says. */
export function folderOfClass(spoken: Language): string {
  return classLanguage(spoken).c.folder;
}

/** Show a class in an element; returns how to end that. */
export function showClass(inginious: IInginious, folder: string, element: HTMLElement): () => void {
  const opened = new OpenedClass(inginious, folder);
  void opened.open();
  render(<Opened opened={opened} inginious={inginious} />, element);
  return () => {
    render(null, element);
    opened.dispose();
  };
}

function Opened({ opened, inginious }: { opened: OpenedClass; inginious: IInginious }) {
  const refusal = useStore(opened.refusal);
  const [trusted, setTrusted] = useState(false);
  const { lab, code } = inginious.language;
  const { c } = opened.view.language;
  if (!refusal) {
    return (
      <ClassContext.Provider value={opened.view}>
        <ClassPanel />
      </ClassContext.Provider>
    );
  }
  return (
    <section class="inginious inginious-class" lang={code} aria-label={lab.openClass}>
      <p class="inginious-notice inginious-notice-error" role="alert">
        {refusal}
      </p>
      <p>
        <label class="inginious-switch">
          <input
            type="checkbox"
            checked={trusted}
            onChange={(event) => setTrusted(event.currentTarget.checked)}
          />{" "}
          {c.noIsolation}
        </label>
      </p>
      <ReadingForm
        reading={opened.reading}
        language={opened.view.language}
        label={c.tryAgain}
        onRead={(reading) => void opened.open(trusted, reading)}
      />
    </section>
  );
}
