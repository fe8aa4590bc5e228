// Where an element that scrolls has more than it shows, told as classes of its frame: not every
// system shows a scroll bar.
import { useLayoutEffect } from "preact/hooks";

/** Less than a pixel is left where a page is zoomed. */
const ROUNDING_PX = 1;

/**
 * Keep the classes of the element around a scroller true: `inginious-more-` and `start`, `end` or
 * `below`.
 *
 * @param scroller - What scrolls.
 * @param content - What its size depends on.
 */
export function useEdges(
  scroller: { readonly current: HTMLElement | null },
  content: readonly unknown[],
): void {
  useLayoutEffect(() => {
    const box = scroller.current;
    const frame = box?.parentElement;
    if (!box || !frame) return undefined;
    const look = () => {
      const before = Math.abs(box.scrollLeft); // negative where one reads from right to left
      const more = {
        start: before > ROUNDING_PX,
        end: box.scrollWidth - box.clientWidth - before > ROUNDING_PX,
        below: box.scrollHeight - box.clientHeight - box.scrollTop > ROUNDING_PX,
      };
      for (const [edge, is] of Object.entries(more)) {
        frame.classList.toggle(`inginious-more-${edge}`, is);
      }
      // No shadow over the scroll bars, where there are some.
      frame.style.setProperty("--bar-end", `${box.offsetWidth - box.clientWidth}px`);
      frame.style.setProperty("--bar-below", `${box.offsetHeight - box.clientHeight}px`);
    };
    look();
    box.addEventListener("scroll", look, { passive: true });
    const sizes = new ResizeObserver(look);
    sizes.observe(box);
    return () => {
      box.removeEventListener("scroll", look);
      sizes.disconnect();
    };
  }, content);
}
