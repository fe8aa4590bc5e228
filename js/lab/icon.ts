// The pictures of the launcher cards, the sidebar and the toolbar: a sheet with what is done to it.
import { LabIcon } from "@jupyterlab/ui-components";

const SHEET =
  "M13 3H6.500A1.500 1.500 0 005 4.500v15A1.500 1.500 0 006.500 21h11a1.500 1.500 0 001.500-1.500V11";

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
  svgstr: svg(`<path d="${SHEET}"/><path d="M9 12l3 3 8.500-9.500"/>`),
});

/** Something that runs. */
export const demoIcon = new LabIcon({
  name: "inginious-nb:demo",
  svgstr: svg(`<path d="${SHEET}"/><path d="M10 9.500v7l5.500-3.500zM16 5.500h5M18.500 3v5"/>`),
});

/** A folder. */
export const courseIcon = new LabIcon({
  name: "inginious-nb:course",
  svgstr: svg(
    `<path d="M3 18V6a1.500 1.500 0 011.500-1.500H9l2 2.500h8.500A1.500 1.500 0 0121 8.500V18a1.500 1.500 0 01-1.500 1.500h-15A1.500 1.500 0 013 18z"/><path d="M8.500 13l2.500 2.500 5-5"/>`,
  ),
});
