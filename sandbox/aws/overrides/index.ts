import type { Override } from "../received.ts";
import { runBackupJobs } from "./backup-jobs.ts";
import { changeBackupPlans } from "./backup-plans.ts";
import { proveCertificates } from "./certificates.ts";
import type { OverrideContext } from "./context.ts";
import { checkCustomerKeys } from "./customer-keys.ts";
import { deleteFileSystemPolicy } from "./file-system-policy.ts";
import { completeFleetInstances } from "./fleet-instances.ts";
import { registerAccessKeys } from "./iam-access-keys.ts";
import { correctHostedZones } from "./hosted-zones.ts";
import { listInstanceProfilesByPath } from "./iam-instance-profile-paths.ts";
import { hideTemplatesOwnTags } from "./launch-template-tags.ts";
import { rememberInstanceTypes } from "./instance-types.ts";
import { nameLoadBalancers } from "./load-balancer-names.ts";
import { checkLoadBalancerSubnets } from "./load-balancer-subnets.ts";
import { answerPricing } from "./pricing.ts";
import { keepBucketPolicies } from "./s3-bucket-policy.ts";
import { checkBucketOwner } from "./s3-bucket-owner.ts";
import { keepRuleDescriptions } from "./security-group-rules.ts";
import { answerNodeImageParameters } from "./ssm-node-images.ts";
import { answerSts } from "./sts.ts";

/** What moto lacks or gets wrong, one file per call or service; the first that answers wins. */
export function createOverrides(context: OverrideContext): Override[] {
  return [
    answerSts(context),
    registerAccessKeys(context),
    listInstanceProfilesByPath(context),
    answerNodeImageParameters(),
    deleteFileSystemPolicy(context),
    hideTemplatesOwnTags(context),
    keepRuleDescriptions(context),
    completeFleetInstances(context),
    checkCustomerKeys(context),
    rememberInstanceTypes(context),
    checkLoadBalancerSubnets(context),
    proveCertificates(context),
    nameLoadBalancers(context),
    correctHostedZones(context),
    answerPricing(),
    checkBucketOwner(),
    keepBucketPolicies(context),
    changeBackupPlans(context),
    runBackupJobs(context),
  ];
}
