// Whether what would be sent is in sight: only then is the kernel asked about it.
import { useEffect, useState } from "preact/hooks";
import { useApp } from "./context.ts";

/** The `ref` of an element that shows what would be sent, or depends on it. */
export function useLook(): (element: Element | null) => void {
  const { controller } = useApp();
  const [element, setElement] = useState<Element | null>(null);
  useEffect(() => {
    if (!element) return undefined;
    let end: (() => void) | null = null;
    const observer = new IntersectionObserver((entries) => {
      const inSight = entries.at(-1)?.isIntersecting ?? false;
      if (inSight) end ??= controller.look();
      else {
        end?.();
        end = null;
      }
    });
    observer.observe(element);
    return () => {
      observer.disconnect();
      end?.();
    };
  }, [controller, element]);
  return setElement;
}
