// With collaboration a path of JupyterLab begins with the name of its drive, which the server does not
// know.
import type { Contents } from "@jupyterlab/services";

/** The path of JupyterLab for one of the server, on the drive that another path is on. */
export function pathOnDrive(contents: Contents.IManager, other: string, path: string): string {
  const drive = contents.driveName(other);
  return drive ? `${drive}:${path}` : path;
}
