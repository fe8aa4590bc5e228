// A part that is folded away. What is in it is made when somebody opens it: most never do.
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";

interface Props {
  title: ComponentChildren;
  children: ComponentChildren;
}

export function Fold({ title, children }: Props) {
  const [opened, setOpened] = useState(false);
  return (
    <details
      class="inginious-fold"
      onToggle={(event) => event.currentTarget.open && setOpened(true)}
    >
      <summary>{title}</summary>
      {opened && children}
    </details>
  );
}
