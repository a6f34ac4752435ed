import type { AssociateAccessPolicyRequest } from "@aws-sdk/client-eks";
import { findEntry } from "./access-entries.ts";
import { associatePolicy, fadeAccessEntry } from "./access-entry-records.ts";
import { accessPolicies, autoNodePolicy } from "./access-policy-catalog.ts";
import type { EksContext } from "./context.ts";
import { invalidParameter, invalidRequest, notFound } from "./errors.ts";
import { pageOf, paginate, param, required } from "./router.ts";
import type { Call, Operation } from "./router.ts";

export function accessPolicyOperations(context: EksContext): Operation[] {
  return [
    {
      name: "AssociateAccessPolicy",
      method: "POST",
      path: "/clusters/{name}/access-entries/{principalArn}/access-policies",
      run: (call) => associate(context, call),
    },
    {
      name: "DisassociateAccessPolicy",
      method: "DELETE",
      path: "/clusters/{name}/access-entries/{principalArn}/access-policies/{policyArn}",
      run: (call) => {
        const { record, entry } = findEntry(context, call);
        const policyArn = param(call, "policyArn");
        const kept = entry.policies.filter(({ shape }) => shape.policyArn !== policyArn);
        if (kept.length === entry.policies.length) {
          throw notFound("The specified access policy is not associated with the access entry.");
        }
        fadeAccessEntry(context, record, entry);
        entry.policies = kept;
        context.store.save(record);
        return {};
      },
    },
    {
      name: "ListAssociatedAccessPolicies",
      method: "GET",
      path: "/clusters/{name}/access-entries/{principalArn}/access-policies",
      run: (call) => {
        const { entry } = findEntry(context, call);
        const { items, ...rest } = paginate(entry.policies, pageOf(call));
        return {
          clusterName: entry.shape.clusterName,
          principalArn: entry.shape.principalArn,
          associatedAccessPolicies: items.map(({ shape }) => shape),
          ...rest,
        };
      },
    },
    {
      name: "ListAccessPolicies",
      method: "GET",
      path: "/access-policies",
      run: (call) => {
        const { items, ...rest } = paginate(accessPolicies(), pageOf(call));
        return { accessPolicies: items, ...rest };
      },
    },
  ];
}

function associate(context: EksContext, call: Call): object {
  const { record, entry } = findEntry(context, call);
  const body = call.body as Partial<AssociateAccessPolicyRequest>;
  const policyArn = required(body.policyArn, "policyArn");
  const { type, namespaces = [] } = required(body.accessScope, "accessScope");
  if (!accessPolicies().some(({ arn }) => arn === policyArn)) {
    throw invalidParameter("The policyArn parameter format is not valid");
  }
  const fitsType = entry.shape.type === "EC2" ? policyArn === autoNodePolicy : entry.shape.type === "STANDARD";
  if (!fitsType) {
    throw invalidRequest(`Access policies cannot be associated with access entries of type ${entry.shape.type}.`);
  }
  if (type === "namespace" && namespaces.length === 0) {
    throw invalidParameter("The namespaces field is required when the access scope type is namespace");
  }
  if (type !== "namespace" && namespaces.length > 0) {
    throw invalidParameter("The namespaces field must not be specified when the access scope type is cluster");
  }
  const associatedAccessPolicy = associatePolicy(context, entry, policyArn, {
    type: required(type, "type"),
    namespaces,
  });
  context.store.save(record);
  return {
    clusterName: entry.shape.clusterName,
    principalArn: entry.shape.principalArn,
    associatedAccessPolicy,
  };
}
