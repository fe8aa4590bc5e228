// Small pictures drawn with strokes, in the colour of the text around them. Always beside a word.
import { ownValue } from "../own_value.ts";

const PATHS = {
  success: "M3 8.5l3.2 3.2L13 5",
  failed: "M4 4l8 8M12 4l-8 8",
  killed: "M4.5 4.5h7v7h-7z",
  crash: "M9 1.5L4 9h3.5L6.5 14.5 12 7H8.5z",
  overflow: "M2 12.5h12M4 10V7M8 10V3M12 10V5",
  timeout: "M8 2a6 6 0 100 12A6 6 0 108 2M8 4.5V8l2.5 1.8",
  error: "M8 2a6 6 0 100 12A6 6 0 108 2M8 5v3.5M8 11v.2",
  jump: "M3 8h9M8.5 4.5L12 8l-3.5 3.5",
  changed: "M3 13l.8-3.2L10.500 3.100l2.400 2.400L6.200 12.200z",
  disconnected: "M12.5 10A5.5 5.5 0 016 3.5 5.5 5.5 0 1012.500 10z",
  download: "M8 2v8M4.500 7L8 10.500 11.500 7M3 13.500h10",
};

export function Icon({ name }: { name: string }) {
  return (
    <svg class="inginious-icon" viewBox="0 0 16 16" aria-hidden="true" focusable="false">
      <path d={ownValue(PATHS, name) ?? PATHS.error} />
    </svg>
  );
}
