// All that is shown, with its style: loaded when the first of it is needed, not with JupyterLab.
import type { ICellModel } from "@jupyterlab/cells";
import type { Widget } from "@lumino/widgets";
import css from "../../inginious_nb/static/lab.raw.css";
import { AnswerLine } from "./components/AnswerLine.tsx";
import { Courses } from "./components/Courses.tsx";
import { SubmitAll, Tally } from "./components/Tally.tsx";
import type { NotebookAnswers } from "./notebook_answers.ts";
import { PreactWidget } from "./preact_widget.ts";
import type { IInginious } from "./tokens.ts";

document.head.append(Object.assign(document.createElement("style"), { textContent: css }));

export interface CoursesActions {
  openTask: (ref: string) => void;
  openCourse: () => void;
  tryDemo: () => void;
  signIn: () => void;
}

export function coursesWidget({ socket, language }: IInginious, actions: CoursesActions): Widget {
  return new PreactWidget(<Courses socket={socket} language={language} {...actions} />);
}

export function answerLine(
  { language }: IInginious,
  answers: NotebookAnswers,
  cell: ICellModel,
): Widget {
  const widget = new PreactWidget(<AnswerLine answers={answers} cell={cell} language={language} />);
  widget.addClass("inginious-answer-line");
  return widget;
}

export function submitAllWidget(
  { language }: IInginious,
  answers: NotebookAnswers,
  submitAll: () => void,
): Widget {
  const props = { answers, language, submitAll };
  return new PreactWidget(<SubmitAll {...props} />);
}

export function tallyWidget({ language }: IInginious, answers: NotebookAnswers): Widget {
  return new PreactWidget(<Tally answers={answers} language={language} />);
}
