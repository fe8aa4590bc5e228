// What every component of the view of a class may use.
import { createContext } from "preact";
import { useContext } from "preact/hooks";
import { useStore } from "../../state/store.ts";
import type { ClassState, ClassView, Eye } from "../class_view.ts";
import type { ClassLanguage } from "../language.ts";

export const ClassContext = createContext<ClassView | null>(null);

interface Shown {
  view: ClassView;
  state: ClassState;
  eye: Eye;
  language: ClassLanguage;
  /** What a student is called now. */
  who: (student: number) => string;
}

export function useView(): ClassView {
  const view = useContext(ClassContext);
  if (!view) throw new Error("A component of a class was rendered outside of its view.");
  return view;
}

export function useClass(): Shown {
  const view = useView();
  const state = useStore(view.state);
  const eye = useStore(view.eye);
  if (!state) throw new Error("A component of a class was rendered before there is one.");
  const { language } = view;
  const who = (student: number) =>
    eye.names?.[String(student)] ?? language.say(language.c.student, { n: student });
  return { view, state, eye, language, who };
}
