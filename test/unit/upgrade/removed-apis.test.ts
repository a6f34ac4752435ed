import { expect, test } from "vitest";
import { parseRemovedApis } from "../../../src/upgrade/removed-apis.ts";

// As kube-apiserver 1.31 writes it.
const metrics = `# HELP apiserver_requested_deprecated_apis [STABLE] Gauge of deprecated APIs that have been requested
# TYPE apiserver_requested_deprecated_apis gauge
apiserver_requested_deprecated_apis{group="",removed_release="",resource="componentstatuses",subresource="",version="v1"} 1
apiserver_requested_deprecated_apis{group="flowcontrol.apiserver.k8s.io",removed_release="1.32",resource="flowschemas",subresource="",version="v1beta3"} 1
apiserver_requested_deprecated_apis{group="flowcontrol.apiserver.k8s.io",removed_release="1.32",resource="prioritylevelconfigurations",subresource="status",version="v1beta3"} 0
apiserver_requested_deprecated_apis{group="example.io",removed_release="1.40",resource="things",subresource="",version="v1"} 1
apiserver_request_total{code="200",group="flowcontrol.apiserver.k8s.io",resource="flowschemas"} 12
`;

test("tells APIs that are used and gone by then, and no others", () => {
  expect(parseRemovedApis(metrics, "1.32")).toEqual([
    { resource: "flowschemas", apiVersion: "flowcontrol.apiserver.k8s.io/v1beta3", removedIn: "1.32" },
  ]);
  expect(parseRemovedApis(metrics, "1.31")).toEqual([]);
  expect(parseRemovedApis(metrics, "1.40")).toHaveLength(2);
  expect(parseRemovedApis("", "1.36")).toEqual([]);
});
