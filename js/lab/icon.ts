// The picture of the launcher card, the sidebar and the toolbar: a sheet with a tick.
import { LabIcon } from "@jupyterlab/ui-components";

const SVG = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" width="16">
  <g class="jp-icon3" style="fill: none" stroke="#616161" stroke-width="2" stroke-linecap="round" stroke-linejoin="round">
    <path d="M13 3H6.500A1.500 1.500 0 005 4.500v15A1.500 1.500 0 006.500 21h11a1.500 1.500 0 001.500-1.500V11"/>
    <path d="M9 12l3 3 8.500-9.500"/>
  </g>
</svg>`;

export const inginiousIcon = new LabIcon({ name: "inginious-nb:icon", svgstr: SVG });
