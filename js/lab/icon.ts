// The pictures of the launcher cards, the sidebar and the toolbar: a sheet with what is done to it.
import { LabIcon } from "@jupyterlab/ui-components";

const SHEET = "M13 3H6.5A1.5 1.5 0 005 4.5v15A1.5 1.5 0 006.5 21h11a1.5 1.5 0 001.5-1.5V11";

const svg = (
  drawing: string,
) => `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" width="16">
  <g class="jp-icon3" style="fill: none" stroke="#616161" stroke-width="2" stroke-linecap="round" stroke-linejoin="round">
    ${drawing}
  </g>
</svg>`;

/** A tick. */
export const inginiousIcon = new LabIcon({
  name: "inginious-nb:icon",
  svgstr: svg(`<path d="${SHEET}"/><path d="M9 12l3 3 8.5-9.5"/>`),
});

/** Something that runs. */
export const demoIcon = new LabIcon({
  name: "inginious-nb:demo",
  svgstr: svg(`<path d="${SHEET}"/><path d="M10 9.5v7l5.5-3.5zM16 5.5h5M18.5 3v5"/>`),
});

/** A folder. */
export const courseIcon = new LabIcon({
  name: "inginious-nb:course",
  svgstr: svg(
    `<path d="M3 18V6a1.5 1.5 0 011.5-1.5H9l2 2.5h8.5A1.5 1.5 0 0121 8.5V18a1.5 1.5 0 01-1.5 1.5h-15A1.5 1.5 0 013 18z"/><path d="M8.5 13l2.5 2.5 5-5"/>`,
  ),
});
