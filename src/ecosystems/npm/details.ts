import type { HttpClient } from "../../domain/ports.ts";
import type { ReleaseDetails } from "../../domain/types.ts";
import { isTable, tableOf, textOf, textsOf } from "../../text/data.ts";

/** npm runs them on installation, where scripts are allowed. */
const installScripts = ["preinstall", "install", "postinstall"];

/**
 * Asks for the document of one release, which is small. What a registry leaves out is not made up: a mirror may tell
 * neither publishers nor attestations. https://github.com/npm/registry/blob/main/docs/REGISTRY-API.md#getpackageversion
 */
export async function detailsOf(
  { name, registry }: { readonly name: string; readonly registry: string },
  version: string,
  http: HttpClient,
): Promise<ReleaseDetails | undefined> {
  const url = `${registry}${name.replace("/", "%2F")}/${version}`;
  return http.get(url, { accept: "application/json", cacheAs: "npm-details-1", read: readDetails });
}

function readDetails(body: Buffer): ReleaseDetails {
  const found: unknown = JSON.parse(body.toString("utf8"));
  if (!isTable(found)) throw new TypeError("it is no JSON object");
  const { license, scripts, engines, dist, _npmUser: user } = found;
  const publisher = textOf(tableOf(user)["name"]);
  const named = installScripts.filter((script) => typeof tableOf(scripts)[script] === "string");
  const licenseText = textOf(license) ?? textOf(tableOf(license)["type"]);
  return {
    ...(licenseText === undefined ? {} : { license: licenseText.slice(0, 100) }),
    ...(publisher === undefined ? {} : { publisher: publisher.slice(0, 100) }),
    isTrusted: isTable(tableOf(user)["trustedPublisher"]),
    installScripts: named.length === 0 && found["hasInstallScript"] === true ? ["install"] : named,
    hasProvenance: isTable(tableOf(tableOf(dist)["attestations"])["provenance"]),
    engines: textsOf(engines),
  };
}
