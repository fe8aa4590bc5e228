// A control that has the focus stays until the focus leaves: whoever works by keyboard or listens to
// a screen reader would else be thrown back to the beginning of the page.
import { useState } from "preact/hooks";

/** Whether the focus is in an element, and the handlers that the element needs for it. */
export function useFocusWithin(): [boolean, { onFocusIn: () => void; onFocusOut: () => void }] {
  const [held, setHeld] = useState(false);
  return [held, { onFocusIn: () => setHeld(true), onFocusOut: () => setHeld(false) }];
}
