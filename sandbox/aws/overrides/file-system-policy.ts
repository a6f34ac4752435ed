import type { Override } from "../received.ts";
import type { OverrideContext } from "./context.ts";

/** moto can't delete a file system's policy; an empty one it takes for none. */
export function deleteFileSystemPolicy({ moto }: OverrideContext): Override {
  return async (request) => {
    const isMeant =
      request.service === "elasticfilesystem" &&
      request.method === "DELETE" &&
      /^\/2015-02-01\/file-systems\/[^/]+\/policy$/.test(request.path);
    if (!isMeant) return undefined;
    const headers = { ...request.headers, "content-type": "application/json" };
    const response = await moto.forward({ ...request, method: "PUT", headers }, JSON.stringify({ Policy: "" }));
    return response.status < 300 ? { status: 200, headers: {}, body: "" } : response;
  };
}
