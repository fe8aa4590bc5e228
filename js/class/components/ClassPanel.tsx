// The view of a class: what is being graded, the matrix, the tests, and answers side by side.
import { useEffect, useRef } from "preact/hooks";
import { useStore } from "../../state/store.ts";
import { Compare } from "./Compare.tsx";
import { useView } from "./context.ts";
import { Head } from "./Head.tsx";
import { Matrix } from "./Matrix.tsx";
import { TaskTests } from "./TaskTests.tsx";

/** The tests stand beside a matrix of so many columns. */
const FEW_TASKS = 2;

export function ClassPanel() {
  const view = useView();
  const state = useStore(view.state);
  const { projector, notice, gone } = useStore(view.eye);
  const root = useRef<HTMLElement>(null);
  const { c, code, say } = view.language;
  useFullScreen(root, projector, () => view.eye.update({ projector: false }));
  return (
    <section
      ref={root}
      class={`inginious inginious-class ${projector ? "inginious-projector" : ""}`}
      lang={code}
      aria-label={say(c.title, { name: state?.title ?? "" })}
    >
      {gone && <p class="inginious-notice inginious-notice-disconnected">{c.gone}</p>}
      {notice && !gone && (
        <p class="inginious-notice inginious-notice-error" role="alert">
          {notice}
        </p>
      )}
      {state ? (
        <>
          <Head />
          {state.students > 0 && (
            <>
              <div class={state.tasks.length <= FEW_TASKS ? "inginious-class-few" : ""}>
                <Matrix />
                <TaskTests />
              </div>
              <Compare />
            </>
          )}
        </>
      ) : (
        !notice && <p>{c.reading}</p>
      )}
    </section>
  );
}

/** The whole screen for a projector, where the page may have it; the key that leaves it ends both. */
function useFullScreen(
  root: { readonly current: HTMLElement | null },
  on: boolean,
  left: () => void,
): void {
  useEffect(() => {
    const element = root.current;
    if (!on || !element?.requestFullscreen) return undefined;
    let isFull = false;
    const changed = () => {
      if (document.fullscreenElement === element) isFull = true;
      else if (isFull) left();
    };
    document.addEventListener("fullscreenchange", changed);
    void element.requestFullscreen().catch(() => {}); // large in its place, then
    return () => {
      document.removeEventListener("fullscreenchange", changed);
      if (document.fullscreenElement === element) void document.exitFullscreen();
    };
  }, [on]);
}
