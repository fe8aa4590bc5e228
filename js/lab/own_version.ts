// The version of this page's code, as lab/served_version.py tells that of the server: with the build.
import { PageConfig } from "@jupyterlab/coreutils";
import { name, version } from "../../package.json";

interface Loaded {
  name: string;
  load: string;
}

/** Whether they are the same, as far as both tell. */
export function isSameVersion(one: string, other: string): boolean {
  const [version, build] = one.split("+");
  const [otherVersion, otherBuild] = other.split("+");
  return version === otherVersion && (!build || !otherBuild || build === otherBuild);
}

export function ownVersion(): string {
  const loaded: Loaded[] = JSON.parse(PageConfig.getOption("federated_extensions") || "[]");
  const build = loaded.find((extension) => extension.name === name)?.load.match(/\.([\da-f]{8})/);
  return build ? `${version}+${build[1]}` : version;
}
