// Words where there is room, and fewer where there is not.

export function ByWidth({ wide, narrow }: { wide: string; narrow: string }) {
  if (wide === narrow) return wide;
  return (
    <>
      <span class="inginious-wide">{wide}</span>
      <span class="inginious-narrow">{narrow}</span>
    </>
  );
}
