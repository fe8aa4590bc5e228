// Whose submission it is, where it is not that of the person here, and the control to choose that: for
// a demonstration with several students.
import { useId, useState } from "preact/hooks";
import { useApp } from "./context.ts";
import { Fold } from "./Fold.tsx";

/** Who submits, if somebody else does. */
export function Student() {
  const { synced, language } = useApp();
  if (!synced.student) return null;
  return (
    <span class="inginious-student">
      {language.say(language.t.asStudent, { name: synced.student })}
    </span>
  );
}

/** The way back, beside what a submission of somebody else's is made with. */
export function AsMyself() {
  const { controller, synced, language } = useApp();
  if (!synced.student) return null;
  return (
    <button
      type="button"
      class="inginious-link"
      onClick={() => void controller.ask("submitAs", { username: "" })}
    >
      {language.t.asMyself}
    </button>
  );
}

export function SubmitAs() {
  const { language } = useApp();
  return (
    <Fold title={language.t.asOther}>
      <NameForm />
    </Fold>
  );
}

function NameForm() {
  const { controller, synced, language } = useApp();
  const { t } = language;
  const id = useId();
  const [name, setName] = useState(synced.student);
  const choose = (event: Event) => {
    event.preventDefault();
    void controller.ask("submitAs", { username: name });
  };
  return (
    <form class="inginious-picker" onSubmit={choose}>
      <label for={id}>{t.username}</label>
      <input
        id={id}
        type="text"
        class="inginious-input"
        required
        maxLength={100}
        autocomplete="off"
        value={name}
        onInput={(event) => setName(event.currentTarget.value)}
      />
      <button type="submit" class="inginious-button">
        {t.submitAs}
      </button>
      <p class="inginious-muted">{t.submitAsHelp}</p>
    </form>
  );
}
